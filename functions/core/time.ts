import type { Brand } from './brand.ts';

/** A moment: whole seconds since 1970-01-01T00:00:00Z. */
export type EpochSeconds = Brand<number, 'EpochSeconds'>;

/** Gives the time. Code gets its clock from its caller; only entry points make one. */
export type Clock = () => EpochSeconds;

/** The clock of this machine. */
export const systemClock: Clock = () => epochSeconds(Date.now() / 1000);

/** Gives milliseconds since an arbitrary moment. It never goes back. */
export type Timer = () => number;

/** The timer of this process. */
export const systemTimer: Timer = () => performance.now();

/** The whole second that contains a moment, which is given in seconds since the epoch. */
export function epochSeconds(seconds: number): EpochSeconds {
  return Math.floor(seconds) as EpochSeconds;
}

/** The moment some seconds after another. */
export function later(moment: EpochSeconds, seconds: number): EpochSeconds {
  return (moment + seconds) as EpochSeconds;
}

/** The earlier of two moments. */
export function earlier(one: EpochSeconds, other: EpochSeconds): EpochSeconds {
  return one < other ? one : other;
}

/** A moment in UTC for people, in the format of the logs: `2026-01-15 12:00:00`. */
export function readable(moment: EpochSeconds): string {
  const time = new Date(moment * 1000);
  if (Number.isNaN(time.getTime())) return String(moment);
  return time.toISOString().replace('T', ' ').slice(0, -'.000Z'.length);
}
