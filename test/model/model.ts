import type { Policy } from '../../functions/core/session/policy.ts';
import type { Refusal } from '../../functions/core/session/refusal.ts';

/** What there is to know of a session, its secret as it was given and not as it is kept. */
export interface Row {
  readonly subject?: string;
  readonly secret?: string;
  readonly openedAt: number;
  readonly refreshedAt: number;
  readonly idleUntil: number;
  readonly endsAt: number;
  readonly purgeAt: number;
  readonly revokedAt?: number;
}

/** What can befall the row of one session id. */
export type Operation =
  | { readonly do: 'open'; readonly now: number; readonly policy: Policy; readonly by?: Person }
  | { readonly do: 'login'; readonly now: number; readonly policy: Policy; readonly by: Person }
  | {
      readonly do: 'refresh';
      readonly now: number;
      readonly policy: Policy;
      readonly secret: string;
      /** When the token expires that the secret came in. */
      readonly expiresAt?: number;
    }
  | { readonly do: 'revoke'; readonly now: number }
  | { readonly do: 'revoke-all'; readonly now: number; readonly subject: string }
  | { readonly do: 'purge' }
  | { readonly do: 'look' };

/** Whose a session is. */
export interface Person {
  readonly subject: string;
  readonly secret: string;
}

/** What whoever did it is told. */
export type Told =
  | { readonly granted: true; readonly until: number }
  | { readonly granted: false; readonly reason: Refusal | 'id-taken' | 'logged-in' }
  | { readonly seen: Row | undefined };

/** The row after an operation, and what was told. */
export interface Step {
  readonly row: Row | undefined;
  readonly told: Told;
}

/**
 * The sessions as their promise says them: written from the promise and not from `judge`, with which
 * it shares no line. A row is an object of its own, since nothing here reaches two of them.
 */
export function step(row: Row | undefined, operation: Operation): Step {
  if (operation.do === 'open') return opened(row, operation);
  if (operation.do === 'login') return loggedIn(row, operation);
  if (operation.do === 'refresh') return refreshed(row, operation);
  if (operation.do === 'revoke') return revoked(row, operation.now);
  if (operation.do === 'revoke-all') {
    const after = row?.subject === operation.subject ? revoked(row, operation.now).row : row;
    return { row: after, told: { seen: undefined } };
  }
  if (operation.do === 'purge') return { row: undefined, told: { seen: undefined } };
  return { row, told: { seen: row } };
}

/** Whether this is still a session at that moment, so that revoking it ends something. */
export function alive(row: Row, now: number): boolean {
  return row.revokedAt === undefined && now < row.idleUntil && now < row.endsAt;
}

function opened(
  row: Row | undefined,
  { now, policy, by }: Extract<Operation, { do: 'open' }>,
): Step {
  if (row) return refuse(row, 'id-taken');
  const endsAt = now + policy.lifetime;
  const idleUntil = typeof policy.idle === 'number' ? now + policy.idle : endsAt;
  const times = { openedAt: now, refreshedAt: now, idleUntil, endsAt, purgeAt: endsAt + 86_400 };
  return grant({ ...times, ...by }, now, policy);
}

function loggedIn(
  row: Row | undefined,
  { now, policy, by }: Extract<Operation, { do: 'login' }>,
): Step {
  if (!row) return refuse(row, 'unknown-session');
  const over = whyOver(row, now);
  if (over) return refuse(row, over);
  if (row.secret !== undefined) return refuse(row, 'logged-in');
  const idleUntil = typeof policy.idle === 'number' ? now + policy.idle : row.endsAt;
  return grant({ ...row, ...by, refreshedAt: now, idleUntil }, now, policy);
}

function refreshed(
  row: Row | undefined,
  { now, policy, secret, expiresAt }: Extract<Operation, { do: 'refresh' }>,
): Step {
  if (!row) return refuse(row, 'unknown-session');
  if (row.secret === undefined) return refuse(row, 'not-logged-in');
  if (row.secret !== secret) return refuse(row, 'wrong-secret');
  const over = whyOver(row, now);
  if (over) return refuse(row, over);
  if (expiresAt !== undefined && now >= expiresAt) return refuse(row, 'idle-too-long');
  // A token is its own idle clock; and a clock behind the row's moves nothing back.
  if (typeof policy.idle !== 'number' || now < row.refreshedAt) return grant(row, now, policy);
  return grant({ ...row, refreshedAt: now, idleUntil: now + policy.idle }, now, policy);
}

function revoked(row: Row | undefined, now: number): Step {
  if (!row) return refuse(row, 'unknown-session');
  const revokedAt = row.revokedAt ?? now;
  return { row: { ...row, revokedAt }, told: { granted: true, until: revokedAt } };
}

function whyOver(row: Row, now: number): 'revoked' | 'lifetime-over' | 'idle-too-long' | undefined {
  if (row.revokedAt !== undefined) return 'revoked';
  if (now >= row.endsAt) return 'lifetime-over';
  return now >= row.idleUntil ? 'idle-too-long' : undefined;
}

function grant(row: Row, now: number, { idle }: Policy): Step {
  const rest = typeof idle === 'number' ? row.idleUntil : now + idle.token;
  return { row, told: { granted: true, until: Math.min(rest, row.endsAt) } };
}

function refuse(row: Row | undefined, reason: Refusal | 'id-taken' | 'logged-in'): Step {
  return { row, told: { granted: false, reason } };
}
