import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runtimeWith } from '../../client/runtime.ts';
import { clientOf, clockwork } from './support.ts';

// The platform's own fetch and timers, over sockets.

/** A server whose answers a test writes, until it ends. */
async function server(answer: (response: ServerResponse) => unknown) {
  let requests = 0;
  const listening = createServer((_, response) => {
    requests += 1;
    answer(response);
  });
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  onTestFinished(() => {
    listening.close();
    listening.closeAllConnections();
  });
  const { port } = listening.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/refresh`, requests: () => requests };
}

const eos = clientOf('eos');

function refreshOn(url: string, retry = {}) {
  return eos.make({ url, credentials: eos.credential, retry, runtime: clockwork(0) });
}

describe('the platform’s fetch', () => {
  test('follows no redirect', async () => {
    const elsewhere = await server((response) => response.end(JSON.stringify(eos.granted)));
    for (const status of [301, 302, 303, 307, 308]) {
      const { url } = await server((response) =>
        response.writeHead(status, { Location: elsewhere.url }).end(),
      );
      expect(await refreshOn(url)()).toEqual({ outcome: 'retry-later', cause: 'network' });
    }
    expect(elsewhere.requests()).toBe(0);
  });

  test.for<{ what: string; answer: (response: ServerResponse) => unknown }>([
    { what: 'a connection that is cut', answer: (response) => response.destroy() },
    { what: 'a proxy’s 407', answer: (response) => response.writeHead(407).end() },
    {
      what: 'a body that is cut',
      answer(response) {
        response.writeHead(200, { 'Content-Length': '1000' }).write('{"expireTime":');
        setImmediate(() => response.destroy());
      },
    },
  ])('has the cause network for $what', async ({ answer }) => {
    const { url, requests } = await server(answer);
    expect(await refreshOn(url)()).toEqual({ outcome: 'retry-later', cause: 'network' });
    expect(requests()).toBe(4);
  });

  test.for<{ what: string; answer: (response: ServerResponse) => unknown }>([
    { what: 'silence', answer: () => undefined },
    { what: 'a body that never ends', answer: (response) => response.writeHead(200).write('{') },
  ])('has the cause timeout for $what', async ({ answer }) => {
    const { url } = await server(answer);
    const refresh = refreshOn(url, { attempts: 2, attemptMs: 50 });
    expect(await refresh()).toEqual({ outcome: 'retry-later', cause: 'timeout' });
  });

  test('has the cause network where nobody listens', async () => {
    const outcome = { outcome: 'retry-later', cause: 'network' };
    expect(await refreshOn('http://127.0.0.1:1/')()).toEqual(outcome);
  });

  test('closes the connection when the caller aborts', async () => {
    const controller = new AbortController();
    const closed = Promise.withResolvers<void>();
    const { url } = await server((response) => {
      response.once('close', () => closed.resolve());
      controller.abort('enough');
    });
    await expect(refreshOn(url)({ signal: controller.signal })).rejects.toBe('enough');
    await closed.promise;
  });
});

describe('the platform’s sleep', () => {
  const { sleep } = runtimeWith();

  test('does not end at once for a time that no timer can count', async () => {
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    const long = sleep(2 ** 31 + 5, controller.signal).then(() => 'long');
    const short = sleep(20, controller.signal).then(() => 'short');
    long.catch(() => undefined);
    expect(await Promise.race([long, short])).toBe('short');
  });

  test('rejects with the reason of its signal, before and meanwhile', async () => {
    await expect(sleep(1, AbortSignal.abort('before'))).rejects.toBe('before');
    const controller = new AbortController();
    const asleep = sleep(100_000, controller.signal);
    controller.abort('meanwhile');
    await expect(asleep).rejects.toBe('meanwhile');
  });
});
