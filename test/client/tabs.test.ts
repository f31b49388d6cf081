import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { inStorage } from '../../client/credentials.ts';
import type { Locks, Runtime } from '../../client/runtime.ts';
import {
  type Answer,
  type Client,
  clientOf,
  clientOn,
  clients,
  clockwork,
  cuts,
  failingWire,
  meanwhile,
  noon,
  refuses,
  type Store,
  says,
  storeOf,
} from './support.ts';

const eos = clientOf('eos');
const granted = says(200, eos.granted);
const another = { sessionId: 'another', secureCode: 'login' };
const one = { attempts: 1 };
const refreshed = (times: number) => Array(times).fill({ outcome: 'refreshed' });
const secretsOf = (reached: readonly Request[]) =>
  Promise.all(
    reached.map(async (sent) => new URLSearchParams(await sent.text()).get('secureCode')),
  );

/** `localStorage`, as far as it is used. */
function storage(values = new Map<string, string>()) {
  return {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
  };
}

/** Node's own Web Locks. */
const platformLocks = globalThis.navigator.locks as unknown as Locks;

/** Tabs on one wire. By default they share a store and the platform's locks and channel. */
function tabsOn(answers: readonly Answer[], runtime: Partial<Runtime> = {}, client: Client = eos) {
  const sharedAs = `session-${randomUUID()}`;
  const credentials = storeOf(client.credential, { sharedAs });
  const wire = failingWire(...answers);
  const all = { ...clockwork(0), locks: platformLocks, fetch: wire.fetch, ...runtime };
  const tab = (more: Partial<Parameters<Client['make']>[0]> = {}) =>
    client.make({ url: wire.url, credentials, runtime: all, ...more });
  /** Tabs in processes of their own, whose stores do not show each other’s writes. */
  const processes = [0, 1, 2].map(() => {
    const store = storeOf(client.credential, { sharedAs });
    return { store, refresh: tab({ credentials: store, retry: one }) };
  });
  const refreshAll = (some = processes) => Promise.all(some.map(({ refresh }) => refresh()));
  return { ...wire, credentials, tab, processes, refreshAll, name: `session-refresh ${sharedAs}` };
}

/** Holds the lock of a store as another tab would, until the returned function is called. */
function hold(name: string): Promise<() => void> {
  return new Promise((held) => {
    void platformLocks.request(name, {}, () => new Promise<void>((free) => held(free)));
  });
}

describe('tabs that share a store', () => {
  test.for(clients)('send one request for $name, in one process or more', async (client) => {
    for (const apart of [false, true]) {
      const { reached, tab, processes } = tabsOn([says(200, client.granted)], {}, client);
      const tabs = processes.map(({ refresh }) => (apart ? refresh : tab()));
      const [first, ...others] = await Promise.all(tabs.map((refresh) => refresh()));
      expect(first).toMatchObject({ outcome: 'refreshed' });
      const same = { ...first, expiresIn: expect.any(Number) };
      expect(others).toEqual([same, same]);
      expect(reached).toHaveLength(1);
      // An answer from before a call does not count for it.
      await tabs[1]?.();
      expect(reached).toHaveLength(2);
    }
  });

  test('lock by the name of the store, and present the credential that it has by then', async () => {
    const names: string[] = [];
    const locks: Locks = {
      request(name, ...rest) {
        names.push(name);
        return platformLocks.request(name, ...rest);
      },
    };
    const { reached, name, tab } = tabsOn([granted], { locks });
    const unshared = storeOf(eos.credential);
    for (const credentials of [{}, {}, { credentials: unshared }]) await tab(credentials)();
    expect(names).toEqual([name, name]);
    expect(await secretsOf(reached)).toEqual(['secret-code', 'secret-next', 'secret-code']);
  });

  test('refresh by themselves, with the newest credential, after one that failed', async () => {
    const login = () => credentials.write({ credential: another });
    const { reached, credentials, tab } = tabsOn([meanwhile(login, cuts), granted]);
    const outcomes = [tab({ retry: one })(), tab({ retry: one })()];
    expect(await Promise.all(outcomes)).toMatchObject(refreshed(2));
    expect(await secretsOf(reached)).toEqual(['secret-code', 'login']);
  });

  const denies: Locks = { request: () => Promise.reject(new Error('SecurityError')) };
  test.for([
    { what: 'the platform has no locks', locks: undefined },
    { what: 'the platform denies them', locks: denies },
  ])('refresh once each, all the same, where $what', async ({ locks }) => {
    const { reached, tab } = tabsOn([granted], { locks });
    expect(await Promise.all([tab()(), tab()()])).toMatchObject(refreshed(2));
    expect(reached).toHaveLength(2);
  });

  test('go on when a script steals the lock', async () => {
    const steal = () => navigator.locks.request(name, { steal: true }, () => undefined);
    const { reached, name, tab } = tabsOn([meanwhile(steal, granted)]);
    expect(await tab()()).toMatchObject({ outcome: 'refreshed' });
    expect(reached).toHaveLength(1);
  });

  test('leave the queue when the caller aborts, and refresh all the same after some time', async () => {
    const { reached, name, tab } = tabsOn([granted]);
    const free = await hold(name);
    const refresh = tab({ retry: { totalMs: 50 } });
    const controller = new AbortController();
    const left = refresh({ signal: controller.signal });
    controller.abort('enough');
    await expect(left).rejects.toBe('enough');
    expect(reached).toEqual([]);
    expect(await refresh()).toMatchObject({ outcome: 'refreshed' });
    free();
  });

  test('pass on what their store throws, once', async () => {
    const full = new Error('QuotaExceededError');
    const { reached, credentials, tab } = tabsOn([granted]);
    const throwing: Store = { ...credentials, write: () => Promise.reject(full) };
    await expect(tab({ credentials: throwing })()).rejects.toBe(full);
    expect(reached).toHaveLength(1);
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
        clock.turn(turn);
        return run();
      },
    };
    const { credentials, tab } = tabsOn([cuts], { ...clock, locks });
    expect(await tab()()).toMatchObject({ outcome: 'refreshed', expiresIn: left });
  });
});

describe('a login or logout during a refresh', () => {
  /** A refresh during whose first request the store changes. */
  async function during(change: (store: Store) => unknown, ...answers: readonly Answer[]) {
    const credentials = storeOf(eos.credential);
    const [first = cuts, ...later] = answers;
    const all = [meanwhile(() => change(credentials), first), ...later];
    const { reached, refresh } = clientOn(eos, all, { credentials });
    return { reached, credentials, outcome: await refresh() };
  }

  test.for([
    { what: 'answered with', first: granted },
    { what: 'ended by the end of', first: refuses(eos, 'revoked') },
  ])('is not $what the session before it', async ({ first }) => {
    const grant = { ...eos.granted, secureCode: 'login', profile: { displayName: 'Bar' } };
    const login = (store: Store) => store.write({ credential: another });
    const { reached, credentials, outcome } = await during(login, first, says(200, grant));
    expect(outcome).toMatchObject({ outcome: 'refreshed', grant });
    expect(await secretsOf(reached)).toEqual(['secret-code', 'login']);
    expect((await credentials.read())?.credential).toEqual(another);
  });

  // Half a minute after a lost answer, the service would take a repetition for the parent's, and replace
  // the other tab's secret as well.
  test.for([
    { what: 'that shows late', first: granted },
    { what: 'after which no request is repeated', first: cuts },
  ])('is told from a refresh of another tab $what', async ({ first }) => {
    const grant = { ...eos.granted, secureCode: 'theirs' };
    const credential = { ...eos.credential, secureCode: 'theirs' };
    // By a clock that was set back since.
    const last = { at: noon + 86_400_000, grant, expiresIn: 60 };
    const refresh = (store: Store) => store.write({ credential, last });
    const { reached, outcome } = await during(refresh, first);
    expect(outcome).toEqual({ outcome: 'refreshed', grant, expiresIn: 60 });
    expect(reached).toHaveLength(1);
  });

  test('is not undone: a user who logged out stays so', async () => {
    const values = new Map<string, string>();
    const credentials: Store = inStorage(storage(values), 'session');
    credentials.write({ credential: eos.credential });
    const logout = meanwhile(() => values.clear(), granted);
    const { refresh } = clientOn(eos, [logout], { credentials });
    expect(await refresh()).toEqual({ outcome: 'ended', code: 'no-credential' });
    expect(values.size).toBe(0);
  });

  test('gives up with the cause login after the third', async () => {
    let logins = 0;
    const next = () => ({ credential: { ...another, secureCode: String(logins++) } });
    const { outcome } = await during((store) => store.write(next()), granted);
    expect([outcome, logins]).toEqual([{ outcome: 'retry-later', cause: 'login' }, 3]);
  });
});

describe('tabs in processes of their own', () => {
  test('refresh by themselves at once after one that failed', async () => {
    // A message takes longer than no time at all.
    const slow: Answer = async (request) => {
      await setTimeout(50);
      return granted(request);
    };
    // No timer ends: they do not wait for it.
    const { reached, refreshAll } = tabsOn([cuts, slow], { timer: () => () => undefined });
    expect(await refreshAll()).toMatchObject([{ outcome: 'retry-later' }, ...refreshed(2)]);
    expect(reached).toHaveLength(2);
  });

  const fails = () => {
    throw new DOMException('SecurityError');
  };
  const open = new Set<object>();
  const opens = (post: () => void) => () => {
    const channel = { post, close: () => open.delete(channel) };
    open.add(channel);
    return channel;
  };
  test.for([
    { what: 'there is no channel', channel: undefined },
    { what: 'none may be opened', channel: fails },
    { what: 'it is silent', channel: opens(() => undefined) },
    { what: 'it posts nothing', channel: opens(fails) },
  ])('refresh each by itself where $what, and close their channels', async ({ channel }) => {
    const { reached, refreshAll } = tabsOn([granted], { channel });
    expect(await refreshAll()).toMatchObject(refreshed(3));
    expect([reached.length, open.size]).toEqual([3, 0]);
  });

  test('take no answer for another login', async () => {
    const login = () => processes[1]?.store.write({ credential: another });
    const { processes, reached, refreshAll } = tabsOn([meanwhile(login, granted)]);
    await refreshAll(processes.slice(0, 2));
    expect(await secretsOf(reached)).toEqual(['secret-code', 'login']);
  });

  const { credential } = eos;
  const before = { credential };
  const last = { at: 1, grant: { profile: 'forged' }, expiresIn: 1 };
  test.for([
    ...[null, {}, { before: null, after: null }, { before, after: before }],
    { before, after: { credential: 'text', last } },
    { before: { credential: 'text' }, after: { credential, last } },
    { before: { credential: another }, after: { credential, last } },
    { before, after: { credential, last: { ...last, at: '1' } } },
    { before, after: { credential, last: { ...last, expiresIn: Number.NaN } } },
    { before, after: { credential, last: { ...last, grant: null } } },
  ])('ignore a message that is not an answer for them: %j', async (message) => {
    const forge = () => {
      const channel = new BroadcastChannel(name);
      channel.postMessage(message);
      channel.close();
    };
    const { processes, refreshAll, name } = tabsOn([meanwhile(forge, cuts), granted]);
    const [, second] = await refreshAll(processes.slice(0, 2));
    expect(second).toMatchObject({ outcome: 'refreshed', grant: eos.granted });
  });
});

describe('maxAge', () => {
  const minute = 60_000;

  const last = { at: noon - 10 * minute, grant: eos.granted, expiresIn: 1000 };
  const ahead = { ...last, at: noon + minute };
  test.for([
    { what: 'takes an answer that is no older', maxAge: 600, stored: { last }, expiresIn: 400 },
    { what: 'takes no older answer', maxAge: 599, stored: { last }, expiresIn: 1800 },
    { what: 'takes none of the future', maxAge: 1e6, stored: { last: ahead }, expiresIn: 1800 },
    { what: 'takes none where there is none', maxAge: 1e6, stored: {}, expiresIn: 1800 },
  ])('$what', async ({ maxAge, stored, expiresIn }) => {
    const read = () => ({ credential: eos.credential, ...stored });
    const credentials = storeOf(eos.credential, { read });
    const { refresh } = clientOn(eos, [granted], { credentials });
    expect(await refresh({ maxAge })).toMatchObject({ outcome: 'refreshed', expiresIn });
  });

  test('takes no answer after the clock was set back, until the next refresh', async () => {
    const clock = clockwork(0);
    const { reached, tab } = tabsOn([granted, cuts, cuts, cuts, cuts, granted], clock);
    const refresh = tab();
    await refresh();
    clock.pass(20 * minute);
    // By this clock the answer is one minute old.
    clock.turn(-19 * minute);
    expect(await refresh({ maxAge: 600 })).toMatchObject({ outcome: 'retry-later' });
    expect(await refresh({ maxAge: 600 })).toMatchObject({ outcome: 'refreshed' });
    expect(reached).toHaveLength(6);
    clock.pass(minute);
    await refresh({ maxAge: 600 });
    expect(reached).toHaveLength(6);
  });
});

describe('a store in storage', () => {
  const texts = ['{"credential":{"', 'null', '1', '{"credential":"secret"}', '{"credential":null}'];
  test.for([undefined, ...texts])('is empty with the value %s', (text) => {
    const values = new Map(text === undefined ? [] : [['session', text]]);
    expect(inStorage(storage(values), 'session').read()).toBeUndefined();
  });

  test('reads what it wrote', () => {
    const store: Store = inStorage(storage(), 'session');
    const stored = { credential: eos.credential, last: { at: 1, grant: {}, expiresIn: 2 } };
    store.write(stored);
    expect(store.read()).toEqual(stored);
  });
});
