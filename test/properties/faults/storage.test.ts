import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { prime } from '../../../functions/core/lambda/prime.ts';
import { start as startFrom } from '../../../functions/core/lambda/start.ts';
import { item, type Wire, wires } from '../../admin/support.ts';
import { capturedOutput } from '../../support/output.ts';
import type { StoredWorld as World } from '../../support/world.ts';
import { expectUnknown, type Faulty, refresh, settled, start, test } from './lambda.ts';
import { delay, error, type Fault, fault, faults } from './proxy.ts';

const effort = Number(process.env.EFFORT ?? 1);

/** A contract whose refresh writes, and one whose refresh reads: to storage, `s360` is `eos`. */
const kinds = wires.filter(({ name }) => name !== 's360');

/** Three is every try that the SDK makes. */
const all = 3;

// Up to twice more, since a busy machine is a fault beside the one that is meant.
describe.concurrent('a refresh, its storage behind a wire that fails', { retry: 2 }, () => {
  const mixture = fc.array(fc.constantFrom(...faults), { minLength: 2, maxLength: all });

  test.for(
    [
      ...faults.map((one) => [one, one, one]),
      ...faults.filter(({ retried }) => retried).map((one) => [one]),
      ...fc.sample(mixture, 4 * effort),
      [{ what: 'an answer that is slow', retried: true, happens: delay }],
    ].map((met) => ({ met, what: met.map(({ what }) => what).join(', ') })),
  )('survives $what', async ({ met }, { world, faulty }) => {
    await Promise.all(kinds.map((wire) => survive(world, faulty, wire, met)));
  });
});

test.for(['ValidationException', 'SerializationException'])(
  'a refresh that storage answers with %s is a failure of ours',
  async (name, { world, faulty: { env, proxy } }) => {
    for (const wire of kinds) {
      const sessionId = randomUUID();
      const held = await world.open(wire.contract, { sessionId });
      proxy.plan(sessionId, () => error(name, 'com.amazon.coral'));
      const answer = await refresh(start(wire, env), held);
      expect(answer).toMatchObject(wire.contract.refuse('failed', answer.id));
    }
  },
);

/** A living and a revoked session in one warm Lambda, through the fault and after it. */
async function survive(
  world: World,
  { env, proxy }: Faulty,
  wire: Wire,
  met: readonly Fault[],
): Promise<void> {
  const { contract } = wire;
  const started = start(wire, env);
  const spared = met.length < all && met.every(({ retried }) => retried);
  const revoked = contract.refuse('revoked', '').status;
  const through = async (due: number) => {
    const lane = randomUUID();
    const held = await world.open(contract, { sessionId: lane });
    if (due === revoked) await world.run('revoke', { contract: contract.name, sessionId: lane });
    const before = await item(world, contract.name, lane);

    proxy.plan(lane, (nth) => met[nth]?.happens);
    const answer = await refresh(started, held);
    const seen = proxy.seen(lane);
    expect(seen).toBeLessThanOrEqual(all);
    // On a busy machine a try that meets no fault can time out as well.
    const isBusy = seen > met.length + 1 && answer.status !== due;
    if (spared && !isBusy) expect(answer.status).toBe(due);
    else expectUnknown(wire, answer);

    proxy.heal(lane);
    expect((await settled(started, held)).status).toBe(due);
    const moves = due === 200 && typeof contract.policy.idle === 'number';
    const after = await item(world, contract.name, lane);
    const { refreshedAt, idleUntil } = (moves ? after : before) ?? {};
    expect(after).toEqual({ ...before, refreshedAt, idleUntil });
    if (moves) expect(Number(refreshedAt?.N)).toBeGreaterThan(Number(before?.refreshedAt?.N));
  };
  await Promise.all([200, revoked].map(through));
  // Every request has a record of what became of it, and none of a bug.
  const known = ['refreshed', 'revoked', 'unavailable', 'timed-out'];
  expect(started.records.length).toBeGreaterThanOrEqual(4);
  for (const { outcome } of started.records) expect(known).toContain(outcome);
}

describe('priming', () => {
  const [eos] = kinds as [Wire];

  test.for(
    wires.flatMap((wire) => {
      const { policy, rotates } = wire.contract;
      const own = { name: wire.name, wire, policy, how: 'its own policy' };
      const rotating = { ...own, policy: { ...policy, rotation: { grace: 10 } }, how: 'rotation' };
      return rotates ? [own, rotating] : [own];
    }),
  )(
    'of $name grants a refresh by one storage request, and leaves no trace: $how',
    async ({ wire, policy }, { world, faulty: { proxy, env } }) => {
      const { services, records } = start(wire, env, { policy });
      const output = capturedOutput();
      proxy.plan('#priming', () => undefined);
      const primed = { primed: true, primedMs: expect.any(Number) };
      expect(await prime(wire.contract, services)).toEqual(primed);
      expect(proxy.seen('#priming')).toBe(1);
      expect(await item(world, wire.contract.name, '#priming')).toBeUndefined();
      expect([records, output.lines()]).toEqual([[], []]);
      proxy.heal('#priming');
    },
  );

  const outages = [fault('a request that is never answered'), fault('a request that is lost')];
  test.for([{ what: 'no fault', happens: undefined }, ...outages])(
    'fails no start, and is told on the line of the first request alone: $what',
    async ({ happens }, { world, faulty: { proxy, env } }) => {
      const refreshed = async (wire: Wire) => {
        const sessionId = randomUUID();
        const held = await world.open(wire.contract, { sessionId });
        for (const lane of ['#priming', sessionId]) proxy.plan(lane, () => happens);
        const priming = await prime(wire.contract, start(wire, env).services);
        const started = start(wire, env, { priming });
        if (happens) expectUnknown(wire, await refresh(started, held));
        proxy.heal(sessionId);
        for (const _ of [1, 2]) expect((await settled(started, held)).status).toBe(200);
        const [first, ...others] = started.records;
        expect(first).toMatchObject({ coldStart: true, primed: !happens });
        if (!happens) expect(first).toMatchObject({ storageRequests: 1 });
        for (const other of others) expect(other).not.toHaveProperty('primed');
      };
      await Promise.all(kinds.map(refreshed));
      proxy.heal('#priming');
    },
  );

  const bug = () => {
    throw new TypeError('a bug');
  };
  const table = { update: bug, put: bug, get: bug, bySubject: bug };

  test.for([
    { what: 'keys cannot be read', broken: { keys: () => Promise.reject(new Error('no')) } },
    { what: 'keys never come', broken: { keys: () => new Promise<never>(() => undefined) } },
    { what: 'the table throws', broken: { table } },
  ])('fails no start where $what', async ({ broken }, { faulty }) => {
    const { services } = start(eos, faulty.env, broken);
    expect(await prime(eos.contract, services)).toMatchObject({ primed: false });
  });

  test('asks storage for nothing unless PRIME is on', async ({ faulty: { proxy, env } }) => {
    for (const PRIME of ['off', undefined, 'on']) {
      proxy.plan('#priming', () => undefined);
      await startFrom(eos.contract, { ...env, PRIME });
      expect(proxy.seen('#priming')).toBe(PRIME === 'on' ? 1 : 0);
    }
  });
});
