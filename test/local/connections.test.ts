import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished } from 'vitest';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { test } from '../support/world.ts';
import {
  realRoutes,
  recorded,
  recorder,
  refreshOf,
  refusal,
  routesTo,
  type Served,
  send,
  serve,
} from './wire.ts';

const mostBytes = 10 * 1024 * 1024;

/** The beginning of a request, its headers open. */
const head = 'POST /client/refresh HTTP/1.1\r\nHost: a\r\n';

describe('a body over 10 MB', () => {
  test.for([
    { what: 'in chunks', contract: eos, fault: 'too-large' },
    { what: 'of an unknown client', contract: s360, fault: 'unknown-client' },
  ] as const)('$what is refused before the Lambda', async ({ contract, fault }) => {
    const { routes, events } = recorder();
    const headers = { 'Transfer-Encoding': 'chunked' };
    const body = Buffer.alloc(mostBytes + 1, 'a');
    const answer = await send(await serve(routes), { path: contract.path, headers, body });
    const { status, text } = refusal(contract, fault, answer);
    expect(answer).toMatchObject({ status, text });
    expect(events).toEqual([]);
  });

  test('is answered once it was read to its end, and not before', async () => {
    const served = await serve(recorder().routes);
    const seen = once(served.server, 'request');
    const client = open(served);
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

describe('a body of 10 MB', () => {
  test('reaches the Lambda, its characters joined across chunks', async () => {
    const { routes, events } = recorder();
    // Of three bytes each: chunks of 64 kB end in the middle of one.
    const body = '€'.repeat(Math.floor(mostBytes / 3));
    expect((await send(await serve(routes), { path: eos.path, body })).status).toBe(202);
    expect(events[0]?.body === body).toBe(true);
  });
});

describe('a body that is not UTF-8', () => {
  // API Gateway has no binary media types here: it reads every body as UTF-8.
  test('reaches the Lambda with U+FFFD for what cannot be read', async () => {
    const { routes, events } = recorder();
    await send(await serve(routes), { path: eos.path, body: Buffer.from([0x61, 0xff]) });
    expect(events).toMatchObject([{ body: 'a\ufffd', isBase64Encoded: false }]);
  });
});

describe('a connection', () => {
  test.for([
    { what: 'a line that is no HTTP', bytes: 'hello\r\n\r\n' },
    { what: 'the beginning of TLS', bytes: Buffer.from('1603010200010001fc0303', 'hex') },
    { what: 'a header of 100 kB', bytes: `${head}X: ${'a'.repeat(100_000)}\r\n\r\n` },
    { what: 'two lengths', bytes: `${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab` },
    { what: 'a chunk that is none', bytes: `${head}Transfer-Encoding: chunked\r\n\r\nZZ\r\n` },
    { what: 'CONNECT', bytes: 'CONNECT /client/refresh HTTP/1.1\r\nHost: a\r\n\r\n' },
  ])('that sends $what is closed, and the next one is served', async ({ bytes }, { world }) => {
    const served = await serve(realRoutes(world));
    const client = open(served);
    client.write(bytes);
    client.resume();
    await closed(client);
    expect((await send(served, await refreshOf(world))).status).toBe(200);
  });

  test.for([
    { what: 'its headers', bytes: head },
    { what: 'a body of known length', bytes: `${head}Content-Length: 100\r\n\r\nsessionId=` },
    { what: 'a chunk', bytes: `${head}Transfer-Encoding: chunked\r\n\r\n100\r\nsessionId=` },
  ])('that ends within $what leaves the server to the next one', async ({ bytes }, { world }) => {
    const served = await serve(realRoutes(world));
    const gone = once(served.server, 'connection').then(([socket]) => closed(socket));
    const client = open(served);
    client.write(bytes, () => client.resetAndDestroy());
    await gone;
    expect(world.requests).not.toContain('UpdateItemCommand');
    expect((await send(served, await refreshOf(world))).status).toBe(200);
  });

  test('kept alive carries requests written at once, answered in turn', async ({ world }) => {
    const served = await serve(realRoutes(world));
    const { body } = await refreshOf(world);
    const client = open(served);
    const form = 'Content-Type: application/x-www-form-urlencoded\r\n';
    client.write(
      [
        `${head}${form}Content-Length: ${body?.length}\r\n\r\n${body}`,
        'GET /client/refresh HTTP/1.1\r\nHost: a\r\n\r\n',
        'POST /idp/sso/v1/refresh HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}',
        'POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nGET',
        'POST /ccstore/v1/refresh HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      ].join(''),
    );
    const answers = await text(client);
    expect(answers.match(/^HTTP\/1\.1 \d+/gm)).toEqual(
      [200, 404, 403, 404, 401].map((status) => `HTTP/1.1 ${status}`),
    );
    expect(answers).toMatch(/"secureCode":"20004007594".*"9-6".*APIMDeveloperInactive.*"90001"/s);
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

/** A bare connection. */
function open({ port }: Served): Socket {
  const client = connect(port, '127.0.0.1').on('error', () => undefined);
  onTestFinished(() => void client.destroy());
  return client;
}
