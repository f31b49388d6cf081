import { randomUUID } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Kept } from '../../client/credentials.ts';
import type { Runtime } from '../../client/runtime.ts';
import {
  type Answer,
  type Client,
  clientOf,
  clients,
  cuts,
  type Fields,
  failingWire,
  lockManager,
  type Store,
  says,
} from './support.ts';

const eos = clientOf('eos');

/** A tab whose process shows it nothing of what another one stores. */
interface Tab {
  readonly store: Store;
  readonly refresh: ReturnType<Client['make']>;
}

/** Tabs in processes of their own: only the lock and the platform's own channel are common to them. */
async function tabsOf(
  client: Client,
  answers: readonly Answer[],
  runtimes: Partial<Runtime>[] = [],
) {
  const wire = await failingWire(...answers);
  const sharedAs = randomUUID();
  const locks = lockManager();
  const tabs = [0, 1, 2].map((index): Tab => {
    let kept: Kept<Fields, unknown> | undefined = { credential: client.credential };
    const store: Store = {
      sharedAs,
      read: () => kept,
      write: (next) => {
        kept = next;
      },
    };
    const runtime = { locks, ...runtimes[index] };
    const patience = { attempts: 1 };
    return {
      store,
      refresh: client.make({ url: wire.url, credentials: store, runtime, patience }),
    };
  });
  return { tabs, wire, name: `session-refresh ${sharedAs}` };
}

/** Refreshes in all tabs at once. */
function allOf(tabs: readonly Tab[]) {
  return Promise.all(tabs.map(({ refresh }) => refresh()));
}

/** Sends others what a test wants, once a request is under way. */
function meanwhile(name: () => string, messages: readonly unknown[], then: Answer): Answer {
  return (...wire) => {
    const channel = new BroadcastChannel(name());
    for (const message of messages) channel.postMessage(message);
    channel.close();
    then(...wire);
  };
}

describe('tabs in processes of their own', () => {
  test.for(clients)('send one request for $name at once, and are all answered', async (client) => {
    const { tabs, wire } = await tabsOf(client, [says(200, client.granted)]);
    const [first, ...others] = await allOf(tabs);
    expect(first).toMatchObject({ outcome: 'refreshed' });
    for (const other of others)
      expect(other).toEqual({ ...first, expiresIn: expect.closeTo(Object(first).expiresIn, -1) });
    expect(wire.reached).toHaveLength(1);
    // The next one is a refresh of its own again.
    await tabs[1]?.refresh();
    expect(wire.reached).toHaveLength(2);
  });

  test('try themselves at once where the first one failed', async () => {
    const patient = { timer: () => () => undefined };
    const answers = [cuts, says(200, eos.granted)];
    const { tabs, wire } = await tabsOf(eos, answers, [patient, patient, patient]);
    expect(await allOf(tabs)).toMatchObject([
      { outcome: 'retry-later' },
      { outcome: 'refreshed' },
      { outcome: 'refreshed' },
    ]);
    expect(wire.reached).toHaveLength(2);
  });

  test.for([
    { what: 'have no channel', channel: undefined },
    {
      what: 'may open no channel',
      channel: () => {
        throw new DOMException('SecurityError');
      },
    },
    { what: 'hear nothing', channel: () => ({ say: () => undefined, close: () => undefined }) },
    {
      what: 'can send nothing',
      channel: () => ({
        say: () => {
          throw new DOMException('DataCloneError');
        },
        close: () => undefined,
      }),
    },
  ])('refresh each for itself where they $what', async ({ channel }) => {
    const { tabs, wire } = await tabsOf(eos, [says(200, eos.granted)], Array(3).fill({ channel }));
    for (const outcome of await allOf(tabs))
      expect(outcome).toMatchObject({ outcome: 'refreshed' });
    expect(wire.reached).toHaveLength(3);
  });

  const login = { sessionId: 'another', secureCode: 'login' };

  test.for([
    { what: 'a login', change: (store: Store) => store.write({ credential: login }), is: 'login' },
    {
      what: 'a login that was before',
      // The tab that asks does not see it.
      change: () => undefined,
      is: 'login',
      before: (store: Store) => store.write({ credential: login }),
    },
  ])('take no answer for another session: $what', async ({ change, before, is }) => {
    let changing = () => {};
    const { tabs, wire } = await tabsOf(eos, [
      (...answer) => {
        changing();
        says(200, eos.granted)(...answer);
      },
    ]);
    const [one, other] = tabs;
    if (!one || !other) throw new Error('there are no tabs');
    await before?.(other.store);
    changing = () => change(other.store);
    await allOf([one, other]);
    expect(wire.reached.map(({ body }) => body)).toEqual([
      'sessionId=secret-id&secureCode=secret-code',
      `sessionId=another&secureCode=${is}`,
    ]);
  });

  test('take no answer of before their own call', async () => {
    const { tabs, wire } = await tabsOf(eos, [says(200, eos.granted)]);
    const [one, other] = tabs;
    await one?.refresh();
    await other?.refresh();
    expect(wire.reached).toHaveLength(2);
  });

  const { credential } = eos;
  const last = { at: 1, grant: { profile: 'forged' }, expiresIn: 1 };

  test.for([
    null,
    'text',
    [],
    {},
    { was: null, now: null },
    { was: { credential }, now: { credential } },
    { was: { credential }, now: { credential: 'text', last } },
    { was: { credential: 'text' }, now: { credential, last } },
    { was: { credential }, now: { credential, last: { ...last, at: '1' } } },
    { was: { credential }, now: { credential, last: { ...last, expiresIn: Number.NaN } } },
    { was: { credential }, now: { credential, last: { ...last, grant: null } } },
    { was: { credential: login }, now: { credential, last } },
  ])('make nothing of a message that is no answer to them: %j', async (message) => {
    let name = '';
    // The first tab fails, and the second is at its turn with only that message.
    const made = await tabsOf(eos, [
      meanwhile(() => name, [message], cuts),
      says(200, eos.granted),
    ]);
    name = made.name;
    const [, second] = await allOf(made.tabs.slice(0, 2));
    expect(second).toMatchObject({ outcome: 'refreshed', grant: eos.granted });
    expect(made.wire.reached).toHaveLength(2);
  });

  test('leave no channel open', async () => {
    const open = new Set<object>();
    const heard: unknown[] = [];
    const runtime: Partial<Runtime> = {
      channel: () => {
        const channel = {
          say: (each: unknown) => heard.push(each),
          close: () => open.delete(channel),
        };
        open.add(channel);
        return channel;
      },
    };
    onTestFinished(() => open.clear());
    const { tabs } = await tabsOf(eos, [cuts, says(200, eos.granted)], [runtime, runtime]);
    await allOf(tabs.slice(0, 2));
    expect(heard).toHaveLength(4);
    expect(open.size).toBe(0);
  });
});
