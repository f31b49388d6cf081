import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { inStorage, type Stored } from '../../client/credentials.ts';
import type { Locks, Runtime } from '../../client/runtime.ts';
import {
  type Answer,
  type Client,
  clientOf,
  clients,
  clockwork,
  cuts,
  type Fields,
  failingWire,
  refuses,
  type Store,
  says,
  timeOf,
} from './support.ts';

const eos = clientOf('eos');
const granted = says(200, eos.granted);
const another = { sessionId: 'another', secureCode: 'login' };
const secretsOf = ({ reached }: ReturnType<typeof failingWire>) =>
  reached.map(({ body }) => new URLSearchParams(body).get('secureCode'));

/** `localStorage`, as far as it is used. */
function storage() {
  const values = new Map<string, string>();
  return {
    values,
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
  };
}

/** A store that the tabs of one test share. */
function shared(credential: Fields): Store {
  const store: Store = inStorage(storage(), `session-${randomUUID()}`);
  store.write({ credential });
  return store;
}

/** Node's own Web Locks, and the names that were asked for. */
function lockManager() {
  const names: string[] = [];
  const own = globalThis.navigator.locks as unknown as Locks;
  const locks: Locks = {
    request(name, ...rest) {
      names.push(name);
      return own.request(name, ...rest);
    },
  };
  return { names, locks };
}

/** Tabs on one wire. By default they share a store and the platform's locks. */
function tabsOn(answers: readonly Answer[], runtime: Partial<Runtime> = {}, client: Client = eos) {
  const wire = failingWire(...answers);
  const credentials = shared(client.credential);
  const { names, locks } = lockManager();
  const all = { ...timeOf(clockwork(0)), fetch: wire.fetch, locks, ...runtime };
  const tab = (retry = {}, store = credentials) =>
    client.make({ url: wire.url, credentials: store, runtime: all, retry });
  return { wire, credentials, locks, names, tab };
}

/** Holds the lock of a store as another tab would, until the returned function is called. */
async function hold(locks: Locks | undefined, { sharedAs }: Store): Promise<() => void> {
  const got = Promise.withResolvers<void>();
  const freed = Promise.withResolvers<void>();
  void locks?.request(`session-refresh ${sharedAs}`, {}, () => {
    got.resolve();
    return freed.promise;
  });
  await got.promise;
  return () => freed.resolve();
}

describe('tabs that share a store', () => {
  test.for(clients)('send one request for $name at once', async (client) => {
    const { wire, tab } = tabsOn([says(200, client.granted)], {}, client);
    const tabs = Array.from({ length: 5 }, () => tab());
    const [first, ...others] = await Promise.all(tabs.map((refresh) => refresh()));
    expect(first).toMatchObject({ outcome: 'refreshed' });
    for (const other of others)
      expect(other).toMatchObject({ ...first, expiresIn: expect.any(Number) });
    expect(wire.reached).toHaveLength(1);
    await tabs[0]?.();
    expect(wire.reached).toHaveLength(2);
  });

  test('lock by the name of the store, which has no secret', async () => {
    const { credentials, names, tab } = tabsOn([granted]);
    await tab()();
    expect(names).toEqual([`session-refresh ${credentials.sharedAs}`]);
    const own: Store = { read: () => ({ credential: eos.credential }), write: () => undefined };
    await tab({}, own)();
    expect(names).toHaveLength(1);
  });

  test('present the credential that the other one got', async () => {
    const { wire, tab } = tabsOn([says(200, { ...eos.granted, secureCode: 'secret-2' })]);
    await tab()();
    await tab()();
    expect(secretsOf(wire)).toEqual(['secret-code', 'secret-2']);
  });

  test('refresh by themselves, with the newest credential, after one that failed', async () => {
    const login: Answer = (sent) => {
      credentials.write({ credential: another });
      return refuses(eos, 'failed')(sent);
    };
    const { wire, credentials, tab } = tabsOn([login, granted]);
    const outcomes = await Promise.all([tab({ attempts: 1 })(), tab({ attempts: 1 })()]);
    expect(outcomes).toMatchObject(Array(2).fill({ outcome: 'refreshed' }));
    expect(secretsOf(wire)).toEqual(['secret-code', 'login']);
  });

  const denied: Locks = { request: () => Promise.reject(new Error('SecurityError')) };
  test.for([
    { what: 'has no locks', locks: undefined },
    { what: 'denies them', locks: denied },
  ])('refresh all the same where the platform $what', async ({ locks }) => {
    const { wire, tab } = tabsOn([granted], { locks });
    const outcomes = await Promise.all([tab()(), tab()()]);
    expect(outcomes).toMatchObject(Array(2).fill({ outcome: 'refreshed' }));
    expect(wire.reached).toHaveLength(2);
  });

  test('refresh all the same behind a tab that keeps the lock', async () => {
    const { credentials, locks, tab } = tabsOn([granted]);
    const free = await hold(locks, credentials);
    expect(await tab({ totalMs: 50 })()).toMatchObject({ outcome: 'refreshed' });
    free();
  });

  test('leave the queue when the caller aborts', async () => {
    const { wire, credentials, locks, tab } = tabsOn([granted]);
    const free = await hold(locks, credentials);
    const refresh = tab();
    const controller = new AbortController();
    const left = refresh({ signal: controller.signal });
    controller.abort('enough');
    await expect(left).rejects.toBe('enough');
    free();
    expect(wire.reached).toEqual([]);
    expect(await refresh()).toMatchObject({ outcome: 'refreshed' });
  });

  test('go on when a script steals the lock', async () => {
    const stolen = new DOMException('stolen', 'AbortError');
    const locks: Locks = {
      request: (_, __, run) => Promise.race([run(), Promise.reject(stolen)]),
    };
    const { wire, tab } = tabsOn([granted], { locks });
    expect(await tab()()).toMatchObject({ outcome: 'refreshed', grant: eos.granted });
    expect(wire.reached).toHaveLength(1);
  });

  test('pass on what their store throws, once', async () => {
    const full = new Error('QuotaExceededError');
    const { wire, credentials, tab } = tabsOn([granted]);
    const store: Store = { ...credentials, write: () => Promise.reject(full) };
    await expect(tab({}, store)()).rejects.toBe(full);
    expect(wire.reached).toHaveLength(1);
  });

  test.for([
    { what: 'set back by a day', turn: -86_400_000, left: 920 },
    { what: 'set back by a second', turn: -1000, left: 921 },
    { what: 'right', turn: 0, left: 920 },
    { what: 'set forward by a minute', turn: 60_000, left: 860 },
  ])('do not overrate an answer by a clock that is $what meanwhile', async ({ turn, left }) => {
    const clock = clockwork(0);
    // Another tab is answered, and frees the lock ten seconds later.
    const locks: Locks = {
      async request(_, __, run) {
        const last = { at: clock.now(), grant: eos.granted, expiresIn: 930 };
        await credentials.write({ credential: another, last });
        clock.pass(10_000);
        clock.set(clock.now() + turn);
        return run();
      },
    };
    const { credentials, tab } = tabsOn([cuts], { ...timeOf(clock), locks });
    expect(await tab()()).toMatchObject({ outcome: 'refreshed', expiresIn: left });
  });
});

describe('a login or logout during a refresh', () => {
  /** A refresh during whose first request the store changes. */
  async function during(change: (store: Store) => void, ...answers: readonly Answer[]) {
    const [first = cuts, ...later] = answers;
    const changing: Answer = (sent) => {
      change(on.credentials);
      return first(sent);
    };
    const on = tabsOn([changing, ...later], { locks: undefined });
    return { ...on, outcome: await on.tab()() };
  }
  const login = (store: Store) => store.write({ credential: another });

  test('is not answered with the session before it', async () => {
    const theirs = { ...eos.granted, secureCode: 'login', profile: { displayName: 'Bar' } };
    const { wire, credentials, outcome } = await during(login, granted, says(200, theirs));
    expect(outcome).toMatchObject({ outcome: 'refreshed', grant: theirs });
    expect(secretsOf(wire)).toEqual(['secret-code', 'login']);
    expect((await credentials.read())?.credential).toEqual(another);
  });

  test('is not ended by the end of the session before it', async () => {
    const { outcome } = await during(login, refuses(eos, 'revoked'), granted);
    expect(outcome).toMatchObject({ outcome: 'refreshed' });
  });

  test('is told from a refresh of another tab that shows late', async () => {
    const grant = { ...eos.granted, secureCode: 'theirs' };
    // By a clock that was set back since.
    const last = { at: Date.UTC(2026, 0, 16), grant, expiresIn: 60 };
    const { wire, outcome } = await during((store) => {
      store.write({ credential: { ...eos.credential, secureCode: 'theirs' }, last });
    }, granted);
    expect(outcome).toEqual({ outcome: 'refreshed', grant, expiresIn: 60 });
    expect(wire.reached).toHaveLength(1);
  });

  test('is not undone: a user who logged out stays so', async () => {
    const { values, ...local } = storage();
    const credentials: Store = inStorage(local, 'session');
    credentials.write({ credential: eos.credential });
    const { tab } = tabsOn([
      (sent) => {
        values.clear();
        return granted(sent);
      },
    ]);
    expect(await tab({}, credentials)()).toEqual({ outcome: 'ended', code: 'no-credential' });
    expect(values.size).toBe(0);
  });

  test('gives up with the cause login after the third', async () => {
    let logins = 0;
    const { wire, outcome } = await during(() => undefined, granted);
    expect([wire.reached.length, outcome.outcome]).toEqual([1, 'refreshed']);
    const busy: Answer = (sent) => {
      on.credentials.write({ credential: { ...another, secureCode: String(logins++) } });
      return granted(sent);
    };
    const on = tabsOn([busy], { locks: undefined });
    expect(await on.tab()()).toEqual({ outcome: 'retry-later', cause: 'login' });
    expect(logins).toBe(3);
  });
});

describe('tabs in processes of their own, whose stores do not show each other’s writes', () => {
  /** Three tabs that have only the lock and the channel in common. */
  function processes(answers: readonly Answer[], runtime: Partial<Runtime> = {}, client = eos) {
    const wire = failingWire(...answers);
    const sharedAs = randomUUID();
    const all = { fetch: wire.fetch, ...runtime };
    const tabs = [0, 1, 2].map(() => {
      let stored: Stored<Fields, unknown> | undefined = { credential: client.credential };
      const write = (next: typeof stored) => {
        stored = next;
      };
      const store: Store = { sharedAs, read: () => stored, write };
      const retry = { attempts: 1 };
      return {
        store,
        refresh: client.make({ url: wire.url, credentials: store, runtime: all, retry }),
      };
    });
    const refreshAll = (some = tabs) => Promise.all(some.map(({ refresh }) => refresh()));
    return { tabs, wire, refreshAll, name: `session-refresh ${sharedAs}` };
  }

  test.for(clients)('send one request for $name at once', async (client) => {
    const { tabs, wire, refreshAll } = processes([says(200, client.granted)], {}, client);
    const [first, ...others] = await refreshAll();
    expect(first).toMatchObject({ outcome: 'refreshed' });
    for (const other of others)
      expect(other).toMatchObject({ ...first, expiresIn: expect.any(Number) });
    expect(wire.reached).toHaveLength(1);
    // An answer from before a call does not count for it.
    await tabs[1]?.refresh();
    expect(wire.reached).toHaveLength(2);
  });

  test('refresh by themselves at once after one that failed', async () => {
    // A message takes longer than no time at all.
    const slow: Answer = async (sent) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return granted(sent);
    };
    // No timer ends: they do not wait for it.
    const { wire, refreshAll } = processes([cuts, slow], { timer: () => () => undefined });
    const outcomes = (await refreshAll()).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['retry-later', 'refreshed', 'refreshed']);
    expect(wire.reached).toHaveLength(2);
  });

  const fails = () => {
    throw new DOMException('SecurityError');
  };
  test.for([
    { what: 'there is no channel', channel: undefined },
    { what: 'none may be opened', channel: fails },
    { what: 'it is silent', channel: () => ({ post: () => undefined, close: () => undefined }) },
    { what: 'it posts nothing', channel: () => ({ post: fails, close: () => undefined }) },
  ])('refresh each by itself where $what', async ({ channel }) => {
    const { wire, refreshAll } = processes([granted], { channel });
    for (const outcome of await refreshAll())
      expect(outcome).toMatchObject({ outcome: 'refreshed' });
    expect(wire.reached).toHaveLength(3);
  });

  test('take no answer for another login', async () => {
    const { tabs, wire, refreshAll } = processes([
      (sent) => {
        tabs[1]?.store.write({ credential: another });
        return granted(sent);
      },
    ]);
    await refreshAll(tabs.slice(0, 2));
    expect(secretsOf(wire)).toEqual(['secret-code', 'login']);
  });

  const { credential } = eos;
  const last = { at: 1, grant: { profile: 'forged' }, expiresIn: 1 };
  test.for([
    null,
    'text',
    [],
    {},
    { before: null, after: null },
    { before: { credential }, after: { credential } },
    { before: { credential }, after: { credential: 'text', last } },
    { before: { credential: 'text' }, after: { credential, last } },
    { before: { credential }, after: { credential, last: { ...last, at: '1' } } },
    { before: { credential }, after: { credential, last: { ...last, expiresIn: Number.NaN } } },
    { before: { credential }, after: { credential, last: { ...last, grant: null } } },
    { before: { credential: another }, after: { credential, last } },
  ])('ignore a message that is not an answer for them: %j', async (message) => {
    const forged: Answer = (sent) => {
      const channel = new BroadcastChannel(name);
      channel.postMessage(message);
      channel.close();
      return cuts(sent);
    };
    const { tabs, wire, refreshAll, name } = processes([forged, granted]);
    const [, second] = await refreshAll(tabs.slice(0, 2));
    expect(second).toMatchObject({ outcome: 'refreshed', grant: eos.granted });
    expect(wire.reached).toHaveLength(2);
  });

  test('close their channels', async () => {
    const open = new Set<object>();
    const channel = () => {
      const opened = { post: () => undefined, close: () => open.delete(opened) };
      open.add(opened);
      return opened;
    };
    const { refreshAll } = processes([cuts, granted], { channel });
    await refreshAll();
    expect(open.size).toBe(0);
  });
});

describe('maxAge', () => {
  const minute = 60_000;

  test('takes an answer that is no older, and tells what is left of it', async () => {
    const clock = clockwork(0);
    const date = { Date: 'Thu, 15 Jan 2026 12:00:00 GMT' };
    const { wire, tab } = tabsOn([says(200, eos.granted, date)], timeOf(clock));
    await tab()();
    clock.pass(10 * minute);
    const left = { outcome: 'refreshed', grant: eos.granted, expiresIn: 20 * 60 };
    expect(await tab()({ maxAge: 600 })).toEqual(left);
    expect(wire.reached).toHaveLength(1);
    await tab()({ maxAge: 599 });
    expect(wire.reached).toHaveLength(2);
  });

  test('takes no answer from the future, and none where there is none', async () => {
    for (const last of [{ at: Date.UTC(2026, 0, 15, 13), grant: {}, expiresIn: 1 }, undefined]) {
      const { wire, credentials, tab } = tabsOn([granted]);
      credentials.write({ credential: eos.credential, ...(last && { last }) });
      await tab()({ maxAge: 100_000 });
      expect(wire.reached).toHaveLength(1);
    }
  });

  test('takes no answer after the clock was set back, until the next refresh', async () => {
    const clock = clockwork(0);
    const { wire, tab } = tabsOn([granted, cuts, cuts, cuts, cuts, granted], timeOf(clock));
    const refresh = tab();
    await refresh();
    clock.pass(20 * minute);
    // By this clock the answer is one minute old.
    clock.set(clock.now() - 19 * minute);
    expect(await refresh({ maxAge: 600 })).toMatchObject({ outcome: 'retry-later' });
    expect(await refresh({ maxAge: 600 })).toMatchObject({ outcome: 'refreshed' });
    expect(wire.reached).toHaveLength(6);
    clock.pass(minute);
    await refresh({ maxAge: 600 });
    expect(wire.reached).toHaveLength(6);
  });
});

describe('a store in storage', () => {
  test.for([
    undefined,
    'secret-code',
    '{"credential":{"sessionId":"secret',
    'null',
    '[1]',
    '1',
    '{"credential":"secret"}',
    '{"credential":null}',
  ])('is empty with the value %s', (text) => {
    const values = storage();
    if (text !== undefined) values.setItem('session', text);
    expect(inStorage(values, 'session').read()).toBeUndefined();
  });

  test('reads what it wrote', () => {
    const store: Store = inStorage(storage(), 'session');
    const stored = { credential: eos.credential, last: { at: 1, grant: {}, expiresIn: 2 } };
    store.write(stored);
    expect(store.read()).toEqual(stored);
  });
});
