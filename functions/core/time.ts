import type { Brand } from './brand.ts';

/** A moment: whole seconds since 1970-01-01T00:00:00Z. */
export type EpochSeconds = Brand<number, 'EpochSeconds'>;

/** Tells the time. Handed in everywhere; only entry points make one. */
export type Clock = () => EpochSeconds;

/** The clock of this machine. */
export const systemClock: Clock = () => epochSeconds(Date.now() / 1000);

/** Milliseconds since some moment; it never goes back. Handed in, like the clock. */
export type Timer = () => number;

/** The timer of this process. */
export const systemTimer: Timer = () => performance.now();

/** The whole second that a moment, in seconds since the epoch, lies in. */
export function epochSeconds(seconds: number): EpochSeconds {
  return Math.floor(seconds) as EpochSeconds;
}

/** The moment that many seconds after another. */
export function later(moment: EpochSeconds, seconds: number): EpochSeconds {
  return (moment + seconds) as EpochSeconds;
}

/** The first of two moments. */
export function earlier(one: EpochSeconds, other: EpochSeconds): EpochSeconds {
  return one < other ? one : other;
}

/** A moment as people read it, in UTC, as logs have it: `2026-01-15 12:00:00`. */
export function readable(moment: EpochSeconds): string {
  const time = new Date(moment * 1000);
  if (Number.isNaN(time.getTime())) return String(moment);
  return time.toISOString().replace('T', ' ').slice(0, -'.000Z'.length);
}
