import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { inMemory, inStorage } from '../../client/credentials.ts';
import { keepFresh } from '../../client/keep-fresh.ts';
import { demoApiKey } from '../../local/demo.ts';
import {
  type Answer,
  clientOf,
  clientOn,
  clients,
  cuts,
  meanwhile,
  noon,
  refuses,
  says,
  silent,
  soon,
  storeOf,
} from './support.ts';

const eos = clientOf('eos');
const granted = says(200, eos.granted);
const down = says(503, '');

describe('a request', () => {
  const v4 = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/;
  const json = { 'content-type': 'application/json', 'x-request-id': expect.stringMatching(v4) };
  const bearer = { authorization: 'Bearer secret-token' };
  test.for([
    {
      name: 'eos',
      odd: { sessionId: 'a&b=c', secureCode: '1+1 é%' },
      headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
      body: 'sessionId=a%26b%3Dc&secureCode=1%2B1+%C3%A9%25',
      next: { secureCode: 'secret-next' },
    },
    {
      name: 's360',
      headers: { ...json, api_key: demoApiKey },
      body: '{"sessionToken":"secret-token","sessionId":"secret-id"}',
    },
    { name: 'ccstore', headers: bearer, next: { accessToken: 'secret-next' } },
    { name: 'ccstoreui', headers: bearer, next: { accessToken: 'secret-next' } },
  ])(
    'of $name has the credential, also when it is repeated, and leaves the next one',
    async (row) => {
      const { name, odd, headers, body = '', next } = row;
      const client = clientOf(name);
      // A member of the application's own stays with it.
      const credential = { ...client.credential, ...odd, label: 'mine' };
      const [credentials, random] = [storeOf(credential), [0.1, 0.9]];
      const answers = [cuts, cuts, says(200, client.granted)];
      const { reached, refresh } = clientOn(client, answers, { credentials, random });
      expect(await refresh()).toMatchObject({ outcome: 'refreshed' });
      expect(reached).toHaveLength(3);
      for (const request of reached) {
        // Neither cookies nor the address of the page go with it.
        expect(request).toMatchObject({ credentials: 'omit', referrerPolicy: 'no-referrer' });
        expect(Object.fromEntries(request.headers)).toEqual(headers);
        expect(await request.text()).toBe(body);
      }
      expect((await credentials.read())?.credential).toEqual({ ...credential, ...next });
    },
  );
});

describe('a request that fails', () => {
  const doubling = [500, 1000, 2000, 4000];
  const limit = [...doubling, 8000, 8000, 8000];
  const many = { attempts: 8, totalMs: 600_000 };
  const short = { attempts: 100, totalMs: 10_000 };
  test.for([
    { what: 'three times, after full jitter', random: [0.999, 0.25, 0], slept: [499.5, 250, 0] },
    { what: 'under a ceiling that stops doubling', retry: many, slept: limit },
    { what: 'never past the total time', retry: short, slept: doubling },
  ])('is repeated $what', async ({ random = [1], retry = {}, slept }) => {
    const { reached, clock, refresh } = clientOn(eos, [down], { random, retry });
    expect(await refresh()).toEqual({ outcome: 'retry-later', cause: 'status', status: 503 });
    expect(clock.slept).toEqual(slept);
    expect(reached).toHaveLength(slept.length + 1);
  });

  const limited = (after: string, headers = {}) =>
    says(429, { message: 'Too many', code: '9-4' }, { 'Retry-After': after, ...headers });
  const odd = { message: 'too late or early', code: '9-9' };
  const byDate = 'Wed, 21 Oct 2015 07:28:07 GMT';
  const atServer = { Date: 'Wed, 21 Oct 2015 07:28:00 GMT' };
  const four = ['1', '2', '1', '4'].map((after) => limited(after));
  const done = { outcome: 'refreshed' };
  test.for<[what: string, answers: readonly Answer[], outcome: object, slept: readonly number[]]>([
    ['after 408 and 425', [says(408, odd), says(425, odd), granted], done, [250, 500]],
    ['after Retry-After and the jitter', [limited('3'), granted], done, [3250]],
    ['by the server’s clock', [limited(byDate, atServer), granted], done, [7250]],
    ['after the newest Retry-After', four, { status: 429, retryAfter: 4 }, [1250, 2500, 2000]],
    ['never too late', [limited('86400')], { status: 429, retryAfter: 86_400 }, []],
  ])('is repeated %s', async ([, answers, outcome, slept]) => {
    const { clock, refresh } = clientOn(eos, answers, { random: [0.5] });
    expect(await refresh()).toMatchObject(outcome);
    expect(clock.slept).toEqual(slept);
  });

  test.for<[cause: string, answers: readonly Answer[]]>([
    ['status', [silent, cuts, down]],
    ['network', [silent, down, cuts]],
    ['timeout', [cuts, down, silent]],
  ])('has the cause of the last try: %s', async ([cause, answers]) => {
    const { refresh } = clientOn(eos, answers, { runtime: { timer: soon } });
    expect(await refresh()).toMatchObject({ outcome: 'retry-later', cause });
  });

  test('is repeated after a fifth at most of what the session still holds', async () => {
    const last = { at: noon, grant: eos.granted, expiresIn: 20 };
    const read = () => ({ credential: eos.credential, last });
    const credentials = storeOf(eos.credential, { read });
    const { clock, refresh } = clientOn(eos, [limited('9')], { credentials });
    expect(await refresh()).toMatchObject({ outcome: 'retry-later', retryAfter: 9 });
    expect(clock.slept).toEqual([4000, 3200, 2560]);
  });

  test('ends with a timeout where one attempt uses up the total time', async () => {
    const timer: typeof soon = (milliseconds, callback) =>
      soon(0, () => {
        on.clock.pass(milliseconds);
        callback();
      });
    const retry = { attemptMs: 600_000, totalMs: 500 };
    const on = clientOn(eos, [silent], { retry, runtime: { timer } });
    expect(await on.refresh()).toEqual({ outcome: 'retry-later', cause: 'timeout' });
    expect([on.clock.elapsed(), on.reached.length]).toEqual([1500, 1]);
  });
});

describe('a signal', () => {
  const steps = ['the call', 'a look into the store', 'a request', 'a pause'];
  test.for(steps)('that is aborted in %s ends a refresh, and not the next one', async (last) => {
    const controller = new AbortController();
    const reach = (step: string) => step === last && controller.abort('enough');
    const credentials = storeOf(eos.credential, {
      async read() {
        reach('a look into the store');
        await new Promise(setImmediate);
        return { credential: eos.credential };
      },
    });
    const sleep = async (_: number, signal: AbortSignal) => {
      reach('a pause');
      signal.throwIfAborted();
    };
    const first = meanwhile(() => reach('a request'), last === 'a pause' ? down : silent);
    const answers = steps.indexOf(last) > 1 ? [first, granted] : [granted];
    const { reached, refresh } = clientOn(eos, answers, { credentials, runtime: { sleep } });
    reach('the call');
    await expect(refresh({ signal: controller.signal })).rejects.toBe('enough');
    expect(await refresh()).toMatchObject({ outcome: 'refreshed' });
    expect(reached).toHaveLength(answers.length);
    if (answers.length > 1) expect(reached[0]?.signal.aborted).toBe(last === 'a request');
  });
});

describe('concurrent calls', () => {
  test.for(clients)('of $name are one request, and get one outcome', async (client) => {
    const answers = [says(200, client.granted), refuses(client, 'revoked')];
    const { reached, refresh } = clientOn(client, answers);
    for (const outcome of ['refreshed', 'ended']) {
      const [first, ...others] = await Promise.all(Array.from({ length: 20 }, () => refresh()));
      expect(first).toMatchObject({ outcome });
      for (const each of others) expect(each).toBe(first);
    }
    expect(reached).toHaveLength(2);
  });

  test('go on when one caller aborts, and end when all have', async () => {
    const { reached, refresh } = clientOn(eos, [silent, granted]);
    const [one, other] = [new AbortController(), new AbortController()];
    const calls = [refresh({ signal: one.signal }), refresh({ signal: other.signal })];
    await expect.poll(() => reached.length).toBe(1);
    one.abort('first');
    await expect(calls[0]).rejects.toBe('first');
    expect(reached[0]?.signal.aborted).toBe(false);
    other.abort('last');
    await expect(calls[1]).rejects.toBe('last');
    expect(reached[0]?.signal.aborted).toBe(true);

    const next = [refresh({ signal: new AbortController().signal }), refresh()];
    expect(await Promise.all(next)).toMatchObject(Array(2).fill({ outcome: 'refreshed' }));
    expect(reached).toHaveLength(2);
  });

  test('all reject with what the store throws, and the next one runs again', async () => {
    const error = new Error('of the store');
    const reads = [Promise.reject(error)];
    const credentials = storeOf(eos.credential, { read: () => reads.shift() });
    const { refresh } = clientOn(eos, [], { credentials });
    const calls = [refresh(), refresh()];
    for (const call of calls) await expect(call).rejects.toBe(error);
    expect(await refresh()).toEqual({ outcome: 'ended', code: 'no-credential' });
  });
});

describe('a secret', () => {
  const secrets = new RegExp(`secret-|${demoApiKey}`);
  /** Everything that somebody may print of a value, its causes and hidden members included. */
  function printed(value: unknown): string {
    const whole = inspect(value, { depth: null, showHidden: true });
    const error = value instanceof Error ? `${value.message}${value.stack}` : '';
    return `${whole}${String(value)}${JSON.stringify(value)}${error}`;
  }

  const methods = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const;
  beforeEach(() => {
    for (const method of methods) vi.spyOn(console, method).mockReturnValue();
  });
  afterEach(() => {
    const logged = methods.flatMap((method) => vi.mocked(console[method]).mock.calls);
    vi.restoreAllMocks();
    expect(logged).toEqual([]);
  });

  test.for(clients)('of $name is in no outcome, error, store, log or URL', async (client) => {
    const repeats = says(403, 'secret-code secret-token');
    const told: unknown[] = [];
    for (const answer of [cuts, silent, repeats, refuses(client, 'wrong-secret')]) {
      const on = clientOn(client, [answer], { runtime: { timer: soon } });
      told.push(on.refresh, await on.refresh());
      expect(new Set(on.reached.map(({ url }) => url))).toEqual(new Set([on.url]));
    }
    const controller = new AbortController();
    const aborted = clientOn(client, [meanwhile(() => controller.abort(), silent)]);
    const error = await aborted.refresh({ signal: controller.signal }).catch((error) => error);
    expect(error).toMatchObject({ name: 'AbortError' });
    const answers = [says(200, client.granted), cuts, refuses(client, 'wrong-secret')];
    const { refresh, runtime } = clientOn(client, answers);
    const text = JSON.stringify({ credential: client.credential });
    const storage = { getItem: () => text, setItem: () => {} };
    const stores = [inMemory(client.credential), inStorage(storage, 'session')];
    told.push(error, await keepFresh(refresh, { runtime }), ...stores);
    for (const value of told) expect(printed(value)).not.toMatch(secrets);
  });

  // The platform rejects these, with errors that quote them.
  test.for([
    { name: 'eos', odd: { url: 'secret-host' } },
    { name: 's360', odd: { apiKey: 'secret-\nkey' } },
    { name: 'ccstore', odd: { credentials: { accessToken: 'secret-é—' } } },
  ])('is in no outcome of a request of $name that cannot be sent: $odd', async ({ name, odd }) => {
    const { reached, refresh } = clientOn(clientOf(name), [cuts], odd);
    expect(await refresh()).toEqual({ outcome: 'rejected' });
    expect(reached).toEqual([]);
  });
});
