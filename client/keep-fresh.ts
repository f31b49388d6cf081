import type { Ended, Outcome } from './outcome.ts';
import type { Refresh } from './refresher.ts';
import { type Runtime, runtimeWith } from './runtime.ts';
import { cautious } from './wire.ts';

/** How a session is kept. */
export interface KeepFreshOptions<Grant, Code extends string> {
  /** Stops it. */
  readonly signal?: AbortSignal;
  /** Seconds that the session holds already; without it, it is refreshed at once. */
  readonly expiresIn?: number;
  readonly onOutcome?: (outcome: Outcome<Grant, Code>) => void;
  readonly runtime?: Partial<Runtime>;
}

/**
 * Refreshes a session well before it expires, again and again. It resolves with the end of the
 * session, or with nothing once it is stopped.
 */
export async function keepFresh<Grant, Code extends string>(
  refresh: Refresh<Grant, Code>,
  options: KeepFreshOptions<Grant, Code> = {},
): Promise<Ended<Code> | undefined> {
  const { signal = new AbortController().signal, expiresIn, onOutcome } = options;
  const runtime = runtimeWith(options.runtime);
  try {
    let failures = 0;
    let waitMs = expiresIn === undefined ? 0 : dueIn(expiresIn, runtime.random);
    for (;;) {
      await passing(waitMs, runtime, signal);
      // Another tab may have been there meanwhile: its answer will do, and the tabs share the work.
      const outcome = await refresh({ signal, maxAge: waitMs / 2000 });
      signal.throwIfAborted();
      onOutcome?.(outcome);
      if (outcome.outcome === 'ended') return outcome;
      failures = outcome.outcome === 'refreshed' ? 0 : failures + 1;
      waitMs =
        outcome.outcome === 'refreshed'
          ? dueIn(outcome.expiresIn, runtime.random)
          : pauseAfter(outcome, failures, runtime.random);
    }
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** From 60 to 80 % of what is left; never at once, though it be over already. */
function dueIn(expiresIn: number, random: () => number): number {
  const seconds = Number.isFinite(expiresIn) ? expiresIn : cautious;
  return Math.max(leastMs * (1 + random()), seconds * 1000 * (0.6 + 0.2 * random()));
}

/** What the service asked for, and ever longer up to five minutes. */
function pauseAfter(
  outcome: Exclude<Outcome<unknown, string>, { outcome: 'refreshed' | 'ended' }>,
  failures: number,
  random: () => number,
): number {
  const asked = outcome.outcome === 'retry-later' ? (outcome.retryAfter ?? 0) : 0;
  const ceiling = Math.min(mostMs, leastMs * 2 ** failures);
  return asked * 1000 + leastMs + random() * (ceiling - leastMs);
}

const leastMs = 10_000;
const mostMs = 5 * 60_000;

/**
 * Waits in naps: a timer counts no further than 31 bits, and stands still while the machine sleeps.
 * The two clocks together do not: one that was set back is outrun by the other.
 */
async function passing(
  milliseconds: number,
  { elapsed, now, sleep }: Runtime,
  signal: AbortSignal,
): Promise<void> {
  const from = { elapsed: elapsed(), now: now() };
  for (;;) {
    signal.throwIfAborted();
    const left = milliseconds - Math.max(elapsed() - from.elapsed, now() - from.now);
    if (left <= 0) return;
    await sleep(Math.min(left, napMs), signal);
  }
}

const napMs = 60_000;
