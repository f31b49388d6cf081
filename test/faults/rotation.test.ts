import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { later } from '../../functions/core/time.ts';
import { grace } from '../support/rotating.ts';
import type { Held, World } from '../support/world.ts';
import { delay, type Fault, faults } from './faults.ts';
import { type Answer, expectUnknown, type Faulty, refresh, settled, test } from './lambda.ts';
import { openAll, type Rotating } from './rotating.ts';

/** Three is every try that the SDK makes. */
const all = 3;

const effort = Number(process.env.EFFORT ?? 1);

const cases = faults.flatMap((fault) => [1, 2, all].map((tries) => ({ fault, tries })));

// Once more, since a busy machine is a fault beside the one that is meant.
describe.concurrent('a secret that is replaced over a wire that fails', { retry: 1 }, () => {
  test.for(cases)(
    'leaves its client logged in after $fault.what, on $tries of 3 tries',
    async ({ fault, tries }, { world, faulty }) => {
      await surviveAll(world, faulty, Array<Fault>(tries).fill(fault));
    },
  );

  test('leaves its client logged in after any mixture of them', {
    timeout: 60_000 * effort,
  }, async ({ world, faulty }) => {
    const mixture = fc.array(fc.constantFrom(...faults), { minLength: 2, maxLength: all });
    await fc.assert(
      fc.asyncProperty(mixture, (met) => surviveAll(world, faulty, met)),
      { numRuns: 6 * effort },
    );
  });

  test('is given again where the Lambda’s own answer was lost', async ({ world, faulty }) => {
    for (const rotating of await openAll(world, faulty)) {
      const { client, held } = rotating;
      const lost = await settled(rotating, held);
      rotating.now = later(rotating.now, grace - 1);
      const again = await settled(rotating, held);
      expect([lost.status, again.status]).toEqual([200, 200]);
      expect(next(rotating, again)).toEqual(next(rotating, lost));
      expect(client.secretOf(next(rotating, again))).toMatch(/^1\./);
    }
  });

  test('is given to all who wait for it on a slow wire', async ({ world, faulty }) => {
    for (const rotating of await openAll(world, faulty)) {
      faulty.proxy.plan(rotating.sessionId, (nth) => (nth % 2 === 0 ? delay : undefined));
      const asked = Array.from({ length: 8 }, () => refresh(rotating, rotating.held));
      const answers = await Promise.all(asked);
      faulty.proxy.heal(rotating.sessionId);
      expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
      expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
      expect((await rotating.item())?.generation?.N).toBe('1');
    }
  });
});

async function surviveAll(world: World, faulty: Faulty, met: readonly Fault[]): Promise<void> {
  const all = await openAll(world, faulty);
  await Promise.all(all.map((rotating) => survive(faulty, rotating, met)));
  expect(faulty.unhandled).toEqual([]);
}

/** Two replacements of one session's secret: the first through the fault, tried again in its grace. */
async function survive(
  { proxy }: Faulty,
  rotating: Rotating,
  met: readonly Fault[],
): Promise<void> {
  const { client, held, sessionId, wire } = rotating;
  const before = await rotating.item();
  const begun = rotating.now;
  const unseen = met.length < all && met.every(({ retried }) => retried);

  proxy.plan(sessionId, (nth) => met[nth]?.happens);
  const answer = await refresh(rotating, held);
  if (unseen) expect(answer.status).toBe(200);
  else expectUnknown(wire, answer);
  expect(proxy.seen(sessionId)).toBeLessThanOrEqual(all);
  proxy.heal(sessionId);
  const after = await rotating.item();
  const advanced = after?.generation !== undefined;
  if (!advanced) expect(after).toEqual(before);
  else expect(after).toMatchObject(replaced('1', begun));

  // The client knows nothing, and asks again with what it has, at the grace's last second.
  rotating.now = later(begun, grace - 1);
  const again = await settled(rotating, held);
  expect(again.status).toBe(200);
  const one = next(rotating, again);
  expect(client.secretOf(one)).toMatch(/^1\./);
  if (unseen) expect(one).toEqual(next(rotating, answer));
  const since = advanced ? begun : rotating.now;
  expect(await rotating.item()).toMatchObject(replaced('1', since));

  rotating.now = later(since, grace);
  const then = await settled(rotating, one);
  expect(then.status).toBe(200);
  expect(client.secretOf(next(rotating, then))).toMatch(/^2\./);
  expect(await rotating.item()).toMatchObject(replaced('2', rotating.now));
  for (const { outcome } of rotating.records)
    expect(['refreshed', 'unavailable', 'timed-out']).toContain(outcome);
}

/** What a row says after its secret was replaced. */
function replaced(generation: string, at: number) {
  return {
    generation: { N: generation },
    refreshedAt: { N: String(at) },
    graceUntil: { N: String(at + grace) },
  };
}

function next({ client, held }: Rotating, { body }: Answer): Held {
  return client.next(held, { json: JSON.parse(body) });
}
