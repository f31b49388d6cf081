// `refresh` turns a credential into an answer. The file is over 150 lines because the conditional
// write, the meaning of its refusal and the second write that can follow belong together.

import { type EpochSeconds, later } from '../time.ts';
import { claimsKey } from './claims.ts';
import { type Decision, decide, type Policy, timesOf, writesAtRefresh } from './policy.ts';
import {
  catchUp,
  currentSecret,
  endsAtReuse,
  hasSecret,
  type Presented,
  type RotationWrite,
  recognise,
  rotate,
  type SecretKeys,
} from './rotation.ts';
import { DamagedRow, toSession } from './row.ts';
import {
  type Claims,
  type Credential,
  type LoggedInSession,
  type Refusal,
  type RowKey,
  rowKey,
  type Secret,
  type Session,
} from './session.ts';
import type { RequestOptions, Table, Write, Written } from './table.ts';

/** The sessions of one contract. This interface hides secrets, rotation, claims and storage. */
export interface Sessions {
  /**
   * Refreshes the session of a credential if it is alive. It makes one storage request, plus one
   * if the claims are a separate item, one if a dead secret ends the session, and one if the secret
   * is newer than a restored row: at most three.
   * @throws StorageUnavailable or StorageTimedOut: the write is perhaps done; a retry is safe
   * @throws DamagedRow if the row breaks the rules of its attributes
   */
  refresh(credential: Credential, at: Moment): Promise<Refreshed | Refused | RetryLater>;
}

/** When a refresh is asked for, and how its storage requests are made. */
export interface Moment extends RequestOptions {
  readonly now: EpochSeconds;
}

/** The session is alive, and its client gets a new answer. */
export interface Refreshed {
  readonly outcome: 'refreshed';
  readonly session: LoggedInSession;
  /** What the client presents next. */
  readonly secret: Secret;
  /**
   * The `iat` of a token of this answer. Under rotation it is the same for all answers that have
   * the same secret; under `fixed` it is now.
   */
  readonly issuedAt: EpochSeconds;
  /** When the client must have refreshed again: when its token expires, or its session. */
  readonly expiresAt: EpochSeconds;
}

/** The session was not refreshed. Nothing has changed, unless `reused-secret` ended the session. */
export interface Refused {
  readonly outcome: 'refused';
  readonly reason: Refusal;
}

/** The credential is good, but the client must ask again in some seconds. Nothing has changed. */
export interface RetryLater {
  readonly outcome: 'retry';
}

/** What `sessions` and `registry` need. */
export interface SessionsProps {
  /** The name of the contract, the first part of every row key. */
  readonly contract: string;
  readonly policy: Policy;
  readonly keys: SecretKeys;
  readonly table: Table;
}

/** The sessions of a contract in a table. */
export function sessions({ contract, policy, keys, table }: SessionsProps): Sessions {
  return {
    async refresh(credential, at) {
      const { id, ...rest } = credential;
      const key = rowKey(contract, id);
      const presented = recognise(keys, key, rest);
      const { decision, session } = await writeOrRead({ key, presented, at });
      if (decision === 'retry') return { outcome: 'retry' };
      if (!isGranted(decision)) return { outcome: 'refused', reason: decision };
      // Stryker disable next-line all: only the compiler does not know that `decide` refuses a missing row
      if (!session) throw new Error('a session that does not exist was granted');
      const withClaims = await readClaims(session, at);
      return {
        outcome: 'refreshed',
        session: withClaims,
        secret: currentSecret(keys, session, presented, credential.secret),
        ...timesOf(session, policy, at.now),
      };
    },
  };

  /** Makes the first storage request, and the second write for a restored row or after a reuse. */
  async function writeOrRead(request: Request): Promise<Decided> {
    const { presented, at } = request;
    // An expired token refreshes nothing. The row is only read, to tell which refusal it is.
    const { expiresAt = Infinity } = presented;
    if (expiresAt <= at.now || !writesAtRefresh(policy))
      return decideFor(request, await table.get(request.key, at));
    const first = await table.update(refreshWrite(request, rotate), at);
    let decided = decideFor(request, first.item);
    const { decision, session } = decided;
    // The condition of the write has the same rules as `decide`.
    if (first.outcome === 'refused' && decision === 'refresh')
      throw new Error('decide allows what the condition refused');
    // Stryker disable next-line ConditionalExpression: a missing row is not behind; only the compiler asks
    if (decision === 'catch-up' && session !== undefined) {
      const again = refreshWrite(request, (rotation) => catchUp(rotation, session));
      // If this write is refused, another one caught up first, and the answer comes from its row.
      decided = decideFor(request, (await table.update(again, at)).item);
    }
    if (decided.decision === 'reused-secret' && endsAtReuse(policy.rotation))
      await revokeForReuse(request);
    return decided;
  }

  /** Decides by the row that was read, that was written, or that refused the write. */
  function decideFor({ presented, at }: Request, item: Written['item']): Decided {
    const session = item && toSession(item);
    return { decision: decide(session, presented, policy.rotation, at.now), session };
  }

  function refreshWrite(
    { key, presented, at: { now } }: Request,
    rotated: (request: Parameters<typeof rotate>[0]) => RotationWrite,
  ): Write {
    const { idle, rotation } = policy;
    const slides = typeof idle === 'number';
    const issuedLifetime = slides ? undefined : idle.token;
    const own = rotated({ presented, rotation, issuedLifetime, now });
    return {
      rowKey: key,
      set: ['refreshedAt = :now', ...(slides ? ['idleUntil = :idle_until'] : []), ...own.set],
      conditions: [...own.conditions, ...aliveAndUndamaged],
      values: {
        ...own.values,
        ':text': 'S',
        ':number': 'N',
        ':now': now,
        ...(slides && { ':idle_until': later(now, idle) }),
      },
    };
  }

  /** Ends a session whose dead secret was used. The write is committed before the answer leaves. */
  async function revokeForReuse({ key, presented, at }: Request) {
    const { conditions, values } = hasSecret(presented);
    await table.update(
      {
        rowKey: key,
        set: ['revokedAt = :now', 'revokedBy = :reuse'],
        conditions: [...conditions, 'attribute_not_exists(revokedAt)'],
        values: { ...values, ':now': at.now, ':reuse': 'reuse-detected' },
      },
      at,
    );
  }

  /** The session with its claims, which are in the row or in a separate item. */
  async function readClaims(session: Session, at: Moment): Promise<LoggedInSession> {
    const { subject, secret, claims, claimsVersion, rowKey } = session;
    const text = claimsVersion === undefined ? claims : await claimsItem(rowKey, claimsVersion, at);
    // Stryker disable next-line all: `toSession` checks this; only the compiler does not know
    if (subject === undefined || secret === undefined || text === undefined)
      // Stryker disable next-line all: so this is never thrown
      throw new DamagedRow('a logged-in session lacks its subject, secret or claims');
    return { ...session, subject, secret, claims: text };
  }

  async function claimsItem(row: RowKey, version: string, at: Moment): Promise<Claims> {
    const item = await table.get(claimsKey(row, version), at);
    if (typeof item?.claims !== 'string') throw new DamagedRow('the item of the claims is missing');
    return item.claims as Claims;
  }
}

interface Request {
  readonly key: RowKey;
  readonly presented: Presented;
  readonly at: Moment;
}

/** A decision and the row that it is about. */
interface Decided {
  readonly decision: Decision;
  readonly session: Session | undefined;
}

function isGranted(
  decision: Exclude<Decision, 'retry'>,
): decision is Exclude<typeof decision, Refusal> {
  return decision === 'refresh' || decision === 'replay' || decision === 'catch-up';
}

/**
 * What `decide(…) === 'refresh'` demands apart from the secret, and part of what `toSession`
 * demands. If the condition does not see the damage, the refresh is written before the 500.
 */
const aliveAndUndamaged = [
  'attribute_not_exists(revokedAt)',
  'endsAt > :now',
  'idleUntil > :now',
  'refreshedAt <= :now',
  'attribute_type(subject, :text)',
  '(attribute_type(claims, :text) OR attribute_type(claimsVersion, :text))',
  'attribute_type(openedAt, :number)',
  'attribute_type(purgeAt, :number)',
];
