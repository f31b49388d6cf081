import fc from 'fast-check';
import { expect } from 'vitest';
import { type EpochSeconds, later } from '../../functions/core/time.ts';
import {
  grace,
  type RotatingClient,
  refresh,
  refreshed,
  rotate,
  rotatingClients,
} from '../support/rotating.ts';
import { type Held, noon, onBothEngines, type World } from '../support/world.ts';

const effort = Number(process.env.EFFORT ?? 1);
const limit = { timeout: 60_000 * effort };

/** Who refreshes next, and how many seconds after the one before. */
interface Turn {
  readonly who: 'victim' | 'thief';
  readonly wait: number;
}

const turns: fc.Arbitrary<Turn[]> = fc.array(
  fc.record({
    who: fc.constantFrom('victim', 'thief'),
    wait: fc.oneof(fc.nat({ max: 2 * grace }), fc.constantFrom(0, grace - 1, grace, grace + 1)),
  }),
  { minLength: 5, maxLength: 12 },
);

/** A history for each end that there is, since chance may leave one out. */
const examples: [number, Turn[]][] = [
  [0, [turn('victim', 0), turn('thief', 0)]],
  [0, [turn('victim', 0), turn('victim', grace), turn('thief', grace)]],
  [0, [turn('thief', 0), turn('thief', grace), turn('victim', grace)]],
];

function turn(who: Turn['who'], wait: number): Turn {
  return { who, wait };
}

onBothEngines('a thief and the victim, both active', (test) => {
  test.for(rotatingClients)(
    'leave the session dead at the first use, by either, of a secret out of its grace: $what',
    limit,
    async (client, { world }) => {
      const caught = { victim: 0, thief: 0, nobody: 0 };
      await fc.assert(
        fc.asyncProperty(fc.nat({ max: 3 }), turns, async (before, played) => {
          caught[await rob(world, client, before, played)] += 1;
        }),
        { numRuns: 30 * effort, examples },
      );
      // Nothing was proved of an end that no run came to.
      for (const times of Object.values(caught)) expect(times).toBeGreaterThan(0);
    },
  );

  test.for(
    rotatingClients.flatMap((client) => [
      { ...client, first: 'the thief', late: 'the victim' },
      { ...client, first: 'the victim', late: 'the thief' },
    ]),
  )('end by the use of $late where $first was first: $what', async (client, { world }) => {
    rotate(world, client.contract);
    const copied = await world.open(client.contract);
    const newer = await refreshed(world, client, copied);
    world.now = later(noon, grace);
    const newest = await refreshed(world, client, newer);
    expect(await refresh(world, client, copied)).toMatchObject(client.invalid);
    for (const held of [newest, newer, copied])
      expect(await refresh(world, client, held)).toMatchObject(client.revoked);
  });
});

/** A theft after some refreshes, and who was caught with a secret out of its grace. */
async function rob(
  world: World,
  client: RotatingClient,
  before: number,
  played: readonly Turn[],
): Promise<'victim' | 'thief' | 'nobody'> {
  const { contract } = client;
  rotate(world, contract);
  world.now = noon;
  let mine = await world.open(contract);
  for (let turn = 0; turn < before; turn += 1) {
    mine = await refreshed(world, client, mine);
    world.now = later(world.now, grace);
  }
  const held: Record<Turn['who'], Held> = { victim: mine, thief: mine };
  let current = client.secretOf(mine);
  const replacedAt = new Map<string, EpochSeconds>();

  for (const { who, wait } of played) {
    world.now = later(world.now, wait);
    const secret = client.secretOf(held[who]);
    const since = replacedAt.get(secret);
    const answer = await refresh(world, client, held[who]);
    if (since !== undefined && since + grace <= world.now) {
      expect(answer).toMatchObject(client.invalid);
      const row = await world.row(contract, mine.sessionId);
      expect(row?.revokedAt).toBe(world.now);
      for (const any of [held.victim, held.thief])
        expect(await refresh(world, client, any)).toMatchObject(client.revoked);
      return who;
    }
    expect(answer.status).toBe(200);
    held[who] = client.next(held[who], answer);
    const given = client.secretOf(held[who]);
    if (given === current) continue;
    replacedAt.set(current, world.now);
    current = given;
  }
  expect(await world.row(contract, mine.sessionId)).not.toHaveProperty('revokedAt');
  return 'nobody';
}
