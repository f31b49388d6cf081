import type { Policy } from '../../functions/core/session/policy.ts';
import type { Session } from '../../functions/core/session/session.ts';

// The rules of docs/sessions.md, written a second time without any code of the core.

/** What a refresh must answer, and the row after it. */
export interface Expected {
  readonly outcome:
    | 'refreshed'
    | 'retry'
    | 'not-logged-in'
    | 'revoked'
    | 'lifetime-over'
    | 'idle-too-long'
    | 'reused-secret';
  /** Whether the refresh must end the session as reuse. */
  readonly ends?: boolean;
  /** Whether the answer must be that of the last refresh. */
  readonly replays?: boolean;
  readonly writes?: boolean;
  readonly generation?: number | undefined;
  readonly parent?: number | undefined;
  readonly graceUntil?: number | undefined;
  readonly idleUntil?: number;
  readonly refreshedAt?: number;
}

/** What a client with the genuine secret *n* of a session must get, at a moment of the Lambda's clock. */
export function expected(
  row: Session,
  held: { readonly generation: number; readonly expiresAt?: number },
  { idle, rotation }: Policy,
  now: number,
): Expected {
  if (row.secret === undefined) return { outcome: 'not-logged-in' };
  if (row.revokedAt !== undefined) return { outcome: 'revoked' };
  if (now >= row.endsAt) return { outcome: 'lifetime-over' };
  if (now >= row.idleUntil || (held.expiresAt ?? Infinity) <= now)
    return { outcome: 'idle-too-long' };

  const current = row.generation ?? 0;
  const parent = row.parentGeneration;
  if (held.generation !== current && held.generation !== parent)
    return { outcome: 'reused-secret', ends: rotation !== 'fixed' };

  const kept = {
    outcome: 'refreshed',
    generation: row.generation,
    parent,
    graceUntil: row.graceUntil,
    idleUntil: row.idleUntil,
    refreshedAt: row.refreshedAt,
    writes: false,
  } as const;
  const slides = typeof idle === 'number';
  if (rotation === 'fixed' && !slides) return kept;
  if (row.refreshedAt > now) return { ...kept, replays: rotation !== 'fixed' };
  const slid = {
    ...kept,
    writes: true,
    refreshedAt: now,
    idleUntil: slides ? now + idle : row.idleUntil,
  };
  if (rotation === 'fixed') return slid;
  const grace = row.graceUntil ?? -Infinity;
  if (now <= grace) return { ...kept, replays: true };
  if (now <= grace + 7)
    return held.generation === current ? { ...kept, replays: true } : { outcome: 'retry' };
  const next = slides ? rotation.grace : Math.min(rotation.grace, Math.floor(idle.token / 2));
  return {
    ...slid,
    generation: current + 1,
    parent: held.generation,
    graceUntil: now + Math.max(10, next),
  };
}

/** Assertions; each throws an error that says what must be true. */
export const must = {
  equal(actual: unknown, wanted: unknown, what: string): void {
    const same = JSON.stringify(sorted(actual)) === JSON.stringify(sorted(wanted));
    if (!same)
      throw new Error(`${what}; got ${JSON.stringify(actual)}, want ${JSON.stringify(wanted)}`);
  },

  /** If no thief used a secret, an honest client is refused only at a limit or after a revocation. */
  keepTheHonest({ reason }: { readonly reason: string | undefined }, stolen: boolean): void {
    if (stolen || reason === undefined) return;
    const limits = ['revoked', 'idle-too-long', 'lifetime-over'];
    if (!limits.includes(reason)) throw new Error(`an honest client is refused: ${reason}`);
  },
};

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
}
