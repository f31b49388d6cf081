import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { later } from '../../functions/core/time.ts';
import { grace } from '../support/rotating.ts';
import type { Held } from '../support/world.ts';
import { answers, type Fault, faults } from './faults.ts';
import { type Answer, expectUnknown, type Faulty, refresh, settled, test } from './lambda.ts';
import { pass } from './proxy.ts';
import { openAll, type Rotating } from './rotating.ts';

/** Three is every try that the SDK makes. */
const all = 3;

const cases = faults.flatMap((fault) => [1, 2, all].map((tries) => ({ fault, tries })));

// Once more, since a busy machine is a fault beside the one that is meant.
describe.concurrent('a theft over a wire that fails', { retry: 1 }, () => {
  test.for(cases)(
    'ends its session in spite of $fault.what, on $tries of the 3 tries to end it',
    async ({ fault, tries }, { world, faulty }) => {
      const met = Array<Fault>(tries).fill(fault);
      const opened = await openAll(world, faulty);
      await Promise.all(opened.map((rotating) => endIt(faulty, rotating, met)));
      expect(faulty.unhandled).toEqual([]);
    },
  );

  test('leaves the end as it is that a logout made meanwhile', async ({ world, faulty }) => {
    for (const rotating of await openAll(world, faulty)) {
      const { client, held, sessionId } = rotating;
      await stolen(rotating);
      faulty.proxy.plan(sessionId, (nth) =>
        nth === 0
          ? undefined
          : async (exchange) => {
              await world.run('revoke', { contract: client.contract.name, sessionId });
              await pass(exchange);
            },
      );
      expect(answerOf(await refresh(rotating, held))).toMatchObject(client.invalid);
      faulty.proxy.heal(sessionId);
      expect((await rotating.item())?.revokedAt?.N).toBe(String(world.now));
    }
  });

  test.for(['{}', '', 'null', '{"Attributes":{}}'])(
    'is no refusal where the session was said to have ended by an answer of %j',
    async (body, { world, faulty }) => {
      for (const rotating of await openAll(world, faulty)) {
        const { client, held, sessionId, wire } = rotating;
        await stolen(rotating);
        faulty.proxy.plan(sessionId, (nth) => (nth === 0 ? undefined : answers(200, body)));
        expectUnknown(wire, await refresh(rotating, held));
        faulty.proxy.heal(sessionId);
        expect((await rotating.item())?.revokedAt).toBeUndefined();
        expect(answerOf(await settled(rotating, held))).toMatchObject(client.invalid);
        expect((await rotating.item())?.revokedAt).toBeDefined();
      }
    },
  );

  test('is answered once the session has ended, and not before', async ({ world, faulty }) => {
    for (const rotating of await openAll(world, faulty)) {
      const { client, held, sessionId } = rotating;
      await stolen(rotating);
      const seen: string[] = [];
      faulty.proxy.plan(sessionId, (nth) =>
        nth === 0
          ? undefined
          : async ({ ask, response }) => {
              // Time enough for whoever does not wait.
              await sleep(50);
              seen.push('asked to end it');
              const { status, body } = await ask();
              const ended = (await rotating.item())?.revokedAt?.N === String(rotating.now);
              seen.push(ended ? 'ended' : 'not ended');
              await sleep(50);
              seen.push('said so');
              const named = { 'x-amzn-requestid': 'passed-on' };
              response.writeHead(status, named).end(body);
            },
      );
      const answer = await refresh(rotating, held).finally(() => seen.push('answered'));
      faulty.proxy.heal(sessionId);
      expect(seen).toEqual(['asked to end it', 'ended', 'said so', 'answered']);
      expect(answerOf(answer)).toMatchObject(client.invalid);
    }
  });
});

/** One theft, its revocation through the fault, and the next use of the stolen secret. */
async function endIt({ proxy }: Faulty, rotating: Rotating, met: readonly Fault[]): Promise<void> {
  const { client, held, sessionId, wire, records } = rotating;
  const newest = await stolen(rotating);
  const unseen = met.length < all && met.every(({ retried }) => retried);

  proxy.plan(sessionId, (nth) => met[nth - 1]?.happens);
  const answer = await refresh(rotating, held);
  expect(proxy.seen(sessionId)).toBeLessThanOrEqual(1 + all);
  proxy.heal(sessionId);
  const ended = (await rotating.item())?.revokedAt !== undefined;
  // Our own failure is never a no; and a no is never said of a session that still lives.
  if (unseen) {
    expect(answerOf(answer)).toMatchObject(client.invalid);
    expect(records.at(-1)?.outcome).toBe('reused-secret');
    expect(ended).toBe(true);
  } else expectUnknown(wire, answer);

  rotating.now = later(rotating.now, 1);
  const again = await settled(rotating, held);
  expect(answerOf(again)).toMatchObject(ended ? client.revoked : client.invalid);
  expect((await rotating.item())?.revokedAt).toBeDefined();
  expect(answerOf(await settled(rotating, newest))).toMatchObject(client.revoked);
  expect(records.at(-1)?.outcome).toBe('revoked');
}

/** Replaces the session's first secret, and waits until it is out of its grace. */
async function stolen(rotating: Rotating): Promise<Held> {
  const { client, held } = rotating;
  const { status, body } = await settled(rotating, held);
  expect(status).toBe(200);
  rotating.now = later(rotating.now, grace);
  return client.next(held, { json: JSON.parse(body) });
}

/** The answer as a client reads it. */
function answerOf({ status, body }: Answer) {
  return { status, text: body, json: JSON.parse(body) };
}
