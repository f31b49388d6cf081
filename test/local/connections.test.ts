import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect } from 'vitest';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { test } from '../support/world.ts';
import {
  connected,
  realRoutes,
  recorded,
  recorder,
  refreshOf,
  routesTo,
  send,
  serve,
} from './wire.ts';

const mostBytes = 10 * 1024 * 1024;

/** The beginning of a request, its headers open. */
const head = 'POST /client/refresh HTTP/1.1\r\nHost: a\r\n';
const chunked = 'Transfer-Encoding: chunked\r\n\r\n';

describe('a body over 10 MB', () => {
  // In the words of each contract: test/wire/all/gateway.test.ts.
  test.for([
    { what: 'in chunks', path: eos.path, refused: 413 },
    { what: 'of an unknown client', path: s360.path, refused: 403 },
  ])('$what is refused before the Lambda', async ({ path, refused }) => {
    const { routes, calls } = recorder();
    const headers = { 'Transfer-Encoding': 'chunked' };
    const body = Buffer.alloc(mostBytes + 1, 'a');
    const { status } = await send(await serve(routes), { path, headers, body });
    expect([status, calls]).toEqual([refused, []]);
  });

  test('is answered once it was read to its end, and not before', async () => {
    const served = await serve(recorder().routes);
    const seen = once(served.server, 'request');
    const client = connected(served);
    const answer = text(client);
    const length = mostBytes + 2;
    client.write(`${head}Connection: close\r\nContent-Length: ${length}\r\n\r\n`);
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

describe('a body', () => {
  test.for([
    // Of three bytes each: chunks of 64 kB end in the middle of one.
    { what: 'of 10 MB', body: '€'.repeat(Math.floor(mostBytes / 3)) },
    // API Gateway has no binary media types here: it reads every body as UTF-8.
    { what: 'that is not UTF-8', body: Buffer.from([0x61, 0xff]), read: 'a\ufffd' },
  ])('$what reaches the Lambda as text', async ({ body, read = body }) => {
    const { routes, calls } = recorder();
    expect((await send(await serve(routes), { path: eos.path, body })).status).toBe(202);
    expect(calls[0]?.event.body === read).toBe(true);
    expect(calls).toMatchObject([{ event: { isBase64Encoded: false } }]);
  });
});

describe('a connection', () => {
  test.for([
    { what: 'sends what is no HTTP is closed, and', bytes: 'hello\r\n\r\n' },
    { what: 'sends a chunk that is none is closed, and', bytes: `${head}${chunked}ZZ\r\n` },
    { what: 'is reset within its headers ends, and', bytes: head, reset: true },
    { what: 'is reset within a chunk ends, and', bytes: `${head}${chunked}100\r\na`, reset: true },
  ])('that $what the next one is served', async ({ bytes, reset = false }, { world }) => {
    const served = await serve(realRoutes(world));
    const gone = once(served.server, 'connection').then(([socket]) => closed(socket));
    const client = connected(served);
    client.resume().write(bytes, () => reset && client.resetAndDestroy());
    await gone;
    expect(world.requests).not.toContain('UpdateItemCommand');
    expect((await send(served, await refreshOf(world))).status).toBe(200);
  });

  test('kept alive carries requests written at once, answered in turn', async ({ world }) => {
    const served = await serve(realRoutes(world));
    const { body } = await refreshOf(world);
    const client = connected(served);
    const form = 'Content-Type: application/x-www-form-urlencoded\r\n';
    client.write(
      [
        `${head}${form}Content-Length: ${body?.length}\r\n\r\n${body}`,
        'POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nGET',
        'POST /ccstore/v1/refresh HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      ].join(''),
    );
    const answers = await text(client);
    expect(answers.match(/(?<=^HTTP\/1\.1 )\d+/gm)).toEqual(['200', '404', '401']);
  });

  test('that waits for a slow Lambda does not hold up another', async () => {
    const slow = Promise.withResolvers<typeof recorded>();
    const answers = [() => slow.promise, async () => recorded];
    const served = await serve(routesTo(() => answers.shift()?.() ?? slow.promise));
    const reached = once(served.server, 'request');
    const first = send(served, { path: '/client/refresh' });
    await reached;
    await send(served, { path: '/client/refresh' });
    slow.resolve({ ...recorded, statusCode: 203 });
    expect((await first).status).toBe(203);
  });
});

/** Waits for the end of a connection. A reset is one. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('error', () => undefined).once('close', () => resolve());
  });
}
