import type { CredentialStore } from '../../client/credentials.ts';
import { inMemory, inStorage } from '../../client/credentials.ts';
import { keepFresh } from '../../client/keep-fresh.ts';
import type { Outcome } from '../../client/outcome.ts';
import type { Refresh } from '../../client/refresher.ts';
import type { Channel, Locks, Runtime } from '../../client/runtime.ts';
import type { Fields } from '../client/support.ts';
import { noon } from '../support/world.ts';
import type { Sent, Service, World } from './simulated-service.ts';
import type { VirtualTime } from './virtual-time.ts';

/** A browser or a phone: tabs that share a store, a Web Lock and a channel, and a clock that may be wrong. */
export interface Device {
  /** Opens a tab that keeps the session fresh. */
  openTab(): Tab;
  readonly tabs: readonly Tab[];
  /** The credential in its store. */
  credential(): Fields;
  /** The code with which a tab was told that the session is over. */
  ended(): string | undefined;
  /** Sets its clock wrong. */
  setClock(error: number): void;
}

export interface Tab {
  readonly refresh: Refresh<unknown, string>;
  /** Since when it runs without having been frozen, in milliseconds; nothing while it does not run. */
  runsSince(): number | undefined;
  /** Runs nothing of it for so long: timers and answers wait. */
  freeze(milliseconds: number): void;
  /** Runs nothing of it any more, and frees its locks. */
  close(): void;
}

/** What a device has, and whose it is. */
export interface DeviceOptions {
  readonly by: Sent['by'];
  readonly credential: Fields;
  readonly shares: boolean;
  readonly hasLocks: boolean;
  readonly hasChannel: boolean;
  /** Whether a page may read the header `Date`. */
  readonly readsDate: boolean;
  /** After how many milliseconds a tab sees what another one stored, at most. */
  readonly storageDelay: number;
}

export function simulatedDevice(
  { time, random, client, note }: World,
  service: Service,
  options: DeviceOptions,
): Device {
  const { by, credential, shares, hasLocks, hasChannel, readsDate, storageDelay } = options;
  const tabs: OpenTab[] = [];
  const storage = simulatedStorage(time, JSON.stringify({ credential }), storageDelay);
  const memory = inMemory<Fields, unknown>(credential);
  const locks = simulatedLocks();
  let clockError = 0;
  let ended: string | undefined;

  return {
    tabs,
    credential: () => credentialIn(shares ? JSON.parse(storage.newest()) : memory.read()),
    ended: () => ended,
    setClock(error) {
      clockError = error;
    },
    openTab() {
      const tab = newTab(time, () => locks.leave(tab));
      tabs.push(tab);
      const store: CredentialStore<Fields, unknown> = shares
        ? inStorage(storage.seenBy(tab), 'session')
        : memory;
      const runtime = runtimeOf(tab);
      const refresh = client.make({ url: 'http://127.0.0.1/refresh', credentials: store, runtime });
      const heard = <Heard extends Outcome<unknown, string>>(outcome: Heard) => {
        note(`${Math.round(time.now())} ms: ${by} is told: ${outcome.outcome}`);
        if (outcome.outcome === 'ended') ended ??= outcome.code;
        return outcome;
      };
      tab.refresh = async (wanted) => heard(await refresh(wanted));
      const unexpected = (error: unknown) =>
        service.problems.push(`a refresh rejects: ${String(error)}`);
      keepFresh(refresh, { runtime, onOutcome: heard }).catch(unexpected);
      return tab;
    },
  };

  function runtimeOf(tab: OpenTab): Partial<Runtime> {
    return {
      fetch: (request) => fetched(tab, request),
      now: () => noon * 1000 + time.now() + clockError,
      elapsed: time.now,
      random: random.next,
      timer: tab.later,
      sleep: (milliseconds, signal) =>
        new Promise((resolve, reject) => {
          if (signal.aborted) return reject(signal.reason);
          const stop = () => {
            cancel();
            reject(signal.reason);
          };
          const cancel = tab.later(milliseconds, () => {
            signal.removeEventListener('abort', stop);
            resolve();
          });
          signal.addEventListener('abort', stop);
        }),
      locks: hasLocks ? locks.of(tab) : undefined,
      channel: hasChannel ? (name, hear) => channelOf(tab, name, hear) : undefined,
    };
  }

  /** No request is under way for longer than ten seconds, which is when the client gives up as well. */
  function fetched(tab: OpenTab, request: Request): Promise<Response> {
    const travel = () =>
      random.happens(0.03) ? random.between(0, 10_000) : random.between(10, 200);
    return new Promise((resolve, reject) => {
      const { signal } = request;
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      time.work(async () => {
        const sent = {
          by,
          headers: Object.fromEntries(request.headers),
          body: await request.text(),
        };
        time.after(travel(), () =>
          time.work(async () => {
            const answer = await service.answer(sent);
            if (answer) {
              const { status, headers, text } = answer;
              if (!readsDate) headers.delete('Date');
              tab.later(travel(), () => resolve(new Response(text, { status, headers })));
            } else if (random.happens(0.5)) {
              tab.later(travel(), () => reject(new TypeError('Failed to fetch')));
            }
          }),
        );
      });
    });
  }

  function channelOf(tab: OpenTab, name: string, hear: (message: unknown) => void): Channel {
    const own = { name, hear };
    tab.channels.add(own);
    return {
      post(message) {
        const copy = structuredClone(message);
        for (const other of tabs)
          if (other !== tab)
            for (const channel of other.channels)
              if (channel.name === name)
                other.later(random.between(0, 5), () => channel.hear(copy));
      },
      close: () => tab.channels.delete(own),
    };
  }
}

interface OpenTab extends Tab {
  refresh: Refresh<unknown, string>;
  readonly channels: Set<{ readonly name: string; readonly hear: (message: unknown) => void }>;
  readonly later: Runtime['timer'];
  isClosed(): boolean;
}

function newTab(time: VirtualTime, onClose: () => void): OpenTab {
  let closed = false;
  let frozenUntil = 0;
  let runsSince = time.now();
  return {
    refresh: () => Promise.reject(new Error('the tab is not open yet')),
    channels: new Set(),
    isClosed: () => closed,
    runsSince: () => (closed || time.now() < frozenUntil ? undefined : runsSince),
    freeze(milliseconds) {
      frozenUntil = runsSince = time.now() + milliseconds;
    },
    close() {
      closed = true;
      onClose();
    },
    later(milliseconds, run) {
      let cancel = time.after(milliseconds, function awake() {
        if (closed) return;
        if (time.now() >= frozenUntil) return run();
        cancel = time.after(frozenUntil - time.now(), awake);
      });
      return () => cancel();
    },
  };
}

/** `localStorage`: a tab sees its own writes at once, and those of others a little later. */
function simulatedStorage(time: VirtualTime, first: string, delay: number) {
  const writes: { readonly at: number; readonly by?: Tab; readonly text: string }[] = [
    { at: Number.NEGATIVE_INFINITY, text: first },
  ];
  return {
    newest: () => writes.at(-1)?.text ?? '',
    seenBy: (tab: Tab) => ({
      getItem: () =>
        writes.findLast(({ at, by }) => by === tab || at + delay <= time.now())?.text ?? null,
      setItem: (_: string, text: string) => void writes.push({ at: time.now(), by: tab, text }),
    }),
  };
}

/** The Web Locks of a device; one name is all that a session needs. */
function simulatedLocks() {
  interface Entry {
    readonly tab: OpenTab;
    readonly grant: () => void;
  }
  let holder: OpenTab | undefined;
  let waiting: readonly Entry[] = [];

  const take = ({ tab, grant }: Entry) => {
    holder = tab;
    tab.later(1, grant);
  };
  const free = () => {
    holder = undefined;
    const [next, ...rest] = waiting;
    waiting = rest;
    if (next) take(next);
  };
  return {
    leave(tab: OpenTab) {
      waiting = waiting.filter((entry) => entry.tab !== tab);
      if (holder === tab) free();
    },
    of: (tab: OpenTab): Locks => ({
      request: (_, { signal, ifAvailable }, run) =>
        new Promise((resolve, reject) => {
          if (holder && ifAvailable) return run(null).then(resolve, reject);
          const granted = () => run({}).then(resolve, reject);
          const entry = { tab, grant: () => granted().finally(() => tab.isClosed() || free()) };
          if (!holder) return take(entry);
          waiting = [...waiting, entry];
          signal?.addEventListener('abort', () => {
            if (!waiting.includes(entry)) return;
            waiting = waiting.filter((other) => other !== entry);
            reject(signal.reason);
          });
        }),
    }),
  };
}

function credentialIn(kept: ReturnType<CredentialStore<Fields, unknown>['read']>): Fields {
  if (!kept || 'then' in kept) throw new Error('the store is empty');
  return kept.credential;
}
