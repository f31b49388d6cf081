import { type EpochSeconds, earlier, later } from '../time.ts';
import { claimsKey } from './claims.ts';
import {
  type Decision,
  decide,
  type Policy,
  type Proof,
  tokenLifetime,
  writesAtRefresh,
} from './policy.ts';
import {
  catchUp,
  endsAtReuse,
  issueOf,
  presentedSecret,
  type RotationWrite,
  rotate,
  type SecretKeys,
  secretNow,
} from './rotation.ts';
import { DamagedRow, toSession } from './row.ts';
import {
  type Claims,
  type Credential,
  expiryOf,
  type LoggedInSession,
  type Refusal,
  type RowKey,
  rowKey,
  type Secret,
  type Session,
} from './session.ts';
import type { RequestOptions, Table, Write, Written } from './table.ts';

/** The sessions of one contract: the one door to secrets, rotation, claims and storage. */
export interface Sessions {
  /**
   * Refreshes the session that a credential is for, if it is alive. One storage request; a second one
   * where claims are an item of their own, where a theft ends the session, and for a secret that is ahead
   * of a restored row.
   * @throws StorageUnavailable or StorageTimedOut: a retry is safe, the refresh may have been written
   * @throws DamagedRow where the row breaks the rules of its attributes
   */
  refresh(credential: Credential, at: Moment): Promise<Refreshed | Refused | RetryLater>;
}

/** When a refresh is asked for, and how its storage requests are made. */
export interface Moment extends RequestOptions {
  readonly now: EpochSeconds;
}

/** A session that its client may go on with. */
export interface Refreshed {
  readonly outcome: 'refreshed';
  readonly session: LoggedInSession;
  /** What the client presents the next time. */
  readonly secret: Secret;
  /** From when on a token of this answer lives: equal for all answers that have the same secret. */
  readonly issuedAt: EpochSeconds;
  /** When the client must have refreshed again: the end of its token, or of the session while it rests. */
  readonly expiresAt: EpochSeconds;
}

/** Why a session was not refreshed. Nothing about it has changed, unless `reused-secret` has ended it. */
export interface Refused {
  readonly outcome: 'refused';
  readonly reason: Refusal;
}

/** The credential is good, and its client must ask again in some seconds. Nothing has changed. */
export interface RetryLater {
  readonly outcome: 'retry';
}

/** What the sessions of a contract stand on. */
export interface SessionsProps {
  /** The first part of every row key. */
  readonly contract: string;
  readonly policy: Policy;
  readonly keys: SecretKeys;
  readonly table: Table;
}

/** The sessions of a contract in a table. */
export function sessions({ contract, policy, keys, table }: SessionsProps): Sessions {
  return {
    async refresh(credential, at) {
      const key = rowKey(contract, credential.id);
      const presented = presentedSecret(keys, key, credential.secret);
      const proof = { presented, expiresAt: credential.expiresAt };
      const { decision, session } = await decided({ key, proof, credential, at });
      if (decision === 'retry') return { outcome: 'retry' };
      if (!isGranted(decision)) return { outcome: 'refused', reason: decision };
      if (!session) throw new Error('a session that does not exist is granted');
      const whole = await withClaims(session, at);
      return {
        outcome: 'refreshed',
        session: whole,
        secret: secretNow(keys, whole, presented, credential.secret),
        ...timesOf(whole, policy, at.now),
      };
    },
  };

  /** Writes or reads the row, and decides by what it brings. */
  async function decided(request: Request): Promise<Decided> {
    const { key, proof, at } = request;
    // An expired token refreshes nothing: the row is only read, to say which refusal it is.
    const expired = proof.expiresAt !== undefined && proof.expiresAt <= at.now;
    if (expired || !writesAtRefresh(policy)) {
      const item = await table.get(key, at);
      const session = item && toSession(item);
      return { decision: decide(session, proof, policy.rotation, at.now), session };
    }
    const first = judged(request, await table.update(refreshWrite(request, rotate), at));
    if (first.decision === 'reused-secret' && endsAtReuse(policy.rotation))
      await endStolen(request, first.session);
    const behind = first.session;
    if (first.decision !== 'catch-up' || behind === undefined) return first;
    return judged(
      request,
      await table.update(
        refreshWrite(request, (rotation) => catchUp(rotation, behind)),
        at,
      ),
    );
  }

  /** What a write brought: the refreshed row, or the row that refused it. */
  function judged({ proof, at }: Request, written: Written): Decided {
    if (written.outcome === 'written')
      return { decision: 'refresh', session: toSession(written.item) };
    const session = written.item && toSession(written.item);
    const decision = decide(session, proof, policy.rotation, at.now);
    if (decision === 'refresh') throw new Error('decide allows what the condition refused');
    return { decision, session };
  }

  function refreshWrite(
    { key, proof, credential, at }: Request,
    rotated: (request: Parameters<typeof rotate>[0]) => RotationWrite,
  ): Write {
    const { idle, rotation } = policy;
    const { now } = at;
    const own = rotated({
      presented: proof.presented,
      rotation,
      issuedLifetime: typeof idle === 'number' ? undefined : idle.token,
      tokenLifetime: credential.tokenLifetime,
      now,
    });
    const slides = typeof idle === 'number';
    return {
      rowKey: key,
      set: ['refreshedAt = :now', ...(slides ? ['idleUntil = :idle_until'] : []), ...own.set],
      conditions: [...own.conditions, ...alive],
      values: {
        ...own.values,
        ...undamagedValues,
        ':now': now,
        ...(slides && { ':idle_until': later(now, idle) }),
      },
    };
  }

  /** Ends a session whose dead secret was used. Committed before the answer leaves. */
  async function endStolen({ key, at }: Request, session: Session | undefined) {
    const secretFamily = session?.secretFamily;
    if (secretFamily === undefined) return;
    const ended = await table.update(
      {
        rowKey: key,
        set: ['revokedAt = :now', 'revokedBy = :reuse'],
        conditions: ['secretFamily = :family', 'attribute_not_exists(revokedAt)'],
        values: { ':now': at.now, ':reuse': 'reuse-detected', ':family': secretFamily },
      },
      at,
    );
    if (ended.outcome === 'written') toSession(ended.item);
  }

  /** A session with its claims, wherever they are. */
  async function withClaims(session: Session, at: Moment): Promise<LoggedInSession> {
    const { subject, secret, claims, claimsVersion, rowKey } = session;
    const text = claimsVersion === undefined ? claims : await claimsItem(rowKey, claimsVersion, at);
    if (subject === undefined || secret === undefined || text === undefined)
      throw new DamagedRow('a logged-in session lacks its subject, secret or claims');
    return { ...session, subject, secret, claims: text };
  }

  async function claimsItem(row: RowKey, version: string, at: Moment): Promise<Claims> {
    const item = await table.get(claimsKey(row, version), at);
    if (typeof item?.claims !== 'string') throw new DamagedRow('the item of the claims is missing');
    return item.claims as Claims;
  }
}

/** From when until when what the client of a session holds is good. */
export function timesOf(
  session: Session,
  policy: Policy,
  now: EpochSeconds,
): Pick<Refreshed, 'issuedAt' | 'expiresAt'> {
  const { issuedAt, pinnedLifetime } = issueOf(session, policy.rotation, now);
  if (typeof policy.idle === 'number') return { issuedAt, expiresAt: expiryOf(session) };
  const lives = session.tokenLifetime ?? pinnedLifetime ?? tokenLifetime(policy);
  return { issuedAt, expiresAt: earlier(later(issuedAt, lives), session.endsAt) };
}

interface Request {
  readonly key: RowKey;
  readonly proof: Proof;
  readonly credential: Credential;
  readonly at: Moment;
}

/** A decision and the row that it was made by. */
interface Decided {
  readonly decision: Decision;
  readonly session?: Session | undefined;
}

function isGranted(decision: Exclude<Decision, 'retry'>): decision is Granting {
  return decision === 'refresh' || decision === 'replay' || decision === 'catch-up';
}

type Granting = Exclude<Decision, 'retry' | Refusal>;

/** `decide(…) === 'refresh'` apart from the secret, and that `toSession` will not throw. */
const alive = [
  'attribute_not_exists(revokedAt)',
  'endsAt > :now',
  'idleUntil > :now',
  'refreshedAt <= :now',
  'attribute_type(subject, :text)',
  '(attribute_type(claims, :text) OR attribute_type(claimsVersion, :text))',
  'attribute_type(openedAt, :number)',
  'attribute_type(purgeAt, :number)',
];
const undamagedValues = { ':text': 'S', ':number': 'N' };
