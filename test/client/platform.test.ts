import type { ServerResponse } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runtimeWith } from '../../client/runtime.ts';
import { listening } from '../support/stand-ins.ts';
import { clientOf, clockwork } from './support.ts';

// The platform's own fetch and timers, over sockets.

const eos = clientOf('eos');

/** A refresh by a server whose answers a test writes, until it ends. */
async function refreshOn(answer: (response: ServerResponse) => unknown, retry = {}) {
  let requests = 0;
  const { endpoint: url, close } = await listening((_, response) => {
    requests += 1;
    answer(response);
  });
  onTestFinished(close);
  const { credential: credentials } = eos;
  const refresh = eos.make({ url, credentials, retry, runtime: clockwork(0) });
  return { refresh, url, requests: () => requests };
}

const failed = (cause: string) => ({ outcome: 'retry-later', cause });

describe('the platform’s fetch', () => {
  test('follows no redirect', async () => {
    const { url, requests } = await refreshOn((to) => to.end(JSON.stringify(eos.granted)));
    for (const status of [301, 302, 303, 307, 308]) {
      const on = await refreshOn((to) => to.writeHead(status, { Location: url }).end());
      expect(await on.refresh()).toEqual(failed('network'));
    }
    expect(requests()).toBe(0);
  });

  type Answer = (to: ServerResponse) => unknown;
  const cutBody: Answer = (to) => {
    to.writeHead(200, { 'Content-Length': '1000' }).write('{"expireTime":');
    setImmediate(() => to.destroy());
  };
  test.for<[cause: string, what: string, answer: Answer]>([
    ['network', 'a connection that is cut', (to) => to.destroy()],
    ['network', 'a proxy’s 407', (to) => to.writeHead(407).end()],
    ['network', 'a body that is cut', cutBody],
    ['timeout', 'silence', () => undefined],
    ['timeout', 'a body that never ends', (to) => to.writeHead(200).write('{')],
  ])('has the cause %s for %s', async ([cause, , answer]) => {
    const retry = { attempts: 2, ...(cause === 'timeout' && { attemptMs: 50 }) };
    const { refresh, requests } = await refreshOn(answer, retry);
    expect(await refresh()).toEqual(failed(cause));
    if (cause === 'network') expect(requests()).toBe(2);
  });

  test('closes the connection when the caller aborts', async () => {
    const controller = new AbortController();
    const closed = Promise.withResolvers<void>();
    const { refresh } = await refreshOn((to) => {
      to.once('close', closed.resolve);
      controller.abort('enough');
    });
    await expect(refresh({ signal: controller.signal })).rejects.toBe('enough');
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
