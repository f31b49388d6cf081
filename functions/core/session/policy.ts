import { type EpochSeconds, earlier, later } from '../time.ts';
import type { Refusal } from './refusal.ts';
import type { Session } from './session.ts';
import { generationOf, type Proof } from './successor.ts';

/** How long a contract's sessions live, in seconds. */
export interface Policy {
  /**
   * How long a session may rest between two refreshes; under `{ token }` the token's own `exp` is
   * that clock, and the number is how long a token lives unless its session says otherwise.
   */
  readonly idle: number | { readonly token: number };
  /** How long a session lives at most. No refresh moves that end. */
  readonly lifetime: number;
  readonly rotation: Rotation;
}

/**
 * `fixed`: a refresh leaves the secret as it is. Otherwise it replaces the secret, at most once in so
 * many seconds, during which the one before is as good.
 */
export type Rotation = 'fixed' | { readonly grace: number };

/** What someone presents, as the core judges it. */
export interface Claim {
  readonly secret: Proof;
  /** When the presented token expires; absent where the credential has no end of its own. */
  readonly expiresAt?: EpochSeconds;
  /** How long it lives from its issue on, in seconds; absent where `expiresAt` is. */
  readonly tokenLifetime?: number;
}

/**
 * `refresh`: move the idle limit, and replace the secret where the policy says so. `replay`: answer the
 * row as it stands. Its secret was replaced just now, and this request raced with that one, repeats it
 * or follows too soon; or a clock is behind the row's own time, and nothing may move back.
 */
export type Verdict = 'refresh' | 'replay' | Refusal;

/**
 * What to do with a session that someone presents a secret for. The secret is judged first: who does
 * not hold it must not learn that the session was revoked, or that it ever was.
 */
export function judge(session: Session | undefined, claim: Claim, now: EpochSeconds): Verdict {
  if (session === undefined) return 'unknown-session';
  if (session.secret === undefined) return 'not-logged-in';
  const presented = generationOf(session, claim.secret);
  if (presented === undefined) return 'wrong-secret';
  if (session.revokedAt !== undefined) return 'revoked';
  if (session.endsAt <= now) return 'lifetime-over';
  if (earlier(claim.expiresAt ?? session.idleUntil, session.idleUntil) <= now)
    return 'idle-too-long';
  const { generation = 0, graceUntil = now } = session;
  // Ahead of the row: the table was restored to a moment before the secret was replaced.
  if (presented > generation) return session.refreshedAt <= now ? 'refresh' : 'replay';
  if (presented === generation)
    return graceUntil <= now && session.refreshedAt <= now ? 'refresh' : 'replay';
  return presented === generation - 1 && graceUntil > now ? 'replay' : 'reused-secret';
}

/** Why nobody can log in to a session; `logged-in` where somebody has. */
export type LoginRefusal =
  | Extract<Refusal, 'unknown-session' | 'revoked' | 'idle-too-long' | 'lifetime-over'>
  | 'logged-in';

/** Whether an anonymous session may become someone's. */
export function judgeLogin(
  session: Session | undefined,
  now: EpochSeconds,
): 'login' | LoginRefusal {
  if (session === undefined) return 'unknown-session';
  if (session.revokedAt !== undefined) return 'revoked';
  if (session.endsAt <= now) return 'lifetime-over';
  if (session.idleUntil <= now) return 'idle-too-long';
  return session.secret === undefined ? 'login' : 'logged-in';
}

/** The times of a session that is opened now. */
export function timesAtOpening({ idle, lifetime }: Policy, now: EpochSeconds) {
  const endsAt = later(now, lifetime);
  return {
    openedAt: now,
    refreshedAt: now,
    idleUntil: typeof idle === 'number' ? later(now, idle) : endsAt,
    endsAt,
    purgeAt: later(endsAt, day),
  };
}

/** A tombstone outlives every token of its session by a day. */
const day = 86_400;

/** Whether a refresh writes. Where the token is the idle clock and secrets stay, it only reads. */
export function writesAtRefresh({ idle, rotation }: Policy): boolean {
  return typeof idle === 'number' || rotation !== 'fixed';
}

/** How long a token of a session lives unless the session says otherwise, in seconds. */
export function tokenLifetime({ idle }: Policy): number {
  return typeof idle === 'number' ? idle : idle.token;
}
