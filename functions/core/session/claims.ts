import { randomUUID } from 'node:crypto';
import { type EpochSeconds, epochSeconds } from '../time.ts';
import type { Claims, RowKey, Session } from './session.ts';

/** What is written for a session: its row, and its claims where they are an item of their own. */
export interface Apart<Row> {
  readonly row: Row;
  readonly claims?: ClaimsItem;
}

/** Claims that are an item of their own. */
export interface ClaimsItem {
  readonly rowKey: RowKey;
  readonly claims: Claims;
  readonly purgeAt: EpochSeconds;
}

/**
 * Takes claims out of a row that would cost more than one write unit with them. They are written once,
 * before the row that names their version, and never changed: nobody finds a row without its claims, or
 * with others, and no refresh pays for writing them again.
 */
export function claimsApart<Row extends Pick<Session, 'claims' | 'claimsVersion'>>(
  key: RowKey,
  row: Row,
  purgeAt: EpochSeconds,
): Apart<Row> {
  const { claims, ...rest } = row;
  if (claims === undefined || bytesAtMost(key, row) <= writeUnit) return { row };
  const claimsVersion = randomUUID();
  return {
    row: { ...rest, claimsVersion } as Row,
    claims: { rowKey: claimsKey(key, claimsVersion), claims, purgeAt },
  };
}

/**
 * Where a version of a session's claims lies, `<contract>#<sessionId>#claims#<version>`. No session id
 * has a `#` in it, so no client reaches such an item.
 */
export function claimsKey(key: RowKey, version: string): RowKey {
  return `${key}#claims#${version}` as RowKey;
}

/** What one write unit writes, in bytes. */
const writeUnit = 1024;

/**
 * The size of a row, once it has all that a row may get, as DynamoDB counts it: names and texts in
 * UTF-8, and a number of ours in eight bytes at most.
 */
function bytesAtMost(key: RowKey, row: Partial<Session>): number {
  const sizes = Object.entries({ ...grown, ...row, rowKey: key }).map(
    ([name, value]) => name.length + (typeof value === 'string' ? Buffer.byteLength(value) : 8),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

const someTime = epochSeconds(0);
const grown: Partial<Session> = {
  generation: 1,
  parentGeneration: 1,
  secretFamily: 'f'.repeat(22),
  issuedLifetime: 1,
  graceUntil: someTime,
  openedAt: someTime,
  refreshedAt: someTime,
  idleUntil: someTime,
  endsAt: someTime,
  revokedAt: someTime,
  revokedBy: 'reuse-detected',
  purgeAt: someTime,
};
