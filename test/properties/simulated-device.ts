import { type CredentialStore, inMemory, inStorage } from '../../client/credentials.ts';
import { keepFresh } from '../../client/keep-fresh.ts';
import type { Outcome } from '../../client/outcome.ts';
import type { Refresh } from '../../client/refresher.ts';
import type { Channel, Locks, Runtime } from '../../client/runtime.ts';
import type { Fields, Store } from '../client/support.ts';
import { noon } from '../support/world.ts';
import type { Sent, Service, World } from './simulated-service.ts';
import type { VirtualTime } from './virtual-time.ts';

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

export type Device = ReturnType<typeof simulatedDevice>;

/** A browser or a phone: tabs that share a store, a Web Lock and a channel, and a clock that may be wrong. */
export function simulatedDevice(
  { time, random, client, note }: World,
  service: Service,
  { by, credential, shares, hasLocks, hasChannel, readsDate, storageDelay }: DeviceOptions,
) {
  const tabs: (Tab & { readonly refresh: Refresh<unknown, string> })[] = [];
  const storage = simulatedStorage(time, JSON.stringify({ credential }), storageDelay);
  const memory = inMemory<Fields, unknown>(credential);
  const locks = simulatedLocks();
  const channels = new Set<{ tab: Tab; name: string; hear: (message: unknown) => void }>();
  let clockError = 0;
  let ended: string | undefined;

  const heard = <Heard extends Outcome<unknown, string>>(outcome: Heard) => {
    note(`${Math.round(time.now())} ms: ${by} is told: ${outcome.outcome}`);
    if (outcome.outcome === 'ended') ended ??= outcome.code;
    return outcome;
  };
  return {
    tabs,
    /** The credential in its store. */
    credential: () => credentialIn(shares ? JSON.parse(storage.newest()) : memory.read()),
    /** The code with which a tab was told that the session is over. */
    ended: () => ended,
    /** Sets its clock wrong. */
    setClock(error: number) {
      clockError = error;
    },
    /** Opens a tab that keeps the session fresh. */
    openTab() {
      const tab = newTab(time, () => locks.leave(tab));
      const credentials: Store = shares ? inStorage(storage.seenBy(tab), 'session') : memory;
      const runtime = runtimeOf(tab);
      const refresh = client.make({ url: 'http://127.0.0.1/refresh', credentials, runtime });
      tabs.push({ ...tab, refresh: async (wanted) => heard(await refresh(wanted)) });
      const unexpected = (error: unknown) =>
        service.problems.push(`a refresh rejects: ${String(error)}`);
      keepFresh(refresh, { runtime, onOutcome: heard }).catch(unexpected);
      return tab;
    },
  };

  function runtimeOf(tab: Tab): Partial<Runtime> {
    return {
      fetch: (request) => fetched(tab, request),
      now: () => noon * 1000 + time.now() + clockError,
      elapsed: time.now,
      random: random.next,
      timer: tab.later,
      sleep: (milliseconds, signal) =>
        new Promise((resolve, reject) => {
          signal.throwIfAborted();
          const cancel = tab.later(milliseconds, resolve);
          signal.addEventListener('abort', () => {
            cancel();
            reject(signal.reason);
          });
        }),
      locks: hasLocks ? locks.of(tab) : undefined,
      channel: hasChannel ? (name, hear) => channelOf(tab, name, hear) : undefined,
    };
  }

  /** No request is under way for longer than ten seconds, which is when the client gives up as well. */
  function fetched(tab: Tab, request: Request): Promise<Response> {
    const travel = () =>
      random.happens(0.03) ? random.between(0, 10_000) : random.between(10, 200);
    return new Promise((resolve, reject) => {
      const { signal } = request;
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      time.work(async () => {
        const headers = Object.fromEntries(request.headers);
        const sent = { by, headers, body: await request.text() };
        const arrive = async () => {
          const answer = await service.answer(sent);
          if (answer) {
            const { status, headers, text } = answer;
            if (!readsDate) headers.delete('Date');
            tab.later(travel(), () => resolve(new Response(text, { status, headers })));
          } else if (random.happens(0.5))
            tab.later(travel(), () => reject(new TypeError('Failed to fetch')));
        };
        time.after(travel(), () => time.work(arrive));
      });
    });
  }

  function channelOf(tab: Tab, name: string, hear: (message: unknown) => void): Channel {
    const own = { tab, name, hear };
    channels.add(own);
    return {
      post(message) {
        const copy = structuredClone(message);
        for (const other of channels)
          if (other.tab !== tab && other.name === name)
            other.tab.later(random.between(0, 5), () => other.hear(copy));
      },
      close: () => channels.delete(own),
    };
  }
}

export type Tab = ReturnType<typeof newTab>;

function newTab(time: VirtualTime, onClose: () => void) {
  let closed = false;
  let frozenUntil = 0;
  let runsSince = time.now();
  return {
    /** Since when it runs without having been frozen, in milliseconds; nothing while it does not run. */
    runsSince: () => (closed || time.now() < frozenUntil ? undefined : runsSince),
    /** Runs nothing of it for so long: timers and answers wait. */
    freeze(milliseconds: number) {
      frozenUntil = runsSince = time.now() + milliseconds;
    },
    /** Runs nothing of it any more, and frees its locks. */
    close() {
      closed = true;
      onClose();
    },
    later(milliseconds: number, run: () => void): () => void {
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
  /** Who holds it, and then who waits. */
  let queue: readonly { readonly tab: Tab; readonly grant: () => void }[] = [];
  const keep = (stays: (entry: (typeof queue)[number]) => boolean) => {
    const [holder] = queue;
    queue = queue.filter(stays);
    if (queue[0] !== holder) queue[0]?.grant();
  };
  return {
    leave: (tab: Tab) => keep((entry) => entry.tab !== tab),
    of: (tab: Tab): Locks => ({
      request: (_, { signal, ifAvailable }, run) =>
        new Promise((resolve, reject) => {
          if (ifAvailable && queue.length > 0) return void run(null).then(resolve, reject);
          const free = () => keep((other) => other !== entry);
          const granted = () => run({}).then(resolve, reject).finally(free);
          const entry = { tab, grant: () => void tab.later(1, granted) };
          queue = [...queue, entry];
          if (queue[0] === entry) return entry.grant();
          signal?.addEventListener('abort', () => {
            if (queue.indexOf(entry) < 1) return;
            free();
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
