import { assumedExpiresIn } from './wire.ts';

/**
 * The longest pause between two tries, in milliseconds: a fifth of what the session still holds, so
 * that a client tries more often towards the end. Of several estimates, in seconds, the shortest
 * counts. If none says that anything is left, five minutes are assumed: an estimate may be wrong, and
 * only the service ends a session.
 */
export function longestPause(...estimates: readonly (number | undefined)[]): number {
  const left = estimates.map((seconds) => seconds ?? 0).filter((seconds) => seconds > 0);
  const seconds = left.length > 0 ? Math.min(...left) : assumedExpiresIn;
  return Math.max(shortestMs, (seconds * 1000) / 5);
}

const shortestMs = 1000;
