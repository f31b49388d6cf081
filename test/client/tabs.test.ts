import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type CredentialStore, inStorage } from '../../client/credentials.ts';
import type { Locks } from '../../client/runtime.ts';
import { realRoutes, serve } from '../local/wire.ts';
import { test as worldTest } from '../support/world.ts';
import {
  type Answer,
  clientOf,
  clients,
  clockwork,
  type Fields,
  failingWire,
  lockManager,
  opened,
  type Store,
  says,
  timeOf,
  urlOf,
} from './support.ts';

/** As much of `localStorage` as is used. */
function storage() {
  const values = new Map<string, string>();
  return {
    values,
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => {
      values.set(key, value);
    },
  };
}

/** A store that two tabs of a test share, under a name that no other test has. */
function shared(credential: Fields): Store {
  const store: Store = inStorage(storage(), `session-${randomUUID()}`);
  store.write({ credential });
  return store;
}

/** Node 22 has no Web Locks yet. */
const own = globalThis.navigator?.locks as Locks | undefined;

const managers: readonly { readonly what: string; make(): Locks | undefined }[] = [
  { what: 'a stand-in', make: lockManager },
  { what: 'Node’s own', make: () => own },
];
const here = managers.filter(({ make }) => make());
const rows = here.flatMap((manager) =>
  clients.map((client) => ({ name: client.name, client, ...manager })),
);

const eos = clientOf('eos');

/** Holds the lock of a store as another tab would; what frees it. */
async function held(locks: Locks | undefined, { sharedAs }: Store): Promise<() => void> {
  const granted = Promise.withResolvers<void>();
  const freed = Promise.withResolvers<void>();
  const { signal } = new AbortController();
  void locks?.request(`session-refresh ${sharedAs}`, { signal }, () => {
    granted.resolve();
    return freed.promise;
  });
  await granted.promise;
  return () => freed.resolve();
}

describe('tabs that share a store', () => {
  worldTest.for(rows)('send one request for $name at once, by $what', async (row, { world }) => {
    const { client, make } = row;
    const credential = await opened(client, world);
    world.requests.length = 0;
    const url = urlOf(await serve(realRoutes(world)), client.contract);
    const [credentials, locks] = [shared(credential), make()];
    const tabs = Array.from({ length: 5 }, () =>
      client.make({ url, credentials, runtime: { locks } }),
    );
    const outcomes = await Promise.all(tabs.map((refresh) => refresh()));
    expect(world.requests).toHaveLength(1);
    const { expiresIn: _, ...first } = { expiresIn: 0, ...outcomes[0] };
    expect(first).toMatchObject({ outcome: 'refreshed' });
    for (const outcome of outcomes) expect(outcome).toMatchObject(first);
    // The next one is a refresh of its own again.
    await tabs[0]?.();
    expect(world.requests).toHaveLength(2);
  });

  test.skipIf(!own)(
    'take turns by the platform’s own locks where they are handed none',
    async () => {
      const wire = await failingWire(says(200, eos.granted));
      const credentials = shared(eos.credential);
      const tab = () => eos.make({ url: wire.url, credentials });
      await Promise.all([tab()(), tab()()]);
      expect(wire.reached).toHaveLength(1);
    },
  );

  test('present the credential that the other one was given', async () => {
    const rotating = says(200, { ...eos.granted, secureCode: 'secret-2' });
    const wire = await failingWire(rotating);
    const credentials = shared(eos.credential);
    const options = { url: wire.url, credentials, runtime: { locks: lockManager() } };
    await eos.make(options)();
    await eos.make(options)();
    expect(wire.reached.map(({ body }) => body)).toEqual([
      'sessionId=secret-id&secureCode=secret-code',
      'sessionId=secret-id&secureCode=secret-2',
    ]);
  });

  test('that waited for one that failed try themselves, with the newest credential', async () => {
    const { status, body } = eos.contract.refuse('failed', 'id');
    const credentials = shared(eos.credential);
    const login: Answer = (response) => {
      credentials.write({ credential: { sessionId: 'another', secureCode: 'login' } });
      response.writeHead(status).end(body);
    };
    const wire = await failingWire(login, says(200, eos.granted));
    const options = {
      url: wire.url,
      credentials,
      patience: { attempts: 1 },
      runtime: { ...timeOf(clockwork(0)), locks: lockManager() },
    };
    const outcomes = await Promise.all([eos.make(options)(), eos.make(options)()]);
    expect(outcomes).toMatchObject([{ outcome: 'refreshed' }, { outcome: 'refreshed' }]);
    expect(wire.reached.slice(1).map(({ body }) => body)).toEqual([
      'sessionId=another&secureCode=login',
    ]);
  });

  test('name their lock after the store, and no secret', async () => {
    const wire = await failingWire(says(200, eos.granted));
    const credentials = shared(eos.credential);
    const locks = lockManager();
    await eos.make({ url: wire.url, credentials, runtime: { locks } })();
    expect(locks.names).toEqual([`session-refresh ${credentials.sharedAs}`]);
    expect(JSON.stringify(locks.names)).not.toContain('secret');
  });

  test('take no turns where nobody shares the credential', async () => {
    const wire = await failingWire(says(200, eos.granted));
    const locks = lockManager();
    await eos.make({ url: wire.url, credentials: eos.credential, runtime: { locks } })();
    expect(locks.names).toEqual([]);
  });

  worldTest.for(clients)(
    'refresh $name both where there are no locks',
    async (client, { world }) => {
      const credentials = shared(await opened(client, world));
      const url = urlOf(await serve(realRoutes(world)), client.contract);
      const options = { url, credentials, runtime: { locks: undefined } };
      const [one, other] = [client.make(options), client.make(options)];
      for (let round = 0; round < 3; round += 1)
        expect(await Promise.all([one(), other()])).toMatchObject([
          { outcome: 'refreshed' },
          { outcome: 'refreshed' },
        ]);
    },
  );

  test('refresh nevertheless where locks are denied', async () => {
    const wire = await failingWire(says(200, eos.granted));
    const locks: Locks = { request: () => Promise.reject(new Error('SecurityError')) };
    const credentials = shared(eos.credential);
    const refresh = eos.make({ url: wire.url, credentials, runtime: { locks } });
    expect(await refresh()).toMatchObject({ outcome: 'refreshed' });
    expect(wire.reached).toHaveLength(1);
  });

  test.for(here)(
    'refresh nevertheless behind a tab that keeps the lock of $what',
    async ({ make }) => {
      const wire = await failingWire(says(200, eos.granted));
      const credentials = shared(eos.credential);
      const locks = make();
      const free = await held(locks, credentials);
      const patience = { totalMs: 500 };
      const refresh = eos.make({ url: wire.url, credentials, patience, runtime: { locks } });
      expect(await refresh()).toMatchObject({ outcome: 'refreshed' });
      free();
    },
  );

  test.for(here)('leave the queue of $what where the caller aborts', async ({ make }) => {
    const wire = await failingWire(says(200, eos.granted));
    const credentials = shared(eos.credential);
    const locks = make();
    const free = await held(locks, credentials);
    const refresh = eos.make({ url: wire.url, credentials, runtime: { locks } });
    const controller = new AbortController();
    const left = refresh({ signal: controller.signal });
    controller.abort('enough');
    await expect(left).rejects.toBe('enough');
    free();
    expect(wire.reached).toEqual([]);
    expect(await refresh()).toMatchObject({ outcome: 'refreshed' });
  });

  test.for([
    { what: 'set back by a day', turn: -86_400_000, left: 920 },
    { what: 'set back by a second', turn: -1000, left: 921 },
    { what: 'right', turn: 0, left: 920 },
    { what: 'set forward by a minute', turn: 60_000, left: 860 },
  ])('tell no more than a grant holds by a clock that is $what meanwhile', async (row) => {
    const ccstore = clientOf('ccstore');
    const clock = clockwork(0);
    const credentials = shared(ccstore.credential);
    // Another tab answers, ten seconds later it frees the lock.
    const locks: Locks = {
      async request(_, __, run) {
        const last = { at: clock.now(), grant: ccstore.granted, expiresIn: 930 };
        await credentials.write({ credential: { accessToken: 'secret-next' }, last });
        clock.pass(10_000);
        clock.set(clock.now() + row.turn);
        return run();
      },
    };
    const runtime = { ...timeOf(clock), locks };
    const refresh = ccstore.make({ url: 'http://127.0.0.1:1/', credentials, runtime });
    expect(await refresh()).toMatchObject({ outcome: 'refreshed', expiresIn: row.left });
  });

  test.for(here)('keep their turn where somebody steals the lock of $what', async ({ what }) => {
    const credentials = shared(eos.credential);
    const stolen = new DOMException('stolen', 'AbortError');
    const stealing: Locks = {
      request: (_, __, run) => Promise.race([run(), Promise.reject(stolen)]),
    };
    const wire = await failingWire(async (response, request) => {
      // Types of Node know no `steal`.
      const options = { steal: true } as object as { readonly signal: AbortSignal };
      if (what !== 'a stand-in')
        await own?.request(`session-refresh ${credentials.sharedAs}`, options, async () => {});
      says(200, eos.granted)(response, request);
    });
    const locks = what === 'a stand-in' ? stealing : own;
    const refresh = eos.make({ url: wire.url, credentials, runtime: { locks } });
    expect(await refresh()).toMatchObject({ outcome: 'refreshed', grant: eos.granted });
    expect(wire.reached).toHaveLength(1);
  });

  test('pass on what their store throws, once', async () => {
    const wire = await failingWire(says(200, eos.granted));
    const full = new Error('QuotaExceededError');
    const credentials: Store = {
      sharedAs: 'full',
      read: () => ({ credential: eos.credential }),
      write: () => Promise.reject(full),
    };
    const refresh = eos.make({ url: wire.url, credentials, runtime: { locks: lockManager() } });
    await expect(refresh()).rejects.toBe(full);
    expect(wire.reached).toHaveLength(1);
  });
});

describe('a login or logout during a refresh', () => {
  /** A client whose store changes while its first request is answered. */
  async function during(change: (store: Store) => void, ...answers: readonly Answer[]) {
    const credentials = shared(eos.credential);
    const [first, ...later] = answers;
    const changing: Answer = (response, request) => {
      change(credentials);
      first?.(response, request);
    };
    const wire = await failingWire(changing, ...later);
    const runtime = { ...timeOf(clockwork(0)), locks: undefined };
    return { wire, credentials, refresh: eos.make({ url: wire.url, credentials, runtime }) };
  }
  const another = { sessionId: 'another', secureCode: 'login' };
  const login = (store: Store) => store.write({ credential: another });
  const { status, body } = eos.contract.refuse('revoked', 'id');

  test('is not answered with the session before it', async () => {
    const theirs = { ...eos.granted, secureCode: 'login', profile: { displayName: 'Bar' } };
    const { wire, credentials, refresh } = await during(
      login,
      says(200, eos.granted),
      says(200, theirs),
    );
    expect(await refresh()).toMatchObject({ outcome: 'refreshed', grant: theirs });
    expect(wire.reached[1]?.body).toBe('sessionId=another&secureCode=login');
    expect((await credentials.read())?.credential).toEqual(another);
  });

  test('is told from a refresh of another tab that shows late, whose answer will do', async () => {
    const grant = { ...eos.granted, secureCode: 'theirs' };
    const late = (store: Store) =>
      store.write({
        credential: { ...eos.credential, secureCode: 'theirs' },
        // By a clock that was set back since.
        last: { at: Date.UTC(2026, 0, 16), grant, expiresIn: 60 },
      });
    const { wire, credentials, refresh } = await during(late, says(200, eos.granted));
    expect(await refresh()).toEqual({ outcome: 'refreshed', grant, expiresIn: 60 });
    expect(wire.reached).toHaveLength(1);
    expect((await credentials.read())?.credential).toMatchObject({ secureCode: 'theirs' });
  });

  test('is not ended by the end of the session before it', async () => {
    const { refresh } = await during(login, says(status, body), says(200, eos.granted));
    expect(await refresh()).toMatchObject({ outcome: 'refreshed' });
  });

  test('is not undone: who logged out stays so', async () => {
    const store = storage();
    const credentials: Store = inStorage(store, 'session');
    credentials.write({ credential: eos.credential });
    const wire = await failingWire((response, request) => {
      store.values.clear();
      says(200, eos.granted)(response, request);
    });
    const refresh = eos.make({ url: wire.url, credentials, runtime: { locks: undefined } });
    expect(await refresh()).toEqual({ outcome: 'ended', code: 'no-credential' });
    expect(store.values.size).toBe(0);
    expect(wire.reached).toHaveLength(1);
  });

  test('does not go on for ever', async () => {
    const wire = await failingWire(says(200, eos.granted));
    let reads = 0;
    const restless: Store = {
      read: () => ({ credential: { sessionId: 'secret-id', secureCode: String(reads++) } }),
      write: () => undefined,
    };
    const refresh = eos.make({ url: wire.url, credentials: restless });
    expect(await refresh()).toEqual({ outcome: 'retry-later', cause: 'login' });
    expect(wire.reached).toHaveLength(3);
  });
});

describe('maxAge', () => {
  const minutes = 60_000;
  const atNoon = { Date: 'Thu, 15 Jan 2026 12:00:00 GMT' };

  test('takes an answer that is no older, and says how long it still holds', async () => {
    const wire = await failingWire(says(200, eos.granted, atNoon));
    const clock = clockwork(0);
    const credentials = shared(eos.credential);
    const runtime = { ...timeOf(clock), locks: undefined };
    const tab = () => eos.make({ url: wire.url, credentials, runtime });
    await tab()();
    clock.pass(10 * minutes);
    expect(await tab()({ maxAge: 600 })).toEqual({
      outcome: 'refreshed',
      grant: eos.granted,
      expiresIn: 20 * 60,
    });
    expect(wire.reached).toHaveLength(1);
    await tab()({ maxAge: 599 });
    expect(wire.reached).toHaveLength(2);
  });

  test.for([
    { what: 'from the future', last: { at: Date.UTC(2026, 0, 15, 13), grant: {}, expiresIn: 1 } },
    { what: 'of no refresh', last: undefined },
  ])('takes no answer $what', async ({ last }) => {
    const wire = await failingWire(says(200, eos.granted));
    const credentials: CredentialStore<Fields, unknown> = shared(eos.credential);
    credentials.write({ credential: eos.credential, ...(last && { last }) });
    const runtime = timeOf(clockwork(0));
    await eos.make({ url: wire.url, credentials, runtime })({ maxAge: 100_000 });
    expect(wire.reached).toHaveLength(1);
  });
});

describe('retry-later', () => {
  test.for([
    { what: 'still holds', turn: 600_000, left: { expiresIn: 330 } },
    { what: 'holds no more', turn: 931_000, left: { expiresIn: 0 } },
    { what: 'holds nobody knows how long: the clock was set back', turn: -1, left: {} },
  ])('says how long the answer before $what', async ({ turn, left }) => {
    const clock = clockwork(0);
    const credentials = shared(eos.credential);
    const last = { at: clock.now(), grant: eos.granted, expiresIn: 930 };
    credentials.write({ credential: eos.credential, last });
    clock.set(clock.now() + turn);
    const wire = await failingWire(says(503, ''));
    const runtime = { ...timeOf(clock), locks: undefined };
    const refresh = eos.make({ url: wire.url, credentials, runtime });
    expect(await refresh()).toEqual({
      outcome: 'retry-later',
      cause: 'status',
      status: 503,
      ...left,
    });
  });
});

describe('a store in storage', () => {
  test.for([
    { what: 'nothing', text: undefined },
    { what: 'nonsense', text: 'secret-code' },
    { what: 'half of it', text: '{"credential":{"sessionId":"secret' },
    { what: 'null', text: 'null' },
    { what: 'a list', text: '[1]' },
    { what: 'a number', text: '1' },
    { what: 'another shape', text: '{"credential":"secret"}' },
    { what: 'a null credential', text: '{"credential":null}' },
  ])('reads $what as nobody', ({ text }) => {
    const values = storage();
    if (text !== undefined) values.setItem('session', text);
    expect(inStorage(values, 'session').read()).toBeUndefined();
  });

  test('reads what it wrote', () => {
    const store: Store = inStorage(storage(), 'session');
    const kept = { credential: eos.credential, last: { at: 1, grant: eos.granted, expiresIn: 2 } };
    store.write(kept);
    expect(store.read()).toEqual(kept);
  });
});
