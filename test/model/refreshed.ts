import type { Policy } from '../../functions/core/session/policy.ts';
import { type Computed, grant, type Row, refuse, revoked, type Step, whyOver } from './row.ts';

/** A refresh, as the client and the clock make it. */
export interface Refreshing {
  readonly do: 'refresh';
  readonly now: number;
  readonly policy: Policy;
  /** As it was given at the beginning, or as it replaced another; any text that is neither is a guess. */
  readonly secret: string | Computed;
  /** The token that the secret came in: when it expires, and how long it lives in all. */
  readonly token?: { readonly expiresAt: number; readonly life: number };
  /** The family that is drawn, if this refresh is the first to replace the secret. */
  readonly draws: string;
}

/** The session after a refresh: while a grace lasts, its secret and the one before are as good. */
export function refreshed(row: Row | undefined, refreshing: Refreshing): Step {
  const { now, policy, secret, token } = refreshing;
  if (!row) return refuse(row, 'unknown-session');
  if (row.secret === undefined) return refuse(row, 'not-logged-in');
  const presented = generationIn(row, secret);
  if (presented === undefined) return refuse(row, 'wrong-secret');
  const over = whyOver(row, now);
  if (over) return refuse(row, over);
  if (token && now >= token.expiresAt) return refuse(row, 'idle-too-long');

  const replaced = (row.generation ?? 0) - presented;
  const inGrace = row.graceUntil !== undefined && now < row.graceUntil;
  if (replaced > (inGrace ? 1 : 0)) {
    // Whose policy replaces nothing has nobody to suspect.
    const after = policy.rotation === 'fixed' ? row : revoked(row, now).row;
    return { ...refuse(row, 'reused-secret'), row: after };
  }
  // A clock behind the row's moves nothing back.
  if (inGrace || now < row.refreshedAt) return grant(row, now, policy);
  return grant({ ...row, ...changes(row, refreshing) }, now, policy);
}

function changes(row: Row, { now, policy, token, draws }: Refreshing): Partial<Row> {
  const { idle, rotation } = policy;
  const slid = typeof idle === 'number' ? { refreshedAt: now, idleUntil: now + idle } : {};
  if (rotation === 'fixed') return slid;
  const half = token ? Math.max(1, Math.floor(token.life / 2)) : rotation.grace;
  return {
    ...slid,
    refreshedAt: now,
    generation: (row.generation ?? 0) + 1,
    secretFamily: row.secretFamily ?? draws,
    graceUntil: now + Math.min(rotation.grace, half),
    ...(typeof idle === 'object' && { issuedLifetime: idle.token }),
  };
}

function generationIn(row: Row, secret: string | Computed): number | undefined {
  if (typeof secret === 'string') return secret === row.secret ? 0 : undefined;
  return secret.family === row.secretFamily ? secret.generation : undefined;
}
