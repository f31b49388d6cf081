import type { EpochSeconds } from '../time.ts';
import { claimsApart } from './claims.ts';
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

/** Whose a session is, and what its client presents. */
export interface Person {
  readonly subject: string;
  readonly secret: Secret;
  readonly claims: Claims;
}

/** A session to open; without a person it is anonymous until `login`. */
export interface NewSession {
  readonly id: SessionId;
  readonly person?: Person;
  /** In seconds; the policy's where it is absent. */
  readonly tokenLifetime?: number;
}

/** A session that was ended. */
export interface Ended {
  readonly id: SessionId;
  /** When it ended: now, or earlier if it was ended before. */
  readonly revokedAt: EpochSeconds;
  /** Whether this call ended a session that could be refreshed. A damaged row counts as one. */
  readonly wasActive: boolean;
}

/** The sessions of one contract, for those who open and end them. Throws what `Sessions` throws. */
export interface Registry {
  /**
   * Opens a session. `id-taken`: the id was used before, and is not purged yet. `secret-used`: the secret
   * replaced another one in a former session of this id, and would be read as what it was.
   */
  open(session: NewSession, now: EpochSeconds): Promise<Session | 'id-taken' | 'secret-used'>;
  /** Makes an anonymous, unexpired session someone's, or changes nothing and says why. */
  login(
    id: SessionId,
    person: Person,
    now: EpochSeconds,
  ): Promise<LoggedInSession | LoginRefusal | 'secret-used'>;
  /** The session, strongly consistent. Claims that are an item of their own stay there. */
  find(id: SessionId): Promise<Session | undefined>;
  /**
   * Ends a session for good; with `openedBy`, only one that was opened then or before. Nothing where there is
   * no such session. A damaged row is ended like any other.
   */
  revoke(id: SessionId, now: EpochSeconds, openedBy?: EpochSeconds): Promise<Ended | undefined>;
  /** The ids of a subject's sessions, as far as the index has them: AWS fills it seconds late. */
  idsOf(subject: string): Promise<readonly SessionId[]>;
}

/** The sessions of a contract in a table. */
export function registry({ contract, policy, keys, table }: SessionsProps): Registry {
  return {
    async open({ id, person, tokenLifetime }, now) {
      const key = rowKey(contract, id);
      if (person && isComputed(keys, key, person.secret)) return 'secret-used';
      const session: Session = {
        rowKey: key,
        ...timesAtOpening(policy, now),
        ...(person && owned(key, person)),
        ...(tokenLifetime !== undefined && { tokenLifetime }),
      };
      const row = await withClaimsStored(key, session, session.purgeAt);
      const tried = await table.put(row);
      const opened = tried.outcome === 'written' || (tried.retried && holds(tried.item, row));
      return opened ? session : 'id-taken';
    },

    async login(id, person, now) {
      const key = rowKey(contract, id);
      if (isComputed(keys, key, person.secret)) return 'secret-used';
      const { idleUntil, purgeAt } = timesAtOpening(policy, now);
      const whole = { ...owned(key, person), refreshedAt: now, idleUntil };
      const changes = await withClaimsStored(key, whole, purgeAt);
      const names = Object.keys(changes);
      const tried = await table.update({
        rowKey: key,
        set: names.map((name) => `${name} = :${name}`),
        conditions: mayLogin,
        values: Object.fromEntries(
          Object.entries(changes).map(([name, value]) => [`:${name}`, value]),
        ),
      });
      const session = tried.item && toSession(tried.item);
      if (session && (tried.outcome === 'written' || (tried.retried && holds(tried.item, changes))))
        return { ...session, ...whole };
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
      const tried = await table.update({
        rowKey: rowKey(contract, id),
        set: ['revokedAt = :now', 'revokedBy = :by'],
        conditions: [
          'attribute_exists(rowKey)',
          'attribute_not_exists(revokedAt)',
          ...(openedBy === undefined
            ? []
            : ['(openedAt <= :opened_by OR NOT attribute_type(openedAt, :number))']),
        ],
        values: {
          ':now': now,
          ':by': by,
          ...(openedBy !== undefined && { ':opened_by': openedBy, ':number': 'N' }),
        },
      });
      if (tried.outcome === 'written')
        return { id, revokedAt: now, wasActive: wasActive(tried.item, now) };
      const revokedAt = tried.item?.revokedAt as EpochSeconds | undefined;
      if (tried.item === undefined || revokedAt === undefined) return undefined;
      // Sent twice because the first answer was lost: the moment in the row is this call's own.
      const own = tried.retried && revokedAt === now;
      return { id, revokedAt, wasActive: own && wasActive(tried.item, now) };
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

  /** What makes a session somebody's. */
  function owned(key: RowKey, { subject, secret, claims }: Person) {
    return {
      subject: subjectKey(contract, subject),
      secret: digest(keys.digest, key, secret),
      claims,
    };
  }

  /**
   * What to write into a row, after claims that are too large to be written at every refresh are stored as
   * an item of their own. Where a refresh only reads, they stay in the row.
   */
  async function withClaimsStored<Row extends Pick<Session, 'claims' | 'claimsVersion'>>(
    key: RowKey,
    row: Row,
    purgeAt: EpochSeconds,
  ): Promise<Row> {
    if (!writesAtRefresh(policy)) return row;
    const apart = claimsApart(key, row, purgeAt);
    if (apart.claims) await table.put(apart.claims, 'replace');
    return apart.row;
  }
}

/** `decideLogin(…) === 'login'`, as DynamoDB says it. */
const mayLogin = [
  'attribute_exists(rowKey)',
  'attribute_not_exists(secret)',
  'attribute_not_exists(revokedAt)',
  'endsAt > :refreshedAt',
  'idleUntil > :refreshedAt',
];

/**
 * Whether the item that refused a write holds all that was to be written. Then it is the work of that very
 * write: its answer was lost, the SDK sent it again, and a digest of a secret is in it.
 */
function holds(item: Item | undefined, written: object): boolean {
  return (
    item !== undefined &&
    item.revokedAt === undefined &&
    Object.entries(written).every(([name, value]) => item[name] === value)
  );
}

/** Whether a row that has just been ended was active. */
function wasActive(ended: Item, now: EpochSeconds): boolean {
  const { revokedAt: _, ...before } = ended;
  return isDamaged(before) || stateOf(toSession(before), now) === 'active';
}
