import type { Contract } from '../core/edge/contract.ts';
import { claimsApart } from '../core/session/claims.ts';
import { type Policy, writesAtRefresh } from '../core/session/policy.ts';
import type { SessionRegistry } from '../core/session/registry.ts';
import { digest } from '../core/session/secret.ts';
import { type RowKey, type Session, subjectKey } from '../core/session/session.ts';
import { readSuccessor } from '../core/session/successor.ts';
import type { EpochSeconds } from '../core/time.ts';
import type { Keys } from '../core/token/keys.ts';
import type { Person } from './input.ts';

/** What makes a session somebody's. */
export function belonging(
  { name }: Contract,
  row: RowKey,
  { subject, claims, secret }: Person,
  keys: Keys,
) {
  return {
    subject: subjectKey(name, subject),
    secret: digest(keys.digest, row, secret),
    claims,
  };
}

/** Whether a secret is one that replaced another, in a former session of this id. */
export function wasComputed(row: RowKey, { secret }: Person, keys: Keys): boolean {
  return readSuccessor(keys.successor, row, secret) !== undefined;
}

/** What is said of such a secret. */
export const computed = 'this secret replaced another one before; a session begins with a new one';

/**
 * What to write into a row. Claims too large to be written again at every refresh have been written
 * when this returns, as an item of their own. Where a refresh only reads, they stay in the row.
 */
export async function withClaimsKept<Row extends Pick<Session, 'claims' | 'claimsVersion'>>(
  registry: SessionRegistry,
  policy: Policy,
  key: RowKey,
  row: Row,
  purgeAt: EpochSeconds,
): Promise<Row> {
  if (!writesAtRefresh(policy)) return row;
  const apart = claimsApart(key, row, purgeAt);
  if (apart.claims) await registry.keepClaims(apart.claims);
  return apart.row;
}
