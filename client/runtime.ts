/** What the client takes from the machine it runs on. Tests hand in their own. */
export interface Runtime {
  readonly fetch: (request: Request) => Promise<Response>;
  /** The wall clock, in epoch milliseconds: it may be wrong, and it may jump. */
  readonly now: () => number;
  /** Milliseconds since some moment: they never run back, but may stop while the machine sleeps. */
  readonly elapsed: () => number;
  /** At least 0, less than 1. */
  readonly random: () => number;
  /** Rejects with the signal's reason once that is aborted. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Calls back once, after so many milliseconds. What it gives back stops it. */
  readonly timer: (milliseconds: number, ring: () => void) => () => void;
  /** Absent where there are no tabs to share with, or the page is not secure. */
  readonly locks: Locks | undefined;
  /** Opens what tabs hear each other by. Absent where the platform has none. */
  readonly channel: ((name: string, hear: (message: unknown) => void) => Channel) | undefined;
}

/** As much of the Web Locks API as is used. */
export interface Locks {
  /** With `ifAvailable` it does not wait: where another has the lock, it runs with `null`. */
  request<Result>(
    name: string,
    options: { readonly signal?: AbortSignal; readonly ifAvailable?: boolean },
    run: (lock?: unknown) => Promise<Result>,
  ): Promise<Result>;
}

/** A channel to the other tabs of an origin, as `BroadcastChannel` is one. */
export interface Channel {
  say(message: unknown): void;
  close(): void;
}

/** The platform's own, with what is handed in put in its place. */
export function runtimeWith(own: Partial<Runtime> = {}): Runtime {
  const { navigator, BroadcastChannel } = globalThis;
  return { ...platform, locks: navigator?.locks, channel: BroadcastChannel && channel, ...own };
}

// Each is called as a member of what it belongs to: a browser's `fetch` asks for that.
const platform = {
  fetch: (request: Request) => globalThis.fetch(request),
  now: () => Date.now(),
  elapsed: () => performance.now(),
  random: () => Math.random(),
  sleep,
  timer,
};

/** `setTimeout` takes 31 bits, and calls back at once where it is given more. */
const longestTimer = 2 ** 31 - 1;

function timer(milliseconds: number, ring: () => void): () => void {
  const timeout = setTimeout(ring, Math.min(milliseconds, longestTimer));
  return () => clearTimeout(timeout);
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = () => {
      cancel();
      reject(signal.reason);
    };
    const cancel = timer(milliseconds, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    signal.addEventListener('abort', stop, { once: true });
  });
}

function channel(name: string, hear: (message: unknown) => void): Channel {
  const opened = new BroadcastChannel(name);
  opened.onmessage = ({ data }: { readonly data: unknown }) => hear(data);
  return { say: (message) => opened.postMessage(message), close: () => opened.close() };
}
