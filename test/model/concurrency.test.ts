import fc from 'fast-check';
import { expect } from 'vitest';
import type { Contract } from '../../functions/core/edge/contract.ts';
import { eos } from '../../functions/eos/contract.ts';
import { spoken } from '../session/clients.ts';
import { onBothEngines, type World } from '../support/world.ts';
import type { Act } from './done.ts';
import { type Line, play } from './parallel.ts';

const effort = Number(process.env.EFFORT ?? 1);
const limit = { timeout: 60_000 * effort };

const mine = { subject: 'p', secret: 'x' };
const theirs = { subject: 'q', secret: 'y' };
const opened: Act = { do: 'open', by: mine };
const anonymous: Act = { do: 'open' };
const refresh: Act = { do: 'refresh', secret: 'x' };
const revoke: Act = { do: 'revoke' };
const revokeAll: Act = { do: 'revoke-all', subject: 'p' };
const login = (by = mine): Act => ({ do: 'login', by });

const races: readonly {
  readonly what: string;
  readonly of: readonly Contract[];
  readonly first: readonly Act[];
  readonly acts: readonly (readonly Act[])[];
}[] = [
  { what: 'refresh and refresh', of: spoken, first: [opened], acts: Array(5).fill([refresh]) },
  {
    what: 'refresh and revoke',
    of: spoken,
    first: [opened],
    acts: [[refresh], [refresh], [revoke, refresh], [refresh, refresh]],
  },
  {
    what: 'revoke and revoke',
    of: spoken,
    first: [opened],
    acts: [[revoke], [revoke, refresh], [revoke]],
  },
  {
    what: 'refresh and login',
    of: [eos],
    first: [anonymous],
    acts: [[refresh, refresh], [login()], [refresh], [refresh]],
  },
  {
    what: 'login and login',
    of: [eos],
    first: [anonymous],
    acts: [[login(), refresh], [login(theirs), { do: 'refresh', secret: 'y' }], [login()]],
  },
  { what: 'login and revoke', of: [eos], first: [anonymous], acts: [[login(), refresh], [revoke]] },
  {
    what: 'open and open',
    of: spoken,
    first: [],
    acts: [
      [opened, refresh],
      [
        { do: 'open', by: theirs },
        { do: 'refresh', secret: 'y' },
      ],
      [opened],
    ],
  },
  {
    what: 'revoke-all and open',
    of: spoken,
    first: [],
    acts: [[opened, refresh], [revokeAll, refresh], [refresh]],
  },
];

const cases = races.flatMap(({ of, ...race }) => of.map((contract) => ({ ...race, contract })));

onBothEngines('sessions of which many ask at once', (test) => {
  test.for(cases)(
    'answer $what as if one came after the other: $contract.name',
    limit,
    async ({ contract, first, acts }, { world }) => {
      const orders = fc.sample(linesOf(acts), 12 * effort);
      // A few ids at once, so that the engine has other things to do between two of one id.
      for (let at = 0; at < orders.length; at += 4)
        await Promise.all(
          orders
            .slice(at, at + 4)
            .map((lines, nth) => expectOrder(world, contract, `race-${at + nth}`, first, lines)),
        );
    },
  );

  test('answer anything as if one came after the other', limit, async ({ world }) => {
    let nth = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...spoken), anyLines, async (contract, lines) => {
        const acts = lines.map((line) => ({ ...line, acts: line.acts.filter(fitFor(contract)) }));
        await expectOrder(world, contract, `any-${nth++}`, [], acts);
      }),
      { numRuns: 60 * effort },
    );
  });
});

/** Clocks of Lambdas are never quite the same. */
const skew = fc.constantFrom(0, 0, 1, 60, -30);

/** The lines in any order, on any clocks. */
function linesOf(acts: readonly (readonly Act[])[]): fc.Arbitrary<Line[]> {
  const shuffled = fc.shuffledSubarray([...acts], { minLength: acts.length });
  const skews = fc.array(skew, { minLength: acts.length, maxLength: acts.length });
  return fc
    .tuple(shuffled, skews)
    .map(([all, offs]) => all.map((one, at) => ({ skew: offs[at] ?? 0, acts: one })));
}

const people = fc.constantFrom(mine, theirs);
const anyAct: fc.Arbitrary<Act> = fc.oneof(
  people.map((by): Act => ({ do: 'open', by })),
  fc.constant(anonymous),
  people.map((by): Act => login(by)),
  fc.constantFrom('x', 'y').map((secret): Act => ({ do: 'refresh', secret })),
  fc.constantFrom('x', 'y').map((secret): Act => ({ do: 'refresh', secret })),
  fc.constantFrom(revoke, revokeAll),
);
const anyLines: fc.Arbitrary<Line[]> = fc.array(
  fc.record({ skew, acts: fc.array(anyAct, { minLength: 1, maxLength: 3 }) }),
  { minLength: 2, maxLength: 4 },
);

/** Only `eos` has anonymous sessions; elsewhere the command is invalid, and no race. */
function fitFor({ opening }: Contract) {
  return (act: Act) => opening.anonymous || act.do !== 'open' || act.by !== undefined;
}

async function expectOrder(
  world: World,
  contract: Contract,
  id: string,
  ...[first, lines]: Played
) {
  const before = [{ skew: 0, acts: first }];
  const { fits, history } = await play(world, contract, id, before, lines);
  expect(fits, JSON.stringify(history, null, 1)).toBe(true);
}

type Played = readonly [first: readonly Act[], lines: readonly Line[]];
