import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { contracts } from '../../functions/contracts.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { demoApiKey } from '../../local/demo.ts';
import { answerTo } from '../support/openapi.ts';
import { test } from '../support/world.ts';
import { realRoutes, recorder, refreshOf, refusal, send, serve } from './wire.ts';

const mostBytes = 10 * 1024 * 1024;

describe('a body over 10 MB', () => {
  test.for(contracts)('is refused by $name unseen', async (contract) => {
    const { routes, events } = recorder();
    const body = Buffer.alloc(mostBytes + 1, 'a');
    const answer = await send(await serve(routes), { path: contract.path, headers: keyed, body });
    expect(answer).toEqual(refusal(contract, 'too-large', answer));
    expect(answer.status).toBe(413);
    const { value } = answerTo(contract, 'too-large');
    expect(answer.text).toContain(tooLarge[contract.name] ?? JSON.stringify(value));
    expect(events).toEqual([]);
  });

  test('sent in chunks, its length untold, is refused all the same', async () => {
    const { routes, events } = recorder();
    const headers = { 'Transfer-Encoding': 'chunked' };
    const body = Buffer.alloc(mostBytes + 1, 'a');
    const answer = await send(await serve(routes), { path: eos.path, headers, body });
    expect(answer).toEqual(refusal(eos, 'too-large', answer));
    expect(events).toEqual([]);
  });

  test('of an unknown client is read to its end, and refused for the client', async () => {
    const { routes } = recorder();
    const body = Buffer.alloc(mostBytes + 1, 'a');
    const answer = await send(await serve(routes), { path: s360.path, body });
    expect(answer).toEqual(refusal(s360, 'unknown-client', answer));
  });

  test('is answered when it was read to its end, and not before', async () => {
    const served = await serve(recorder().routes);
    const seen = once(served.server, 'request');
    const client = connect(served.port, '127.0.0.1');
    const answer = text(client);
    const length = 2 * mostBytes;
    client.write(
      `POST ${eos.path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`,
    );
    client.write(Buffer.alloc(length - 1, 'a'));
    const [request]: IncomingMessage[] = await seen;
    // All that was sent has arrived, and the server has been through several turns since.
    await expect.poll(() => request?.socket.bytesRead, { timeout: 30_000 }).toBeGreaterThan(length);
    for (let turns = 0; turns < 5; turns += 1) await send(served, { path: '/' });
    expect(client.bytesRead).toBe(0);
    client.write('a');
    expect(await answer).toMatch(/^HTTP\/1\.1 413 /);
  });
});

describe('a body of 10 MB and less', () => {
  test('reaches the Lambda', async () => {
    const { routes, events } = recorder();
    const body = 'a'.repeat(mostBytes);
    const answer = await send(await serve(routes), { path: eos.path, body });
    expect(answer.status).toBe(202);
    expect(events[0]?.body).toBe(body);
  });

  test.for(
    [64 * 1024 + 1, mostBytes].flatMap((bytes) =>
      [
        { contract: eos, type: 'application/x-www-form-urlencoded' },
        { contract: eos, type: 'application/json' },
        { contract: eos, type: 'text/plain' },
        { contract: s360, type: 'application/json' },
        { contract: s360, type: 'text/plain' },
      ].map((row) => ({ ...row, bytes })),
    ),
  )(
    'of $bytes bytes is refused by the Lambda of $contract.name as $type',
    async (row, { world }) => {
      const { contract, type, bytes } = row;
      const answer = await send(await serve(realRoutes(world)), {
        path: contract.path,
        headers: { ...keyed, 'Content-Type': type },
        body: 'a'.repeat(bytes),
      });
      expect(answer).toEqual(refusal(contract, 'too-large', answer));
      expect(answer.status).toBe(413);
      expect(world.records).toMatchObject([{ contract: contract.name, outcome: 'too-large' }]);
      expect(world.requests).not.toContain('UpdateItemCommand');
    },
  );

  test('of 64 kB is read by eos', async ({ world }) => {
    const refresh = await refreshOf(world);
    const body = `${refresh.body}&more=`.padEnd(64 * 1024, 'a');
    const answer = await send(await serve(realRoutes(world)), { ...refresh, body });
    expect(answer.status).toBe(200);
  });

  test.for(['application/json', 'application/x-www-form-urlencoded', 'text/plain'])(
    'of 10 MB and %s is nothing to ccstore',
    async (type, { world }) => {
      const { accessToken } = await world.open(ccstore);
      const answer = await send(await serve(realRoutes(world)), {
        path: ccstore.path,
        headers: { Authorization: `Bearer ${accessToken}`, 'Content-Type': type },
        body: '{'.repeat(mostBytes),
      });
      expect(answer.status).toBe(200);
    },
  );
});

/** What a client of any contract sends. */
const keyed = { api_key: demoApiKey };

/** The codes that contracts have for a body that is too large; another's are in its document. */
const tooLarge: Record<string, string> = {
  eos: '"code":"9-5"',
  s360: '"code":"ESB-IDP-E0413"',
  ccstore: '"status":"413","errorCode":"90413"',
};
