import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import type { RequestRecord } from '../../../functions/core/lambda/record.ts';
import { item, type Wire, wires } from '../../admin/support.ts';
import type { StoredWorld as World } from '../../support/world.ts';
import { answers, delay, type Fault, faults } from './faults.ts';
import { expectUnknown, type Faulty, refresh, rowAfter, settled, start, test } from './lambda.ts';

/** A contract whose refresh writes, and one whose refresh reads: to storage, `s360` is `eos`. */
const kinds = wires.filter(({ name }) => name !== 's360');

/** Three is every try that the SDK makes. */
const all = 3;

const effort = Number(process.env.EFFORT ?? 1);

const cases = faults.flatMap((fault) => [1, all].map((tries) => ({ fault, tries })));

// Once more, since a busy machine is a fault beside the one that is meant.
describe.concurrent('a refresh, its storage behind a wire that fails', { retry: 1 }, () => {
  test.for(cases)(
    'survives $fault.what, on $tries of 3 tries',
    async ({ fault, tries }, { world, faulty }) => {
      const met = Array<Fault>(tries).fill(fault);
      await Promise.all(kinds.map((wire) => survive(world, faulty, wire, met)));
      expect(faulty.unhandled).toEqual([]);
    },
  );

  test('survives any mixture of them', { timeout: 60_000 * effort }, async ({ world, faulty }) => {
    const mixture = fc.array(fc.constantFrom(...faults), { minLength: 2, maxLength: all });
    await fc.assert(
      fc.asyncProperty(mixture, async (met) => {
        await Promise.all(kinds.map((wire) => survive(world, faulty, wire, met)));
        expect(faulty.unhandled).toEqual([]);
      }),
      { numRuns: 6 * effort },
    );
  });

  test.for([
    { what: 'nothing', body: '{}' },
    { what: 'no text', body: '' },
    { what: 'no object', body: 'null' },
    { what: 'an empty row', body: '{"Attributes":{}}' },
  ])(
    'does not take an answer that holds $what for a session',
    async ({ body }, { world, faulty }) => {
      const fault = { what: '', retried: false, happens: answers(200, body) };
      await Promise.all(kinds.map((wire) => survive(world, faulty, wire, [fault])));
    },
  );

  test('waits for a wire that is slow', async ({ world, faulty }) => {
    await Promise.all(
      kinds.map(async (wire) => {
        const sessionId = randomUUID();
        const held = await world.open(wire.contract, { sessionId });
        const started = start(wire, faulty.env);
        faulty.proxy.plan(sessionId, () => delay);
        expect((await refresh(started, held)).status).toBe(200);
      }),
    );
  });
});

/** The life of one session in one warm Lambda: through the fault, after it, and logged out in it. */
async function survive(
  world: World,
  { env, proxy }: Faulty,
  wire: Wire,
  met: readonly Fault[],
): Promise<void> {
  const { contract, loggedOut } = wire;
  const sessionId = randomUUID();
  const held = await world.open(contract, { sessionId });
  const before = await item(world, contract.name, sessionId);
  const started = start(wire, env);
  const unseen = met.length < all && met.every(({ retried }) => retried);

  proxy.plan(sessionId, (nth) => met[nth]?.happens);
  const answer = await refresh(started, held);
  if (unseen) expect(answer.status).toBe(200);
  else expectUnknown(wire, answer);
  expect(proxy.seen(sessionId)).toBeLessThanOrEqual(all);
  await rowAfter(world, wire, held, before);

  proxy.heal(sessionId);
  expect((await settled(started, held)).status).toBe(200);
  const moves = typeof contract.policy.idle === 'number';
  expect(await rowAfter(world, wire, held, before)).toBe(moves ? 'refreshed' : 'as before');

  const { outcome } = await world.run('revoke', { contract: contract.name, sessionId });
  expect(outcome).toBe('done');
  proxy.plan(sessionId, (nth) => met[nth]?.happens);
  const revoked = await refresh(started, held);
  if (unseen) expect(revoked.status).toBe(loggedOut[0]);
  else expectUnknown(wire, revoked);
  proxy.heal(sessionId);
  expect((await settled(started, held)).status).toBe(loggedOut[0]);

  expectTelling(started.records);
}

/** Whether every request has a record of what became of it, and none of a bug. */
function expectTelling(records: readonly RequestRecord[]): void {
  const known = ['refreshed', 'revoked', 'unavailable', 'timed-out'];
  expect(records.length).toBeGreaterThanOrEqual(4);
  for (const { outcome } of records) expect(known).toContain(outcome);
}
