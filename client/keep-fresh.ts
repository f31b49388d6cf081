import type { Ended, Outcome } from './outcome.ts';
import { longestPause } from './pause.ts';
import type { Refresh } from './refresher.ts';
import { type Runtime, runtimeWith } from './runtime.ts';
import { assumedExpiresIn } from './wire.ts';

/** The options of `keepFresh`. */
export interface KeepFreshOptions<Grant, Code extends string> {
  /** Stops the refreshes. */
  readonly signal?: AbortSignal;
  /** Seconds that the session is still good for. Without it, the first refresh is at once. */
  readonly expiresIn?: number;
  readonly onOutcome?: (outcome: Outcome<Grant, Code>) => void;
  readonly runtime?: Partial<Runtime>;
}

/**
 * Refreshes a session well before it expires, again and again. Resolves with the `ended` outcome when
 * the session is over, or with nothing when its signal is aborted.
 * @throws the error that the store throws
 * @example
 * import { eos } from '@session-refresh/client/eos';
 * import { keepFresh } from '@session-refresh/client/keep-fresh';
 *
 * const refresh = eos({ url: `${host}/client/refresh`, credentials: { sessionId, secureCode } });
 * const ended = await keepFresh(refresh, { signal, expiresIn: 1800 });
 * if (ended) logIn();
 */
export async function keepFresh<Grant, Code extends string>(
  refresh: Refresh<Grant, Code>,
  options: KeepFreshOptions<Grant, Code> = {},
): Promise<Ended<Code> | undefined> {
  const { signal = new AbortController().signal, expiresIn, onOutcome } = options;
  const runtime = runtimeWith(options.runtime);
  const { random } = runtime;
  try {
    let failures = 0;
    let left = expiresIn === undefined ? undefined : countdown(expiresIn, runtime);
    let waitMs = left ? dueIn(left(), random) : 0;
    for (;;) {
      await wait(waitMs, runtime, signal);
      // Another tab may have refreshed meanwhile. Its answer is as good, so the tabs share the work.
      const outcome = await refresh({ signal, maxAge: waitMs / 2000 });
      signal.throwIfAborted();
      onOutcome?.(outcome);
      if (outcome.outcome === 'ended') return outcome;
      if (outcome.outcome === 'refreshed') {
        failures = 0;
        left = countdown(outcome.expiresIn, runtime);
        waitMs = dueIn(left(), random);
      } else {
        failures += 1;
        const longest = longestPause(left?.(), outcome.expiresIn) * (0.5 + 0.5 * random());
        // The service's `Retry-After` is a second.
        waitMs = Math.max(1000, Math.min(longest, pauseAfter(outcome, failures, random)));
      }
    }
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** From 60 to 80 % of what is left, in milliseconds. Never zero, even where nothing is left. */
function dueIn(left: number, random: () => number): number {
  if (left < 1) return shortestMs * (1 + random());
  return Math.max(1000, left * 1000 * (0.6 + 0.2 * random()));
}

/** `Retry-After` and a backoff from 10 seconds to five minutes, in milliseconds. */
function pauseAfter(
  outcome: Exclude<Outcome<unknown, string>, { outcome: 'refreshed' | 'ended' }>,
  failures: number,
  random: () => number,
): number {
  const asked = outcome.outcome === 'retry-later' ? (outcome.retryAfter ?? 0) : 0;
  const ceiling = Math.min(longestMs, shortestMs * 2 ** failures);
  return asked * 1000 + shortestMs + random() * (ceiling - shortestMs);
}

const shortestMs = 10_000;
const longestMs = 5 * 60_000;

/** Counts down so many seconds from now on. */
function countdown(expiresIn: number, runtime: Runtime): () => number {
  const passed = stopwatch(runtime);
  const seconds = Number.isFinite(expiresIn) ? expiresIn : assumedExpiresIn;
  return () => seconds - passed() / 1000;
}

/**
 * The milliseconds since it was started, by the faster of two clocks: `elapsed` stops while the
 * machine sleeps, and `now` may be set back.
 */
function stopwatch({ elapsed, now }: Runtime): () => number {
  const from = { elapsed: elapsed(), now: now() };
  return () => Math.max(elapsed() - from.elapsed, now() - from.now);
}

/** Waits in steps of a minute: a timer has 31 bits, and stops while the machine sleeps. */
async function wait(milliseconds: number, runtime: Runtime, signal: AbortSignal): Promise<void> {
  const passed = stopwatch(runtime);
  for (;;) {
    signal.throwIfAborted();
    const left = Math.round(milliseconds) - passed();
    if (left <= 0) return;
    // A timer counts whole milliseconds.
    await runtime.sleep(Math.max(1, Math.min(left, stepMs)), signal);
  }
}

const stepMs = 60_000;
