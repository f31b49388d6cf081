import type { Policy } from '../../functions/core/session/policy.ts';
import type { Refusal, Session } from '../../functions/core/session/session.ts';

// The rules of docs/sessions.md, written a second time without any code of the core.

/** What a refresh must answer, and the row after it. */
interface Expected {
  readonly outcome: 'refreshed' | 'retry' | Refusal;
  /** Whether the refresh must end the session as reuse. */
  readonly ends?: boolean;
  /** Whether the answer must be that of the last refresh. */
  readonly replays?: boolean;
  readonly writes?: boolean;
  /** The row after a refresh, except what is drawn for it. */
  readonly row?: Session;
}

/** What a client with the genuine secret *n* of a session must get, at a moment of the Lambda's clock. */
export function expected(
  row: Session,
  held: { readonly generation: number; readonly expiresAt?: number },
  { idle, rotation }: Policy,
  now: Session['endsAt'],
): Expected {
  if (row.secret === undefined) return { outcome: 'not-logged-in' };
  if (row.revokedAt !== undefined) return { outcome: 'revoked' };
  if (now >= row.endsAt) return { outcome: 'lifetime-over' };
  if (now >= row.idleUntil || (held.expiresAt ?? Infinity) <= now)
    return { outcome: 'idle-too-long' };

  const current = row.generation ?? 0;
  if (held.generation !== current && held.generation !== row.parentGeneration)
    return { outcome: 'reused-secret', ends: rotation !== 'fixed' };

  const kept: Expected = { outcome: 'refreshed', writes: false, row };
  const slides = typeof idle === 'number';
  if (rotation === 'fixed' && !slides) return kept;
  if (row.refreshedAt > now) return { ...kept, replays: rotation !== 'fixed' };
  const after = (seconds: number) => (now + seconds) as Session['endsAt'];
  const slid = { ...row, refreshedAt: now, idleUntil: slides ? after(idle) : row.idleUntil };
  if (rotation === 'fixed') return { ...kept, writes: true, row: slid };
  const grace = row.graceUntil ?? -Infinity;
  if (now <= grace) return { ...kept, replays: true };
  if (now <= grace + 7)
    return held.generation === current ? { ...kept, replays: true } : { outcome: 'retry' };
  const next = slides ? rotation.grace : Math.min(rotation.grace, Math.floor(idle.token / 2));
  const rotated = { generation: current + 1, parentGeneration: held.generation };
  const graceUntil = after(Math.max(10, next));
  return { ...kept, writes: true, row: { ...slid, ...rotated, graceUntil } };
}
