// Everything that opens, logs in to, reads and ends sessions; only session-admin does. The file is
// over 150 lines because each of its writes has a condition and a rule for an answer that was lost.

import type { EpochSeconds } from '../time.ts';
import { keepLonger, type SplitRow, splitClaims } from './claims.ts';
import {
  decideLogin,
  type LoginRefusal,
  stateOf,
  timesAtOpening,
  writesAtRefresh,
} from './policy.ts';
import { isComputed } from './rotation.ts';
import { type Item, isDamaged, toSession } from './row.ts';
import { digest } from './secret.ts';
import {
  type Claims,
  idOf,
  type LoggedInSession,
  type RevokedBy,
  type RowKey,
  rowKey,
  type Secret,
  type Session,
  type SessionId,
  subjectKey,
} from './session.ts';
import type { SessionsProps } from './sessions.ts';
import type { Page } from './table.ts';

/** The person that a session belongs to, and the secret and claims of the login. */
export interface Person {
  readonly subject: string;
  readonly secret: Secret;
  readonly claims: Claims;
}

/** A session to open. Without a person it is anonymous until `login`. */
export interface NewSession {
  readonly id: SessionId;
  readonly person?: Person;
  /** In seconds; the policy's by default. */
  readonly tokenLifetime?: number;
}

/** A session that was ended. */
export interface Ended {
  readonly id: SessionId;
  /** When it ended: now, or earlier if it was ended before. */
  readonly revokedAt: EpochSeconds;
  /** Whether this call ended an active session. A damaged row counts as active. */
  readonly wasActive: boolean;
}

/** Opens, finds and ends the sessions of one contract. It throws what `Sessions.refresh` throws. */
export interface Registry {
  /**
   * Opens a session. `id-taken`: the id was used before, and its row is not purged yet.
   * `secret-used`: the secret was computed for this id, so a refresh would take it for a replaced
   * secret.
   */
  open(session: NewSession, now: EpochSeconds): Promise<Session | 'id-taken' | 'secret-used'>;
  /** Logs a person in to an anonymous session that is not over. A refused login changes nothing. */
  login(
    id: SessionId,
    person: Person,
    now: EpochSeconds,
  ): Promise<LoggedInSession | LoginRefusal | 'secret-used'>;
  /** Reads a session, strongly consistent. Claims that are a separate item are not read. */
  find(id: SessionId): Promise<Session | undefined>;
  /**
   * Ends a session for good, also one with a damaged row. With `openedBy`, it leaves a session alone
   * that was opened or logged in to after that moment. Answers `undefined` if it ends none.
   */
  revoke(id: SessionId, now: EpochSeconds, openedBy?: EpochSeconds): Promise<Ended | undefined>;
  /** The ids of a subject's sessions in the index, which AWS updates seconds after the table. */
  idsOf(subject: string): Promise<readonly SessionId[]>;
}

/** The registry of a contract's sessions in a table. */
export function registry({ contract, policy, keys, table }: SessionsProps): Registry {
  return {
    async open({ id, person, tokenLifetime }, now) {
      const key = rowKey(contract, id);
      if (person && isComputed(keys, key, person.secret)) return 'secret-used';
      const session: Session = {
        rowKey: key,
        ...timesAtOpening(policy, now),
        ...(person && attributesOf(key, person)),
        ...(tokenLifetime !== undefined && { tokenLifetime }),
      };
      const { row } = await withClaimsStored(key, session, session.purgeAt);
      const put = await table.put(row);
      const opened = put.outcome === 'written' || (put.retried && has(put.item, row));
      return opened ? session : 'id-taken';
    },

    async login(id, person, now) {
      const key = rowKey(contract, id);
      if (isComputed(keys, key, person.secret)) return 'secret-used';
      const { idleUntil, purgeAt } = timesAtOpening(policy, now);
      const changes = {
        ...attributesOf(key, person),
        loggedInAt: now,
        refreshedAt: now,
        idleUntil,
      };
      const { row, claims } = await withClaimsStored(key, changes, purgeAt);
      const update = await table.update({
        rowKey: key,
        set: Object.keys(row).map((name) => `${name} = :${name}`),
        conditions: mayLogin,
        values: Object.fromEntries(Object.entries(row).map(([name, value]) => [`:${name}`, value])),
      });
      const session = update.item && toSession(update.item);
      const done = update.outcome === 'written' || (update.retried && has(update.item, row));
      if (session && done) {
        // The session was opened under a policy with a longer lifetime.
        if (claims && claims.purgeAt < session.purgeAt)
          await table.update(keepLonger({ ...claims, purgeAt: session.purgeAt }));
        return { ...session, ...changes };
      }
      const decision = decideLogin(session, now);
      if (decision === 'login') throw new Error('decideLogin allows what the condition refused');
      return decision;
    },

    async find(id) {
      const item = await table.get(rowKey(contract, id));
      return item && toSession(item);
    },

    async revoke(id, now, openedBy) {
      const by: RevokedBy = 'administrator';
      const update = await table.update({
        rowKey: rowKey(contract, id),
        set: ['revokedAt = :now', 'revokedBy = :by'],
        conditions: [
          'attribute_exists(rowKey)',
          'attribute_not_exists(revokedAt)',
          // A comparison with a missing or damaged time is false, so such a session ends.
          ...(openedBy === undefined
            ? []
            : ['NOT (openedAt > :opened_by OR loggedInAt > :opened_by)']),
        ],
        values: {
          ':now': now,
          ':by': by,
          ...(openedBy !== undefined && { ':opened_by': openedBy }),
        },
      });
      if (update.outcome === 'written')
        return { id, revokedAt: now, wasActive: wasActive(update.item, now) };
      const { item, retried } = update;
      if (item?.revokedAt === undefined) return undefined;
      const revokedAt = item.revokedAt as EpochSeconds;
      // The SDK sent the write again because the first answer was lost: the row has this `now`.
      const own = retried && revokedAt === now;
      return { id, revokedAt, wasActive: own && wasActive(item, now) };
    },

    async idsOf(subject) {
      const ids: SessionId[] = [];
      let page: Page | undefined;
      do {
        page = await table.bySubject(subjectKey(contract, subject), page?.next);
        ids.push(...page.rowKeys.map(idOf));
      } while (page.next);
      return ids;
    },
  };

  /** The attributes that a login writes. */
  function attributesOf(key: RowKey, { subject, secret, claims }: Person) {
    return {
      subject: subjectKey(contract, subject),
      secret: digest(keys.digest, key, secret),
      claims,
    };
  }

  /**
   * Stores large claims as a separate item, so that no refresh writes them again, and gives the item
   * and the row that names it. Where a refresh only reads, claims of any size stay in the row.
   */
  async function withClaimsStored<Row extends Pick<Session, 'claims' | 'claimsVersion'>>(
    key: RowKey,
    row: Row,
    purgeAt: EpochSeconds,
  ): Promise<SplitRow<Row>> {
    if (!writesAtRefresh(policy)) return { row };
    const split = splitClaims(key, row, purgeAt);
    // Stryker disable next-line StringLiteral: a version of claims is new, so nothing is replaced
    if (split.claims) await table.put(split.claims, 'replace');
    return split;
  }
}

/** `decideLogin(…) === 'login'` as a condition of DynamoDB. */
const mayLogin = [
  'attribute_exists(rowKey)',
  'attribute_not_exists(secret)',
  'attribute_not_exists(revokedAt)',
  'endsAt > :refreshedAt',
  'idleUntil > :refreshedAt',
];

/**
 * Whether the item that refused a write has everything that the write was to write. Then this same
 * write put it there: its answer was lost, and the SDK sent it again. No other write has the same
 * digest.
 */
function has(item: Item | undefined, written: object): boolean {
  return (
    item !== undefined &&
    item.revokedAt === undefined &&
    Object.entries(written).every(([name, value]) => item[name] === value)
  );
}

/** Whether a row that was just ended was active before. */
function wasActive(ended: Item, now: EpochSeconds): boolean {
  const { revokedAt: _, ...before } = ended;
  return isDamaged(before) || stateOf(toSession(before), now) === 'active';
}
