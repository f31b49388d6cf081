import type { Policy } from '../../functions/core/session/policy.ts';
import type { Refusal } from '../../functions/core/session/refusal.ts';

/** What there is to know of a session, its secret as it was given and not as it is kept. */
export interface Row {
  readonly subject?: string;
  readonly secret?: string;
  /** How often its secret was replaced, by secrets of which family, and how long the last one is shared. */
  readonly generation?: number;
  readonly secretFamily?: string;
  readonly graceUntil?: number;
  /** How long the tokens of that secret live. */
  readonly issuedLifetime?: number;
  readonly openedAt: number;
  readonly refreshedAt: number;
  readonly idleUntil: number;
  readonly endsAt: number;
  readonly purgeAt: number;
  readonly revokedAt?: number;
}

/** A secret that replaced another. The model does not know its text, only whose it is. */
export interface Computed {
  readonly generation: number;
  readonly family: string;
}

/** What whoever did something is told. */
export type Told =
  | {
      readonly granted: true;
      readonly until: number;
      /** Which of its session's secrets the client holds from now on. */
      readonly generation: number;
    }
  | { readonly granted: false; readonly reason: Refusal | 'id-taken' | 'logged-in' }
  | { readonly seen: Row | undefined };

/** The row after an operation, and what was told. */
export interface Step {
  readonly row: Row | undefined;
  readonly told: Told;
}

/** A yes, and until when it is good: a session, or the token that is made of it. */
export function grant(row: Row, now: number, { idle, rotation }: Policy): Step {
  // All who are answered with one secret are answered with one token, which is as old as the secret.
  const fixed = rotation === 'fixed';
  const issuedAt = fixed ? now : row.refreshedAt;
  const life = typeof idle === 'number' ? 0 : (!fixed && row.issuedLifetime) || idle.token;
  const rest = typeof idle === 'number' ? row.idleUntil : issuedAt + life;
  const until = Math.min(rest, row.endsAt);
  return { row, told: { granted: true, until, generation: row.generation ?? 0 } };
}

/** A no, which changes nothing. */
export function refuse(
  row: Row | undefined,
  reason: Refusal | 'id-taken' | 'logged-in',
): Step & { readonly told: { readonly granted: false } } {
  return { row, told: { granted: false, reason } };
}

/** The end of a session, which comes once. */
export function revoked(row: Row | undefined, now: number): Step {
  if (!row) return refuse(row, 'unknown-session');
  const revokedAt = row.revokedAt ?? now;
  const generation = row.generation ?? 0;
  return {
    row: { ...row, revokedAt },
    told: { granted: true, until: revokedAt, generation },
  };
}

/** Why nobody can use a session any more. */
export function whyOver(
  row: Row,
  now: number,
): 'revoked' | 'lifetime-over' | 'idle-too-long' | undefined {
  if (row.revokedAt !== undefined) return 'revoked';
  if (now >= row.endsAt) return 'lifetime-over';
  return now >= row.idleUntil ? 'idle-too-long' : undefined;
}
