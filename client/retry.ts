import type { RetryLater } from './outcome.ts';
import type { Runtime } from './runtime.ts';
import { within } from './within.ts';

/** How much to try before a refresh is `retry-later`. */
export interface Patience {
  readonly attempts: number;
  /** For one attempt, in milliseconds. */
  readonly attemptMs: number;
  /** For all of them and the pauses between, in milliseconds. */
  readonly totalMs: number;
  /** The first pause is shorter than this; the ceiling of each later one is twice as high. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

/**
 * Attempts until one says something, or patience is over: then what the last one said. No pause is
 * longer than `longest` says, in milliseconds.
 */
export async function retrying<Said extends { readonly outcome: string }>(
  attempt: (signal: AbortSignal) => Promise<Said | RetryLater>,
  patience: Patience,
  { elapsed, random, sleep, timer }: Pick<Runtime, 'elapsed' | 'random' | 'sleep' | 'timer'>,
  signal: AbortSignal,
  longest: () => number = () => Number.POSITIVE_INFINITY,
): Promise<Said | RetryLater> {
  const over = elapsed() + patience.totalMs;
  for (let attempts = 1; ; attempts += 1) {
    const limit = Math.min(patience.attemptMs, over - elapsed());
    const said = await within(limit, signal, timer, attempt);
    if (!isRetryLater(said)) return said;
    const pause = pauseAfter(attempts, said, patience, random);
    if (attempts >= patience.attempts || elapsed() + pause >= over) return said;
    await sleep(Math.min(pause, longest()), signal);
  }
}

/**
 * Full jitter: anything from nothing to the ceiling, so that clients that failed together do not come
 * back together. What the service asked for is waited first.
 */
function pauseAfter(
  attempts: number,
  { retryAfter = 0 }: RetryLater,
  { firstPauseMs, longestPauseMs }: Patience,
  random: () => number,
): number {
  const ceiling = Math.min(longestPauseMs, firstPauseMs * 2 ** (attempts - 1));
  return retryAfter * 1000 + random() * ceiling;
}

function isRetryLater(said: { readonly outcome: string }): said is RetryLater {
  return said.outcome === 'retry-later';
}
