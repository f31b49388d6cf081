import { describe, expect, test } from 'vitest';
import type { Runtime } from '../../client/runtime.ts';
import {
  type Answer,
  clientOf,
  clientOn,
  clients,
  cuts,
  refuses,
  type Store,
  says,
  silent,
} from './support.ts';

const eos = clientOf('eos');
const granted = says(200, eos.granted);
const failed = { outcome: 'retry-later', cause: 'status' } as const;
const fails = says(500, { message: 'Internal error', code: '9-1' });

describe('a temporary failure', () => {
  test.for([
    { what: 'a broken connection', answer: cuts },
    { what: 'a 500', answer: fails },
    { what: 'a 502 of a proxy', answer: says(502, '<html>Bad Gateway</html>') },
    { what: 'a 503 without a body', answer: says(503, '') },
    { what: 'a 429 of a proxy', answer: says(429, 'slow down') },
    { what: 'a 408', answer: says(408, { message: 'late', code: '9-9' }) },
    { what: 'a 425', answer: says(425, { message: 'early', code: '9-9' }) },
    { what: 'a 429', answer: says(429, { message: 'Too many requests', code: '9-4' }) },
  ])('is tried again: $what', async ({ answer }) => {
    const { wire, refresh } = clientOn(eos, [0.5], answer, answer, granted);
    expect(await refresh()).toMatchObject({ outcome: 'refreshed', grant: eos.granted });
    expect(wire.reached).toHaveLength(3);
  });

  test.for(clients)('of $name is tried again with the same credential', async (client) => {
    const { wire, refresh } = clientOn(client, [0], cuts, cuts, says(200, client.granted));
    await refresh();
    const sent = wire.reached.map(({ body, headers }) => [body, headers.get('authorization')]);
    expect(sent).toEqual([sent[0], sent[0], sent[0]]);
  });

  test('is tried four times, after full jitter under a ceiling that doubles', async () => {
    const { wire, clock, refresh } = clientOn(eos, [0.999, 0.25, 0], fails);
    expect(await refresh()).toEqual({ ...failed, status: 500 });
    expect(wire.reached).toHaveLength(4);
    expect(clock.slept).toEqual([0.999 * 500, 0.25 * 1000, 0]);
  });

  test('is tried under a ceiling that stops doubling', async () => {
    const { clock, options } = clientOn(eos, [1], fails);
    await eos.make({ ...options, retry: { attempts: 8, totalMs: 600_000 } })();
    expect(clock.slept).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000]);
  });

  test('is never tried past the total time', async () => {
    const { wire, clock, options } = clientOn(eos, [1], fails);
    const retry = { attempts: 100, totalMs: 10_000 };
    expect(await eos.make({ ...options, retry })()).toEqual({ ...failed, status: 500 });
    expect(clock.slept).toEqual([500, 1000, 2000, 4000]);
    expect(wire.reached).toHaveLength(5);
  });

  test.for([
    { what: 'network', tries: ['status', 'timeout', 'network'] },
    { what: 'timeout', tries: ['network', 'status', 'timeout'] },
    { what: 'status', tries: ['timeout', 'network', 'status'] },
  ] as const)('has the cause of the last try: $what', async ({ what, tries }) => {
    const answers = { status: fails, network: cuts, timeout: silent };
    const { options } = clientOn(eos, [0], ...tries.map((each) => answers[each]));
    const retry = { attempts: 3, attemptMs: 20 };
    const refresh = eos.make({ ...options, retry });
    expect(await refresh()).toMatchObject({ outcome: 'retry-later', cause: what });
  });

  test('does not affect the next refresh', async () => {
    const { refresh } = clientOn(eos, [0.5], cuts, cuts, cuts, cuts, granted);
    expect(await refresh()).toEqual({ outcome: 'retry-later', cause: 'network' });
    expect(await refresh()).toMatchObject({ outcome: 'refreshed' });
  });

  test('ends with a timeout where one attempt uses up the total time', async () => {
    const { wire, clock, options } = clientOn(eos, [0], silent);
    const retry = { attemptMs: 600_000, totalMs: 500 };
    const timer: Runtime['timer'] = (milliseconds, callback) => {
      const timeout = setTimeout(() => {
        clock.pass(milliseconds);
        callback();
      }, 1);
      return () => clearTimeout(timeout);
    };
    const runtime = { ...options.runtime, timer };
    const outcome = { outcome: 'retry-later', cause: 'timeout' };
    expect(await eos.make({ ...options, retry, runtime })()).toEqual(outcome);
    expect(clock.elapsed()).toBe(1500);
    expect(wire.reached).toHaveLength(1);
  });

  test('is tried no more once another tab has replaced the credential', async () => {
    // Half a minute later, the service would take it for the parent and replace the new one as well.
    const grant = { ...eos.granted, secureCode: 'theirs' };
    let stored: Awaited<ReturnType<Store['read']>> = { credential: eos.credential };
    const credentials: Store = {
      read: () => stored,
      write: (next) => {
        stored = next;
      },
    };
    const { wire, clock, options } = clientOn(eos, [0], (sent) => {
      const last = { at: clock.now(), grant, expiresIn: 60 };
      stored = { credential: { ...eos.credential, secureCode: 'theirs' }, last };
      return cuts(sent);
    });
    expect(await eos.make({ ...options, credentials })()).toEqual({
      outcome: 'refreshed',
      grant,
      expiresIn: 60,
    });
    expect(wire.reached).toHaveLength(1);
  });
});

describe('Retry-After', () => {
  const limited = (value: string, headers = {}) =>
    says(429, { message: 'Too many requests', code: '9-4' }, { 'Retry-After': value, ...headers });

  test.for([
    { what: 'seconds', answer: limited('3'), slept: 3250 },
    {
      what: 'a date, by the server’s clock',
      answer: limited('Wed, 21 Oct 2015 07:28:07 GMT', { Date: 'Wed, 21 Oct 2015 07:28:00 GMT' }),
      slept: 7250,
    },
  ])('is waited for before the jitter: $what', async ({ answer, slept }) => {
    const { clock, refresh } = clientOn(eos, [0.5], answer, granted);
    expect(await refresh()).toMatchObject({ outcome: 'refreshed' });
    expect(clock.slept).toEqual([slept]);
  });

  test('of s360’s 403 is waited for too', async () => {
    const s360 = clientOf('s360');
    const answers = [refuses(s360, 'over-rate'), says(200, s360.granted)];
    const { clock, refresh } = clientOn(s360, [0], ...answers);
    expect(await refresh()).toMatchObject({ outcome: 'refreshed' });
    expect(clock.slept).toEqual([1000]);
  });

  test('longer than the total time ends the refresh at once, and is in the outcome', async () => {
    const { wire, clock, refresh } = clientOn(eos, [0.5], limited('86400'));
    expect(await refresh()).toEqual({ ...failed, status: 429, retryAfter: 86_400 });
    expect(clock.slept).toEqual([]);
    expect(wire.reached).toHaveLength(1);
  });

  test('in the outcome is that of the last answer', async () => {
    const answers = [limited('1'), limited('2'), limited('1'), limited('4')];
    const { refresh } = clientOn(eos, [0], ...answers);
    expect(await refresh()).toEqual({ ...failed, status: 429, retryAfter: 4 });
  });
});

describe('a signal', () => {
  test('that is aborted already sends nothing', async () => {
    const { wire, refresh } = clientOn(eos, [0], fails);
    await expect(refresh({ signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
    expect(wire.reached).toEqual([]);
  });

  test('ends a request on its way', async () => {
    const controller = new AbortController();
    const aborted = Promise.withResolvers<void>();
    const answer: Answer = (sent) => {
      sent.signal.addEventListener('abort', () => aborted.resolve());
      controller.abort('enough');
      return silent(sent);
    };
    const { refresh } = clientOn(eos, [0], answer);
    await expect(refresh({ signal: controller.signal })).rejects.toBe('enough');
    await aborted.promise;
  });

  test('that is aborted before the store has answered sends nothing', async () => {
    const { wire, options } = clientOn(eos, [0], granted);
    const reads = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let read = 0;
    const slow: Store = {
      read: async () => {
        await reads[read++]?.promise;
        return { credential: eos.credential };
      },
      write: () => undefined,
    };
    const refresh = eos.make({ ...options, credentials: slow });
    const controller = new AbortController();
    const left = refresh({ signal: controller.signal });
    controller.abort('enough');
    await expect(left).rejects.toBe('enough');
    for (const { resolve } of reads) resolve();
    await refresh();
    expect(wire.reached).toHaveLength(1);
  });

  test('ends a pause', async () => {
    const controller = new AbortController();
    const { wire, options } = clientOn(eos, [0.5], fails);
    const sleep = (_: number, signal: AbortSignal) =>
      new Promise<void>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        setImmediate(() => controller.abort('enough'));
      });
    const refresh = eos.make({ ...options, runtime: { ...options.runtime, sleep } });
    await expect(refresh({ signal: controller.signal })).rejects.toBe('enough');
    expect(wire.reached).toHaveLength(1);
  });
});

describe('concurrent calls', () => {
  test.for(clients)('of $name are one request, and get one outcome', async (client) => {
    const answers = [says(200, client.granted), refuses(client, 'revoked')];
    const { wire, refresh } = clientOn(client, [0], ...answers);
    for (const outcome of ['refreshed', 'ended']) {
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => refresh()));
      expect(outcomes[0]).toMatchObject({ outcome });
      for (const each of outcomes) expect(each).toBe(outcomes[0]);
    }
    expect(wire.reached).toHaveLength(2);
  });

  test('go on when one caller aborts, and end when all have', async () => {
    const requests: PromiseWithResolvers<Response>[] = [];
    const { wire, refresh } = clientOn(eos, [0], ({ signal }) => {
      const request = Promise.withResolvers<Response>();
      signal.addEventListener('abort', () => request.reject(signal.reason));
      requests.push(request);
      return request.promise;
    });
    const [one, other] = [new AbortController(), new AbortController()];
    const calls = [refresh({ signal: one.signal }), refresh({ signal: other.signal })];
    await expect.poll(() => wire.reached.length).toBe(1);
    one.abort('first');
    await expect(calls[0]).rejects.toBe('first');
    expect(wire.reached[0]?.signal.aborted).toBe(false);
    other.abort('last');
    await expect(calls[1]).rejects.toBe('last');
    expect(wire.reached[0]?.signal.aborted).toBe(true);

    const next = [refresh({ signal: new AbortController().signal }), refresh()];
    await expect.poll(() => requests.length).toBe(2);
    requests[1]?.resolve(Response.json(eos.granted));
    expect(await Promise.all(next)).toMatchObject(Array(2).fill({ outcome: 'refreshed' }));
  });

  test('all reject with what the store throws, and the next one runs again', async () => {
    const error = new Error('of the store');
    const reads = [Promise.reject(error), Promise.resolve(undefined)];
    const credentials: Store = {
      read: () => reads.shift() ?? Promise.resolve(undefined),
      write: () => undefined,
    };
    const { options } = clientOn(eos, [0]);
    const refresh = eos.make({ ...options, credentials });
    const calls = [refresh(), refresh()];
    for (const call of calls) await expect(call).rejects.toBe(error);
    expect(await refresh()).toEqual({ outcome: 'ended', code: 'no-credential' });
  });
});
