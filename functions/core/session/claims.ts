import { randomUUID } from 'node:crypto';
import { type EpochSeconds, epochSeconds } from '../time.ts';
import type { Claims, RowKey, Session } from './session.ts';
import type { Write } from './table.ts';

/** What is written for a session: its row, and its claims if they are a separate item. */
export interface SplitRow<Row> {
  readonly row: Row;
  readonly claims?: ClaimsItem;
}

/** The claims of a session as a separate item. */
export interface ClaimsItem {
  readonly rowKey: RowKey;
  readonly claims: Claims;
  readonly purgeAt: EpochSeconds;
}

/**
 * Moves the claims into a separate item if the row would cost more than one write unit with them.
 * The item is written once, before the row that names its version, and its claims never change. So
 * a row always finds its own claims, and no refresh pays for writing them again.
 */
export function splitClaims<Row extends Pick<Session, 'claims' | 'claimsVersion'>>(
  key: RowKey,
  row: Row,
  purgeAt: EpochSeconds,
  claimsVersion: string = randomUUID(),
): SplitRow<Row> {
  const { claims, ...rest } = row;
  if (claims === undefined || largestSize(key, row) <= writeUnit) return { row };
  return {
    row: { ...rest, claimsVersion } as Row,
    claims: { rowKey: claimsKey(key, claimsVersion), claims, purgeAt },
  };
}

/**
 * The key of one version of a session's claims, `<contract>#<sessionId>#claims#<version>`. No
 * session id contains a `#`, so no client can name such an item.
 */
export function claimsKey(key: RowKey, version: string): RowKey {
  return `${key}#claims#${version}` as RowKey;
}

/**
 * Writes the item of claims, or makes the same claims last longer. Nothing else in such an item can change,
 * and it never lasts shorter, so it is safe for a session that is there already.
 */
export function keepLonger({ rowKey, claims, purgeAt }: ClaimsItem): Write {
  return {
    rowKey,
    set: ['claims = :claims', 'purgeAt = :purge_at'],
    conditions: ['(attribute_not_exists(purgeAt) OR purgeAt < :purge_at)'],
    values: { ':claims': claims, ':purge_at': purgeAt },
  };
}

/** The bytes that one write unit writes. */
const writeUnit = 1024;

/**
 * The size in bytes of a row with every attribute that it can get later, as DynamoDB counts it:
 * names and texts in UTF-8. A number of this project takes at most eight bytes.
 */
function largestSize(key: RowKey, row: Partial<Session>): number {
  const sizes = Object.entries({ ...laterAttributes, ...row, rowKey: key }).map(
    ([name, value]) => name.length + (typeof value === 'string' ? Buffer.byteLength(value) : 8),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

const anyTime = epochSeconds(0);
const laterAttributes: Partial<Session> = {
  generation: 1,
  parentGeneration: 1,
  secretFamily: 'f'.repeat(22),
  issuedLifetime: 1,
  graceUntil: anyTime,
  openedAt: anyTime,
  refreshedAt: anyTime,
  idleUntil: anyTime,
  endsAt: anyTime,
  revokedAt: anyTime,
  revokedBy: 'reuse-detected',
  purgeAt: anyTime,
};
