import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { demoApiKey } from '../../local/demo.ts';
import { test } from '../support/world.ts';
import {
  realRoutes,
  recorded,
  refreshOf,
  refusal,
  routesTo,
  type Served,
  send,
  serve,
} from './wire.ts';

describe('a Lambda', () => {
  const broken = [
    { what: 'rejects', lambda: () => Promise.reject(new Error('secret')) },
    {
      what: 'throws',
      lambda: () => {
        throw new Error('secret');
      },
    },
    // No handler of ours does; API Gateway calls both a malformed proxy response.
    { what: 'answers nothing', lambda: async () => undefined as never },
    { what: 'answers without a status', lambda: async () => ({}) as never },
  ].flatMap((row) => contracts.map((contract) => ({ ...row, contract })));

  test.for(broken)('that $what is unavailable in the words of $contract.name', async (row) => {
    const { lambda, contract } = row;
    const served = await serve(routesTo(lambda));
    const answer = await send(served, { path: contract.path, headers: { api_key: demoApiKey } });
    expect(answer).toEqual(refusal(contract, 'unavailable', answer));
  });

  test('that throws leaves the server to the next request', async () => {
    const answers = [() => Promise.reject(new Error('once')), async () => recorded];
    const served = await serve(routesTo(() => answers.shift()?.() ?? Promise.reject(new Error())));
    await send(served, { path: '/client/refresh' }).catch(() => undefined);
    const answer = await send(served, { path: '/client/refresh' });
    expect(answer.status).toBe(202);
  });
});

describe('a connection', () => {
  test.for([
    { what: 'a line that is no HTTP', bytes: 'hello\r\n\r\n' },
    { what: 'the beginning of TLS', bytes: Buffer.from('1603010200010001fc0303', 'hex') },
    { what: 'zeros', bytes: Buffer.alloc(1000) },
    { what: 'a request without Host', bytes: 'POST /client/refresh HTTP/1.1\r\n\r\n' },
    { what: 'a header of 100 kB', bytes: `${head}X: ${'a'.repeat(100_000)}\r\n\r\n` },
    { what: 'two lengths', bytes: `${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab` },
    { what: 'a length below zero', bytes: `${head}Content-Length: -1\r\n\r\n` },
    { what: 'a chunk that is none', bytes: `${head}Transfer-Encoding: chunked\r\n\r\nZZ\r\n` },
    { what: 'a path with a space', bytes: 'POST /client /refresh HTTP/1.1\r\nHost: a\r\n\r\n' },
    { what: 'CONNECT', bytes: 'CONNECT /client/refresh HTTP/1.1\r\nHost: a\r\n\r\n' },
  ])('that sends $what is closed, and the next one is served', async ({ bytes }, { world }) => {
    const served = await serve(realRoutes(world));
    const client = open(served);
    client.write(bytes);
    client.resume();
    await closed(client);
    const answer = await send(served, await refreshOf(world));
    expect(answer.status).toBe(200);
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
    const answer = await send(served, await refreshOf(world));
    expect(answer.status).toBe(200);
  });

  test('that is kept alive carries requests written all at once, answered in turn', async ({
    world,
  }) => {
    const served = await serve(realRoutes(world));
    const { body } = await refreshOf(world);
    const client = open(served);
    client.write(
      [
        `POST /client/refresh HTTP/1.1\r\nHost: a\r\n${form}Content-Length: ${body?.length}\r\n\r\n${body}`,
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

/** The beginning of a request, its headers open. */
const head = 'POST /client/refresh HTTP/1.1\r\nHost: a\r\n';

const form = 'Content-Type: application/x-www-form-urlencoded\r\n';

/** That a connection was reset is no error, only an end. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('error', () => undefined).once('close', () => resolve());
  });
}

/** A bare connection. */
function open({ port }: Served): Socket {
  const client = connect(port, '127.0.0.1').on('error', () => undefined);
  onTestFinished(() => {
    client.destroy();
  });
  return client;
}
