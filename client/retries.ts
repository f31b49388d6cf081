import { temporaryStatuses } from './interpret.ts';
import type { RetryLater } from './outcome.ts';
import type { Runtime } from './runtime.ts';
import { withTimeLimit } from './time-limit.ts';

/** How often to try before a refresh is `retry-later`. */
export interface RetryPolicy {
  readonly attempts: number;
  /** The limit of one attempt, in milliseconds. */
  readonly attemptMs: number;
  /** The limit of all attempts and pauses together, in milliseconds. */
  readonly totalMs: number;
  /** The upper bound of the first pause, in milliseconds. It doubles with each further pause. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

/**
 * Tries until something other than `retry-later` comes back, until the same request would get the same
 * answer again, or until the policy's limits are reached; then the last result counts. No pause is
 * longer than `longestPause` returns, in milliseconds.
 */
export async function withRetries<Result extends { readonly outcome: string }>(
  run: (signal: AbortSignal) => Promise<Result | RetryLater>,
  policy: RetryPolicy,
  { elapsed, random, sleep, timer }: Pick<Runtime, 'elapsed' | 'random' | 'sleep' | 'timer'>,
  signal: AbortSignal,
  longestPause: () => number = () => Number.POSITIVE_INFINITY,
): Promise<Result | RetryLater> {
  const over = elapsed() + policy.totalMs;
  for (let attempts = 1; ; attempts += 1) {
    const limit = Math.min(policy.attemptMs, over - elapsed());
    const result = await withTimeLimit(limit, signal, timer, run);
    if (!isRetryLater(result) || isLasting(result)) return result;
    const pause = pauseAfter(attempts, result, policy, random);
    if (attempts >= policy.attempts || elapsed() + pause >= over) return result;
    await sleep(Math.min(pause, longestPause()), signal);
  }
}

/**
 * What `Retry-After` asks for, then full jitter: anything from zero to the ceiling, so that clients
 * that failed together do not return together.
 */
function pauseAfter(
  attempts: number,
  { retryAfter = 0 }: RetryLater,
  { firstPauseMs, longestPauseMs }: RetryPolicy,
  random: () => number,
): number {
  const ceiling = Math.min(longestPauseMs, firstPauseMs * 2 ** (attempts - 1));
  return retryAfter * 1000 + random() * ceiling;
}

/**
 * Whether a repetition would get the same answer: after a bug of the service (500), or a refusal of the
 * request (4xx). With a `Retry-After`, or with 408, 425 or 429, a 4xx is temporary.
 */
function isLasting({ status = 0, retryAfter }: RetryLater): boolean {
  const isRefusal = status >= 400 && status <= 500 && !temporaryStatuses.has(status);
  return isRefusal && retryAfter === undefined;
}

function isRetryLater(result: { readonly outcome: string }): result is RetryLater {
  return result.outcome === 'retry-later';
}
