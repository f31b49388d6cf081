/** What the client uses of its platform. Tests can pass their own. */
export interface Runtime {
  readonly fetch: (request: Request) => Promise<Response>;
  /** The wall clock, in epoch milliseconds: it may be wrong, and it may jump. */
  readonly now: () => number;
  /** Milliseconds since some moment. They never go back, but may stop while the machine sleeps. */
  readonly elapsed: () => number;
  /** At least 0, less than 1. */
  readonly random: () => number;
  /** @throws the signal's reason when it is aborted */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Calls back once, after so many milliseconds. The returned function cancels it. */
  readonly timer: (milliseconds: number, callback: () => void) => () => void;
  /** Absent outside browsers and on insecure pages. */
  readonly locks: Locks | undefined;
  /** Opens a channel to the other tabs. Absent where the platform has none. */
  readonly channel: ((name: string, onMessage: (message: unknown) => void) => Channel) | undefined;
}

/** The part of the Web Locks API that the client uses. */
export interface Locks {
  /** With `ifAvailable` it does not wait: where the lock is taken, it runs with `null`. */
  request<Result>(
    name: string,
    options: { readonly signal?: AbortSignal; readonly ifAvailable?: boolean },
    run: (lock?: unknown) => Promise<Result>,
  ): Promise<Result>;
}

/** A channel to the other tabs of an origin, such as a `BroadcastChannel`. */
export interface Channel {
  post(message: unknown): void;
  close(): void;
}

/** The platform's runtime, with the given parts in place of its own. */
export function runtimeWith(own: Partial<Runtime> = {}): Runtime {
  const { navigator, BroadcastChannel } = globalThis;
  return { ...platform, locks: navigator?.locks, channel: BroadcastChannel && channel, ...own };
}

// Called as members of their objects: a browser's `fetch` requires that.
const platform = {
  fetch: (request: Request) => globalThis.fetch(request),
  now: () => Date.now(),
  elapsed: () => performance.now(),
  random: () => Math.random(),
  sleep,
  timer,
};

/** `setTimeout` takes 31 bits, and calls back at once if it gets more. */
const longestTimer = 2 ** 31 - 1;

function timer(milliseconds: number, callback: () => void): () => void {
  const timeout = setTimeout(callback, Math.min(milliseconds, longestTimer));
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

function channel(name: string, onMessage: (message: unknown) => void): Channel {
  const opened = new BroadcastChannel(name);
  opened.onmessage = ({ data }: { readonly data: unknown }) => onMessage(data);
  return { post: (message) => opened.postMessage(message), close: () => opened.close() };
}
