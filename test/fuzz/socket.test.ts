import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import type { Fault } from '../../functions/core/contract/fault.ts';
import type { Refusal } from '../../functions/core/session/session.ts';
import { realRoutes, type Served, serve } from '../local/wire.ts';
import { spoken } from '../support/clients.ts';
import { storedTest as test } from '../support/world.ts';
import { nearCalls, ownCall } from './calls.ts';
import { effort, openAll, seed } from './fuzz.ts';
import { answersIn, type Bytes, broken, bytesOf, whole } from './http.ts';
import { marker } from './inputs.ts';
import { raw } from './wild.ts';

describe.for(spoken)('the local server, sent any bytes for $path', (contract) => {
  const inputs = 5000 * effort;
  const batch = 50;

  test('answers or ends every connection', { timeout: 240_000 * Math.max(effort, 1) }, async ({
    world,
  }) => {
    const known = await openAll(world, contract);
    const served = await serve(realRoutes(world));
    const requests = whole(contract, fc.oneof(nearCalls(world, contract, known), raw));
    const bytes = fc.oneof(requests, broken(requests));
    let answered = 0;
    for (let number = 0; number < inputs / batch; number += 1) {
      const sample = fc.sample(bytes, { seed: seed + number, numRuns: batch });
      const got = await Promise.all(sample.map((sent) => exchange(served, sent)));
      for (const [at, text] of got.entries()) {
        const sent = sample[at] ?? { text: '', whole: false, right: 'no' };
        const wrong = text !== undefined && problem(contract, sent, text);
        const both = JSON.stringify({ sent, text }).slice(0, 5000);
        if (wrong) expect.fail(`${wrong} (SEED=${seed}, batch ${number}): ${both}`);
        answered += text ? 1 : 0;
      }
      world.records.length = 0;
      world.requests.length = 0;
    }
    expect(answered).toBeGreaterThan(inputs / 2);
    // A connection that nobody listens to any more is gone.
    await expect.poll(() => connectionsOf(served)).toBe(0);
    const own = await exchange(served, bytesOf(contract, ownCall(world, contract, known)));
    expect(own).toMatch(/^HTTP\/1\.1 200 /);
  });
});

/**
 * Sends bytes over a connection of their own, and gives all that came back before it ended. Nothing
 * where a server that reads no more reset it: that takes its answer along (RFC 9112, 9.6).
 */
async function exchange({ port }: Served, { text, whole }: Bytes): Promise<string | undefined> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  let reset = false;
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => {
    reset = true;
  });
  const ends = new Promise<void>((resolve, reject) => {
    socket.once('close', () => resolve());
    socket.setTimeout(30_000, () => reject(new Error(`SEED=${seed}: hangs: ${text}`)));
  });
  socket.write(text, 'latin1');
  // What is no whole request would be waited for: this client goes away half-way.
  if (!whole) {
    await Promise.race([ends, sleep(20)]);
    socket.end();
  }
  await ends;
  return reset ? undefined : Buffer.concat(chunks).toString('latin1');
}

async function connectionsOf({ server }: Served): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}

/** What is wrong with what came back; nothing where nothing is. */
function problem(contract: Contract, sent: Bytes, got: string): string | undefined {
  if (got === '') return sent.whole ? 'no answer' : undefined;
  for (const { status, head, body } of answersIn(got)) {
    if (!(status < 500)) return 'a 5xx, or no whole HTTP';
    if (head.replaceAll(/^x-request-id: .*$/gim, '').includes(marker) || body.includes(marker))
      return 'an echo of what was sent';
    const bodiless = nodes.has(status) || sent.text.includes('HEAD ');
    if (body === '' ? !bodiless : !knows(contract, sent, status, body))
      return 'an answer that is not one of the contract';
  }
  return undefined;
}

/** What Node answers by itself, without a body. */
const nodes = new Set([100, 400, 408, 413, 417, 431]);

const reasons: readonly (Fault | Refusal)[] = [
  'unknown-route',
  'unknown-client',
  'too-large',
  'malformed-request',
  'unknown-session',
  'wrong-secret',
  'lifetime-over',
];

/** Whether it is an answer of the contract, or of another whose path was sent. */
function knows(contract: Contract, sent: Bytes, status: number, text: string): boolean {
  const body = Buffer.from(text, 'latin1').toString();
  const { esbUUID = '', message } = JSON.parse(body);
  if (status === 404 && message === 'Not found' && body.includes('routes')) return true;
  if (status === 200) return sent.right !== 'no';
  return contracts
    .filter((one) => one === contract || sent.text.includes(one.path))
    .some((one) =>
      reasons.some((reason) => {
        const refused = one.refuse(reason, esbUUID);
        return refused.status === status && refused.body === body;
      }),
    );
}
