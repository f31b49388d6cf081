import fc from 'fast-check';
import { expect } from 'vitest';
import type { Contract } from '../../functions/core/edge/contract.ts';
import { spoken } from '../session/clients.ts';
import { onBothEngines, type World } from '../support/world.ts';
import type { Act } from './done.ts';
import { type Line, play } from './parallel.ts';

const effort = Number(process.env.EFFORT ?? 1);
const limit = { timeout: 60_000 * effort };

const opened: Act = { do: 'open', by: { subject: 'p', secret: 'x' } };
/** By the newest secret that the line holds, by one that was before it, by the first of all. */
const refresh: Act = { do: 'refresh', back: 0 };
const late: Act = { do: 'refresh', back: 1 };
const first: Act = { do: 'refresh', secret: 'x' };
const revoke: Act = { do: 'revoke' };
const revokeAll: Act = { do: 'revoke-all', subject: 'p' };

const rotation = { grace: 60 };
/** A session as it was opened; whose secret was just replaced; whose first secret is long replaced. */
const fresh: Line = { skew: -200, rotation, acts: [opened] };
const replaced: readonly Line[] = [fresh, { skew: 0, rotation, acts: [refresh] }];
const old: readonly Line[] = [
  { skew: -200, rotation, acts: [opened, refresh] },
  { skew: -100, rotation, acts: [refresh] },
];

const races = [
  { what: 'refresh and refresh', before: [fresh], acts: Array(5).fill([refresh, refresh]) },
  {
    what: 'refresh and late refresh',
    before: replaced,
    acts: Array(4).fill([late, refresh, late]),
  },
  {
    what: 'refresh and revoke',
    before: [fresh],
    acts: [[refresh, refresh], [refresh], [revoke, refresh], [late, refresh]],
  },
  {
    what: 'theft and refresh',
    before: old,
    acts: [[first, refresh], [refresh, refresh], [refresh]],
  },
  { what: 'theft and theft', before: old, acts: [[first, refresh], [first], [first], [refresh]] },
  {
    what: 'theft and revoke',
    before: old,
    acts: [[first], [revoke], [revokeAll, first], [refresh]],
  },
] satisfies readonly { what: string; before: readonly Line[]; acts: readonly Act[][] }[];

const rotating = spoken.filter(({ rotates }) => rotates);
const cases = races.flatMap((race) => rotating.map((contract) => ({ ...race, contract })));

/** Clocks of Lambdas are never quite the same, nor do all know a new policy at once. */
const skew = fc.constantFrom(0, 0, 1, 61, -30);
const known = fc.constantFrom<NonNullable<Line['rotation']>>(rotation, { grace: 30 }, 'fixed');

onBothEngines('secrets that many replace at once', (test) => {
  test.for(cases)(
    'are answered as if one came after the other, $what: $contract.name',
    limit,
    async ({ contract, before, acts }, { world }) => {
      const skews = fc.array(skew, { minLength: acts.length, maxLength: acts.length });
      const orders = fc.sample(
        fc.tuple(fc.shuffledSubarray(acts, { minLength: acts.length }), skews),
        8 * effort,
      );
      for (const [nth, [all, offs]] of orders.entries()) {
        const lines = all.map((one, at) => ({ skew: offs[at] ?? 0, rotation, acts: one }));
        await expectOrder(world, contract, `race-${nth}`, before, lines);
      }
    },
  );

  test('are so while Lambdas of several policies and clocks answer', limit, async ({ world }) => {
    let nth = 0;
    const act = fc.constantFrom(refresh, refresh, refresh, late, first, revoke);
    const acts = fc.array(act, { minLength: 1, maxLength: 3 });
    const line: fc.Arbitrary<Line> = fc.record({ skew, rotation: known, acts });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...rotating),
        fc.constantFrom([fresh], replaced, old),
        fc.array(line, { minLength: 2, maxLength: 4 }),
        (contract, before, lines) => expectOrder(world, contract, `any-${nth++}`, before, lines),
      ),
      { numRuns: 50 * effort },
    );
  });
});

async function expectOrder(
  world: World,
  contract: Contract,
  id: string,
  before: readonly Line[],
  lines: readonly Line[],
) {
  const { fits, history } = await play(world, contract, id, before, lines);
  expect(fits, JSON.stringify(history, null, 1)).toBe(true);
}
