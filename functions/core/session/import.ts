import { createHash } from 'node:crypto';
import { type EpochSeconds, earlier, later } from '../time.ts';
import { claimsKey, keepLonger, splitClaims } from './claims.ts';
import { type Policy, timesAtOpening, writesAtRefresh } from './policy.ts';
import type { Person } from './registry.ts';
import { isComputed } from './rotation.ts';
import { type Item, isDamaged, toSession } from './row.ts';
import { digest } from './secret.ts';
import {
  type Claims,
  expiryOf,
  type LoggedInSession,
  rowKey,
  type Session,
  type SessionId,
  subjectKey,
} from './session.ts';
import type { SessionsProps } from './sessions.ts';

/** A live session of another system. Undefined times are those of a session that is opened now. */
export interface ForeignSession {
  readonly id: SessionId;
  readonly person: Person;
  /** Not later than now. */
  readonly openedAt: EpochSeconds | undefined;
  /** Only if the policy has an idle timeout of its own; otherwise the token is the idle clock. */
  readonly idleUntil: EpochSeconds | undefined;
  readonly endsAt: EpochSeconds | undefined;
  /** In seconds; the policy's where it is undefined. */
  readonly tokenLifetime: number | undefined;
}

/**
 * `imported`: written. `unchanged`: the table has this session already. `over`: it has ended, and
 * was not written. `id-taken`: the table has another session of that id. `secret-used`: as for
 * `open`.
 */
export type Imported = 'imported' | 'unchanged' | 'over' | 'id-taken' | 'secret-used';

/** Takes over sessions of another system into a contract. Throws what `Sessions` throws. */
export interface Importer {
  /**
   * Writes a session unless its id was used before. One storage request, two with large claims, and
   * one more where the claims of a session that is there must be compared.
   */
  write(session: ForeignSession, now: EpochSeconds): Promise<Imported>;
  /** What `write` would answer. Reads the row, and writes nothing. */
  tryOut(session: ForeignSession, now: EpochSeconds): Promise<Imported>;
}

/** The importer of a contract's sessions. */
export function importer({ contract, policy, keys, table }: SessionsProps): Importer {
  return {
    async write(foreign, now) {
      const session = sessionOf(foreign, now);
      if (typeof session === 'string') return session;
      const { rowKey: key, purgeAt, claims } = session;
      const split = writesAtRefresh(policy)
        ? splitClaims(key, session, purgeAt, versionOf(claims))
        : { row: session };
      if (split.claims) await table.update(keepLonger(split.claims));
      const put = await table.put(split.row);
      if (put.outcome === 'written') return 'imported';
      const found = await compared(put.item, foreign, session);
      // Sent twice because the first answer was lost: the row is the work of this very write.
      return found === 'unchanged' && put.retried ? 'imported' : found;
    },

    async tryOut(foreign, now) {
      const session = sessionOf(foreign, now);
      if (typeof session === 'string') return session;
      const item = await table.get(session.rowKey);
      return item ? compared(item, foreign, session) : 'imported';
    },
  };

  function sessionOf(
    foreign: ForeignSession,
    now: EpochSeconds,
  ): LoggedInSession | 'over' | 'secret-used' {
    const { id, person, tokenLifetime } = foreign;
    const { subject, secret, claims } = person;
    const key = rowKey(contract, id);
    if (isComputed(keys, key, secret)) return 'secret-used';
    const session = {
      rowKey: key,
      ...timesAtImport(policy, foreign, now),
      subject: subjectKey(contract, subject),
      secret: digest(keys.digest, key, secret),
      claims,
      ...(tokenLifetime !== undefined && { tokenLifetime }),
    };
    return expiryOf(session) <= now ? 'over' : session;
  }

  /**
   * Whether the row of an id is the session that was to be imported, refreshed, revoked or not: the
   * same in everything that was given and that no refresh changes.
   */
  async function compared(
    item: Item | undefined,
    { openedAt, endsAt }: ForeignSession,
    session: Session,
  ): Promise<'unchanged' | 'id-taken'> {
    if (!item || isDamaged(item)) return 'id-taken';
    const row = toSession(item);
    const same =
      row.subject === session.subject &&
      row.secret === session.secret &&
      row.tokenLifetime === session.tokenLifetime &&
      (openedAt === undefined || row.openedAt === session.openedAt) &&
      // Without `openedAt`, the policy can cut the end to another moment each time.
      (openedAt === undefined || endsAt === undefined || row.endsAt === session.endsAt) &&
      (await claimsOf(row)) === session.claims;
    return same ? 'unchanged' : 'id-taken';
  }

  async function claimsOf({ rowKey, claims, claimsVersion }: Session): Promise<unknown> {
    if (claimsVersion === undefined) return claims;
    return (await table.get(claimsKey(rowKey, claimsVersion)))?.claims;
  }
}

/** The times of an imported session, none of them later than `open` could have made them. */
function timesAtImport(
  policy: Policy,
  { openedAt, idleUntil, endsAt }: Pick<ForeignSession, 'openedAt' | 'idleUntil' | 'endsAt'>,
  now: EpochSeconds,
) {
  const latest = timesAtOpening(policy, earlier(openedAt ?? now, now));
  const end = earlier(endsAt ?? latest.endsAt, latest.endsAt);
  const { idle } = policy;
  const rests = typeof idle === 'number' ? later(now, idle) : end;
  return {
    ...latest,
    idleUntil: earlier(idleUntil ?? rests, rests),
    endsAt: end,
    purgeAt: later(end, latest.purgeAt - latest.endsAt),
  };
}

/** The same for the same claims, so that an import that is run again writes no second item of them. */
function versionOf(claims: Claims): string {
  return createHash('sha256').update(claims).digest('base64url');
}
