import { type EpochSeconds, earlier, later } from '../time.ts';
import {
  decideByGrace,
  issueOf,
  type Presented,
  placeOf,
  type Rotation,
  rotationProblem,
} from './rotation.ts';
import { expiryOf, type Refusal, type Session } from './session.ts';

/** How long the sessions of a contract live, in seconds. */
export interface Policy {
  /**
   * The idle timeout. Under `{ token }` the `exp` of the session's token is the idle clock, and the
   * number is the lifetime of a token, unless the session has a `tokenLifetime` of its own.
   */
  readonly idle: number | { readonly token: number };
  /** The absolute timeout. No refresh moves it. */
  readonly lifetime: number;
  readonly rotation: Rotation;
}

/**
 * `refresh`: slide the idle timeout, and replace the secret if the policy says so. `replay`: answer
 * from the row and write nothing. Either the secret was replaced a moment ago (grace and settling
 * time), or this Lambda's clock is behind the row, and no time may move back. `retry`: the client
 * must ask again in some seconds; rotation.ts says why. `catch-up`: the client's secret is newer
 * than the row (restored table); refresh, and bring the row up to it.
 */
export type Decision = 'refresh' | 'replay' | 'retry' | 'catch-up' | Refusal;

/**
 * Decides what to do with a session for which a credential was presented. The secret is checked
 * first: a caller without it must not learn that the session exists or was revoked.
 */
export function decide(
  session: Session | undefined,
  presented: Presented,
  rotation: Rotation,
  now: EpochSeconds,
): Decision {
  if (session === undefined) return 'unknown-session';
  if (session.secret === undefined) return 'not-logged-in';
  const place = placeOf(session, presented);
  if (place === undefined) return 'wrong-secret';
  if (session.revokedAt !== undefined) return 'revoked';
  if (session.endsAt <= now) return 'lifetime-over';
  const { expiresAt = session.idleUntil } = presented;
  if (earlier(expiresAt, session.idleUntil) <= now) return 'idle-too-long';
  if (place === 'dead') return 'reused-secret';
  if (session.refreshedAt > now) return 'replay';
  if (place === 'ahead') return 'catch-up';
  return decideByGrace(session, place, rotation, now);
}

/** Why a login to a session is refused. */
export type LoginRefusal =
  | Extract<Refusal, 'unknown-session' | 'revoked' | 'idle-too-long' | 'lifetime-over'>
  | 'logged-in';

/** Decides whether a login to a session is allowed: only to an anonymous one that is not over. */
export function decideLogin(
  session: Session | undefined,
  now: EpochSeconds,
): 'login' | LoginRefusal {
  if (session === undefined) return 'unknown-session';
  const state = stateOf(session, now);
  if (state === 'anonymous') return 'login';
  return state === 'active' ? 'logged-in' : state;
}

/** The state of a session at a moment. */
export type State = 'anonymous' | 'active' | 'revoked' | 'idle-too-long' | 'lifetime-over';

/** The state of a session now. */
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

/** The row, also as a tombstone, outlives every token of its session by a day. */
const day = 86_400;

/** The `iat` of an answer's tokens, and when the client must have refreshed again. */
export function timesOf(
  session: Session,
  policy: Policy,
  now: EpochSeconds,
): { readonly issuedAt: EpochSeconds; readonly expiresAt: EpochSeconds } {
  const { issuedAt, issuedLifetime } = issueOf(session, policy.rotation, now);
  if (typeof policy.idle === 'number') return { issuedAt, expiresAt: expiryOf(session) };
  const lifetime = session.tokenLifetime ?? issuedLifetime ?? policy.idle.token;
  return { issuedAt, expiresAt: earlier(later(issuedAt, lifetime), session.endsAt) };
}

/** Whether a refresh writes. With the token as the idle clock and fixed secrets, it only reads. */
export function writesAtRefresh({ idle, rotation }: Policy): boolean {
  return typeof idle === 'number' || rotation !== 'fixed';
}

/**
 * What is wrong with a stage's policy for a contract, as a sentence that names the value;
 * `undefined` if it is valid. A stage may change the numbers and the rotation of a contract, not
 * the kind of its idle clock.
 */
export function policyProblem(
  { idle, lifetime, rotation }: Policy,
  contract: { readonly policy: Policy; readonly rotates: boolean },
): string | undefined {
  if (typeof idle !== typeof contract.policy.idle)
    return typeof contract.policy.idle === 'number'
      ? 'idle must be a number of seconds'
      : 'idle must be { token: seconds }, because its token is its idle clock';
  const idleSeconds = typeof idle === 'number' ? idle : idle.token;
  if (!isSeconds(idleSeconds))
    return `idle is ${idleSeconds}; it must be a whole number of seconds over 0`;
  if (!isSeconds(lifetime))
    return `lifetime is ${lifetime}; it must be a whole number of seconds over 0`;
  if (lifetime < idleSeconds)
    return `lifetime is ${lifetime}; it must be at least idle, ${idleSeconds}`;
  return rotationProblem(rotation, idleSeconds, contract);
}

function isSeconds(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}
