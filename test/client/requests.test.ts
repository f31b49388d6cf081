import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { inMemory, inStorage } from '../../client/credentials.ts';
import { keepFresh } from '../../client/keep-fresh.ts';
import { demoApiKey } from '../../local/demo.ts';
import {
  type Answer,
  type Client,
  clientOf,
  clientOn,
  clients,
  cuts,
  type Fields,
  refuses,
  says,
  silent,
  soon,
  storeOf,
} from './support.ts';

const eos = clientOf('eos');
const granted = says(200, eos.granted);
const failed = { outcome: 'retry-later', cause: 'status' } as const;
const fails = says(500, { message: 'Internal error', code: '9-1' });

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
  ])('of $name has the credential in its place, and leaves the next one', async (row) => {
    const { name, odd, headers, body = '', next } = row;
    const client = clientOf(name);
    // A member of the application's own stays with it.
    const credential = { ...client.credential, ...odd, label: 'mine' };
    const [credentials, random] = [storeOf(credential), [0.1, 0.9]];
    const answers = [says(200, client.granted)];
    const { reached, refresh } = clientOn(client, answers, { credentials, random });
    await refresh();
    // Neither cookies nor the address of the page go with it.
    expect(reached).toMatchObject([{ credentials: 'omit', referrerPolicy: 'no-referrer', body }]);
    expect(Object.fromEntries(reached[0]?.headers ?? [])).toEqual(headers);
    expect((await credentials.read())?.credential).toEqual({ ...credential, ...next });
  });
});

describe('a temporary failure', () => {
  test.for(clients)('of $name is tried again with the same credential', async (client) => {
    const { reached, refresh } = clientOn(client, [cuts, cuts, says(200, client.granted)]);
    expect(await refresh()).toMatchObject({ outcome: 'refreshed' });
    const sent = reached.map(({ body, headers }) => [body, headers.get('authorization')]);
    expect(sent).toEqual([sent[0], sent[0], sent[0]]);
  });

  test.for([408, 425])('is a %i in the form of the contract', async (status) => {
    const answer = says(status, { message: 'late or early', code: '9-9' });
    const { refresh } = clientOn(eos, [answer, answer, granted]);
    expect(await refresh()).toMatchObject({ outcome: 'refreshed', grant: eos.granted });
  });

  const doubling = [500, 1000, 2000, 4000];
  const limited = [...doubling, 8000, 8000, 8000];
  const many = { attempts: 8, totalMs: 600_000 };
  const short = { attempts: 100, totalMs: 10_000 };
  test.for([
    { what: 'four times, after full jitter', random: [0.999, 0.25, 0], slept: [499.5, 250, 0] },
    { what: 'under a ceiling that stops doubling', retry: many, slept: limited },
    { what: 'never past the total time', retry: short, slept: doubling },
  ])('is tried $what', async ({ random = [1], retry = {}, slept }) => {
    const { reached, clock, refresh } = clientOn(eos, [fails], { random, retry });
    expect(await refresh()).toEqual({ ...failed, status: 500 });
    expect(clock.slept).toEqual(slept);
    expect(reached).toHaveLength(slept.length + 1);
  });

  const causes = { status: fails, network: cuts, timeout: silent };
  test.for(['status', 'network', 'timeout'] as const)(
    'has the cause of the last try: %s',
    async (last) => {
      const { [last]: answer, ...before } = causes;
      const options = { retry: { attempts: 3 }, runtime: { timer: soon } };
      const { refresh } = clientOn(eos, [...Object.values<Answer>(before), answer], options);
      expect(await refresh()).toMatchObject({ outcome: 'retry-later', cause: last });
    },
  );

  test('is tried again after a fifth at most of what the session still holds', async () => {
    const last = { at: Date.UTC(2026, 0, 15, 12), grant: eos.granted, expiresIn: 20 };
    const read = () => ({ credential: eos.credential, last });
    const credentials = storeOf(eos.credential, { read });
    const asks = says(503, '', { 'Retry-After': '9' });
    const { clock, refresh } = clientOn(eos, [asks], { credentials });
    expect(await refresh()).toMatchObject({ outcome: 'retry-later', retryAfter: 9 });
    expect(clock.slept).toEqual([4000, 3200, 2560]);
  });

  test('does not affect the next refresh', async () => {
    const { refresh } = clientOn(eos, [cuts, cuts, cuts, cuts, granted]);
    expect(await refresh()).toEqual({ outcome: 'retry-later', cause: 'network' });
    expect(await refresh()).toMatchObject({ outcome: 'refreshed' });
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

  test('is tried no more once another tab has replaced the credential', async () => {
    // Half a minute later, the service would take it for the parent and replace the new one as well.
    const grant = { ...eos.granted, secureCode: 'theirs' };
    const credentials = storeOf(eos.credential);
    const theirs: Answer = (sent) => {
      const last = { at: on.clock.now(), grant, expiresIn: 60 };
      credentials.write({ credential: { ...eos.credential, secureCode: 'theirs' }, last });
      return cuts(sent);
    };
    const on = clientOn(eos, [theirs], { credentials });
    expect(await on.refresh()).toEqual({ outcome: 'refreshed', grant, expiresIn: 60 });
    expect(on.reached).toHaveLength(1);
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
    const { clock, refresh } = clientOn(eos, [answer, granted], { random: [0.5] });
    expect(await refresh()).toMatchObject({ outcome: 'refreshed' });
    expect(clock.slept).toEqual([slept]);
  });

  test('longer than the total time ends the refresh at once, and is in the outcome', async () => {
    const { reached, clock, refresh } = clientOn(eos, [limited('86400')]);
    expect(await refresh()).toEqual({ ...failed, status: 429, retryAfter: 86_400 });
    expect([clock.slept, reached.length]).toEqual([[], 1]);
  });

  test('in the outcome is that of the last answer', async () => {
    const answers = ['1', '2', '1', '4'].map((value) => limited(value));
    const { refresh } = clientOn(eos, answers);
    expect(await refresh()).toEqual({ ...failed, status: 429, retryAfter: 4 });
  });
});

describe('a signal', () => {
  test.for([
    { when: 'before it', sent: 0 },
    { when: 'while the store is read', sent: 0 },
    { when: 'while a request is on its way', sent: 1 },
    { when: 'in a pause', sent: 1 },
  ])('that is aborted $when ends a refresh, and not the next one', async ({ when, sent }) => {
    const controller = new AbortController();
    const abort = (now: string) => now === when && controller.abort('enough');
    const credentials = storeOf(eos.credential, {
      async read() {
        abort('while the store is read');
        await new Promise(setImmediate);
        return { credential: eos.credential };
      },
    });
    const first: Answer = (request) => {
      abort('while a request is on its way');
      return (when === 'in a pause' ? fails : silent)(request);
    };
    const sleep = async (_: number, signal: AbortSignal) => {
      abort('in a pause');
      signal.throwIfAborted();
    };
    const answers = sent === 0 ? [granted] : [first, granted];
    const { reached, refresh } = clientOn(eos, answers, { credentials, runtime: { sleep } });
    abort('before it');
    await expect(refresh({ signal: controller.signal })).rejects.toBe('enough');
    expect(await refresh()).toMatchObject({ outcome: 'refreshed' });
    expect(reached).toHaveLength(sent + 1);
    if (answers[0] !== granted) expect(reached[0]?.signal.aborted).toBe(when !== 'in a pause');
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
  /** Everything that somebody may print of a value, its causes and hidden members included. */
  function printed(value: unknown): string {
    const whole = inspect(value, { depth: null, showHidden: true });
    const error = value instanceof Error ? `${value.message}${value.stack}` : '';
    return `${whole}${String(value)}${JSON.stringify(value)}${error}`;
  }
  const secrets = new RegExp(`secret-|${demoApiKey}`);
  const methods = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const;
  let logged: () => unknown[] = () => [];

  beforeEach(() => {
    const spies = methods.map((method) => vi.spyOn(console, method).mockReturnValue());
    logged = () => spies.flatMap((spy) => spy.mock.calls);
  });
  afterEach(() => {
    const written = logged();
    vi.restoreAllMocks();
    expect(written).toEqual([]);
  });

  const failures: Readonly<Record<string, (client: Client) => Answer>> = {
    'a broken connection': () => cuts,
    silence: () => silent,
    'an answer that repeats it': () => says(403, 'secret-code secret-token'),
    'a refusal': (client) => refuses(client, 'wrong-secret'),
  };
  const rows = Object.entries(failures).flatMap(([what, answer]) =>
    clients.map((client) => ({ what, client, answer: answer(client) })),
  );

  test.for(rows)('of $client.name is in no outcome of $what, and in no URL', async (row) => {
    const { client, answer } = row;
    const { reached, url, refresh } = clientOn(client, [answer], { runtime: { timer: soon } });
    for (const value of [await refresh(), refresh]) expect(printed(value)).not.toMatch(secrets);
    expect(reached.length).toBeGreaterThan(0);
    for (const sent of reached) expect(sent.url).toBe(url);
  });

  // The platform rejects these, with errors that quote them.
  test.for([
    { name: 'eos', odd: { url: 'secret-host' } },
    { name: 'eos', odd: { url: 'http://a:secret-b@127.0.0.1/' } },
    { name: 's360', odd: { apiKey: 'secret-\nkey' } },
    { name: 'ccstore', odd: { credentials: { accessToken: 'secret-\nx' } } },
    { name: 'ccstore', odd: { credentials: { accessToken: 'secret-\0' } } },
    { name: 'ccstore', odd: { credentials: { accessToken: 'secret-é—' } } },
  ])('is in no outcome of a request of $name that cannot be sent: $odd', async ({ name, odd }) => {
    const { reached, refresh } = clientOn(clientOf(name), [cuts], odd);
    expect(await refresh()).toEqual({ outcome: 'rejected' });
    expect(reached).toEqual([]);
  });

  test.for(clients)('of $name is in no error of an abort', async (client) => {
    const controller = new AbortController();
    const abort: Answer = (sent) => {
      controller.abort();
      return silent(sent);
    };
    const aborted = clientOn(client, [abort]).refresh({ signal: controller.signal });
    const error = await aborted.catch((error) => error);
    expect(error).toMatchObject({ name: 'AbortError' });
    expect(printed(error)).not.toMatch(secrets);
    const answers = [says(200, client.granted), cuts, refuses(client, 'wrong-secret')];
    const { refresh, runtime } = clientOn(client, answers);
    expect(printed(await keepFresh(refresh, { runtime }))).not.toMatch(secrets);
  });

  test('is not seen in a store', () => {
    const stored = { credential: { secureCode: 'secret-code' } };
    const text = JSON.stringify(stored);
    const local = inStorage<Fields, unknown>({ getItem: () => text, setItem: () => {} }, 'session');
    for (const store of [inMemory<Fields, unknown>(stored.credential), local]) {
      expect(store.read()).toEqual(stored);
      expect(printed(store)).not.toMatch(secrets);
    }
  });
});
