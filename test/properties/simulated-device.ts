import { randomUUID } from 'node:crypto';
import { inStorage } from '../../client/credentials.ts';
import { keepFresh } from '../../client/keep-fresh.ts';
import type { Outcome } from '../../client/outcome.ts';
import type { Refresh } from '../../client/refresher.ts';
import type { Channel, Locks, Runtime } from '../../client/runtime.ts';
import type { Fields } from '../client/support.ts';
import { noon } from '../support/world.ts';
import type { Service, Simulation } from './simulated-service.ts';
import type { VirtualTime } from './virtual-time.ts';

export type Device = ReturnType<typeof simulatedDevice>;

/** A browser or a phone: tabs that share a store, a Web Lock and a channel, and a clock that may be wrong. */
export function simulatedDevice(
  { time, random, client }: Simulation,
  service: Service,
  who: 'the user' | 'the thief',
  credential: Fields,
) {
  const tabs: (Tab & { readonly refresh: Refresh<unknown, string> })[] = [];
  const storage = simulatedStorage(time, JSON.stringify({ credential }), random.of([0, 20, 200]));
  const [hasLocks, hasChannel, readsDate] = [0.5, 0.8, 0.5].map(random.happens);
  const id = randomUUID();
  const listeners = new Set<{ readonly tab: Tab; readonly hear: (message: unknown) => void }>();
  let clockError = 0;
  let ended: string | undefined;

  const heard = (outcome: Outcome<unknown, string>) => {
    if (process.env.SEED)
      console.log(`${Math.round(time.now())} ms: ${who} is told: ${outcome.outcome}`);
    if (outcome.outcome === 'ended') ended ??= outcome.code;
    return outcome;
  };
  return {
    tabs,
    /** The credential in its store. */
    credential: (): Fields => JSON.parse(storage.newest()).credential,
    /** The code with which a tab was told that the session is over. */
    ended: () => ended,
    /** Sets its clock wrong. */
    setClock(error: number) {
      clockError = error;
    },
    /** Opens a tab that keeps the session fresh. */
    openTab() {
      const tab = newTab(time);
      const runtime = runtimeOf(tab);
      const credentials = inStorage<Fields, unknown>(storage.seenBy(tab), 'session');
      const refresh = client.make({ url: 'http://127.0.0.1/refresh', credentials, runtime });
      tabs.push({ ...tab, refresh: async (wanted) => heard(await refresh(wanted)) });
      keepFresh(refresh, { runtime, onOutcome: heard }).catch((error: unknown) =>
        service.problems.push(`a refresh rejects: ${String(error)}`),
      );
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
      locks: hasLocks ? locksOf(tab) : undefined,
      channel: hasChannel ? (_, hear) => channelOf(tab, hear) : undefined,
    };
  }

  /** No request is under way for longer than ten seconds, which is when the client gives up as well. */
  function fetched(tab: Tab, request: Request): Promise<Response> {
    const travel = () =>
      random.happens(0.03) ? random.between(0, 10_000) : random.between(10, 200);
    return new Promise((resolve, reject) => {
      const { signal } = request;
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      const arrive = async () => {
        const answer = await service.answer(request);
        if (answer) {
          const { status, text } = answer;
          const headers = new Headers(answer.headers as Record<string, string>);
          if (readsDate) headers.set('Date', new Date(noon * 1000 + time.now()).toUTCString());
          tab.later(travel(), () => resolve(new Response(text, { status, headers })));
        } else if (random.happens(0.5))
          tab.later(travel(), () => reject(new TypeError('Failed to fetch')));
      };
      time.after(travel(), arrive);
    });
  }

  /** The platform's own locks, by a name of this device. A tab that is closed frees its own. */
  function locksOf(tab: Tab): Locks {
    const platform = globalThis.navigator.locks as unknown as Locks;
    return {
      request: (name, options, run) =>
        new Promise((resolve, reject) => {
          const hold = (lock?: unknown) =>
            new Promise<void>((free) => {
              void tab.closed.then(free);
              tab.later(1, () => void run(lock).then(resolve, reject).finally(free));
            });
          platform.request(`${name} ${id}`, options, hold).catch(reject);
        }),
    };
  }

  function channelOf(tab: Tab, hear: (message: unknown) => void): Channel {
    const own = { tab, hear };
    listeners.add(own);
    return {
      post(message) {
        const copy = structuredClone(message);
        for (const other of listeners)
          if (other.tab !== tab) other.tab.later(random.between(0, 5), () => other.hear(copy));
      },
      close: () => listeners.delete(own),
    };
  }
}

export type Tab = ReturnType<typeof newTab>;

function newTab(time: VirtualTime) {
  const closing = Promise.withResolvers<void>();
  let runsFrom = time.now();
  /** Runs nothing of it for so long: timers and answers wait. */
  const freeze = (milliseconds: number) => {
    runsFrom = Math.max(runsFrom, time.now() + milliseconds);
  };
  return {
    freeze,
    closed: closing.promise,
    /** Since when it runs without having been frozen, in milliseconds; nothing while it does not run. */
    runsSince: () => (time.now() < runsFrom ? undefined : runsFrom),
    /** Runs nothing of it any more. */
    close() {
      freeze(Number.POSITIVE_INFINITY);
      closing.resolve();
    },
    later(milliseconds: number, run: () => void): () => void {
      let cancel = time.after(milliseconds, function awake() {
        if (time.now() >= runsFrom) run();
        else cancel = time.after(runsFrom - time.now(), awake);
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
