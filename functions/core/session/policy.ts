import { type EpochSeconds, earlier, later } from '../time.ts';
import { type Presented, placeOf, type Rotation, rotationProblem, turnOf } from './rotation.ts';
import type { Refusal, Session } from './session.ts';

/** How long a contract's sessions live, in seconds. */
export interface Policy {
  /**
   * The idle timeout. Under `{ token }` the `exp` of the session's token is the idle clock, and the number
   * is the lifetime of a token unless the session has one of its own.
   */
  readonly idle: number | { readonly token: number };
  /** The absolute timeout. No refresh moves it. */
  readonly lifetime: number;
  readonly rotation: Rotation;
}

/** What a client presents, as the rules see it. */
export interface Proof {
  readonly presented: Presented;
  /** When the presented token expires; absent where the credential has no end of its own. */
  readonly expiresAt?: EpochSeconds | undefined;
}

/**
 * `refresh`: slide the idle timeout, and replace the secret where the policy says so. `replay`: answer from
 * the row as it is, because its secret was replaced within the grace, or because this clock is behind the
 * row's own time and nothing may move back. `retry`: answer nothing yet (rotation.ts says why). `catch-up`:
 * as `refresh`, for a secret newer than the row.
 */
export type Decision = 'refresh' | 'replay' | 'retry' | 'catch-up' | Refusal;

/**
 * What to do with a session for which a secret was presented. The secret comes first: a caller without it
 * must not learn that the session was revoked or that it exists.
 */
export function decide(
  session: Session | undefined,
  { presented, expiresAt }: Proof,
  rotation: Rotation,
  now: EpochSeconds,
): Decision {
  if (session === undefined) return 'unknown-session';
  if (session.secret === undefined) return 'not-logged-in';
  const place = placeOf(session, presented);
  if (place === undefined) return 'wrong-secret';
  if (session.revokedAt !== undefined) return 'revoked';
  if (session.endsAt <= now) return 'lifetime-over';
  if (earlier(expiresAt ?? session.idleUntil, session.idleUntil) <= now) return 'idle-too-long';
  if (place === 'dead') return 'reused-secret';
  if (session.refreshedAt > now) return 'replay';
  if (place === 'ahead') return 'catch-up';
  return turnOf(session, place, rotation, now);
}

/** Why nobody can log in to a session; `logged-in` where somebody has. */
export type LoginRefusal =
  | Extract<Refusal, 'unknown-session' | 'revoked' | 'idle-too-long' | 'lifetime-over'>
  | 'logged-in';

/** Whether an anonymous session may become someone's. */
export function decideLogin(
  session: Session | undefined,
  now: EpochSeconds,
): 'login' | LoginRefusal {
  if (session === undefined) return 'unknown-session';
  const state = stateOf(session, now);
  if (state === 'anonymous') return 'login';
  return state === 'active' ? 'logged-in' : state;
}

/** What a session is at a moment. */
export type State = 'anonymous' | 'active' | 'revoked' | 'idle-too-long' | 'lifetime-over';

/** What a session is now. */
export function stateOf(session: Session, now: EpochSeconds): State {
  if (session.revokedAt !== undefined) return 'revoked';
  if (session.endsAt <= now) return 'lifetime-over';
  if (session.idleUntil <= now) return 'idle-too-long';
  return session.secret === undefined ? 'anonymous' : 'active';
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

/**
 * What is wrong with a stage's policy for a contract, in a sentence that names the value; nothing where it
 * is sound. A stage may change a contract's numbers and rotation, not the kind of its idle clock.
 */
export function policyProblem(
  { idle, lifetime, rotation }: Policy,
  contract: { readonly policy: Policy; readonly rotates: boolean },
): string | undefined {
  const usual = contract.policy.idle;
  if (typeof idle !== typeof usual)
    return typeof usual === 'number'
      ? 'idle must be a number of seconds'
      : 'idle must be { token: seconds }, because its token is its idle clock';
  const rest = typeof idle === 'number' ? idle : idle.token;
  if (!isSeconds(rest)) return `idle is ${rest}; it must be a whole number of seconds over 0`;
  if (!isSeconds(lifetime))
    return `lifetime is ${lifetime}; it must be a whole number of seconds over 0`;
  if (lifetime < rest) return `lifetime is ${lifetime}; it must be at least idle, ${rest}`;
  return rotationProblem(rotation, rest, contract);
}

function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}
