import type { Policy } from '../../functions/core/session/policy.ts';
import { type Refreshing, refreshed } from './refreshed.ts';
import { grant, type Row, refuse, revoked, type Step, whyOver } from './row.ts';

/** What can befall the row of one session id. */
export type Operation =
  | { readonly do: 'open'; readonly now: number; readonly policy: Policy; readonly by?: Person }
  | { readonly do: 'login'; readonly now: number; readonly policy: Policy; readonly by: Person }
  | Refreshing
  | { readonly do: 'revoke'; readonly now: number }
  | { readonly do: 'revoke-all'; readonly now: number; readonly subject: string }
  | { readonly do: 'purge' }
  | { readonly do: 'look' };

/** Whose a session is. */
export interface Person {
  readonly subject: string;
  readonly secret: string;
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
