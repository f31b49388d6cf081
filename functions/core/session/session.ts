import { createHmac, type KeyObject, randomUUID } from 'node:crypto';
import type { Brand } from '../brand.ts';
import { type EpochSeconds, earlier } from '../time.ts';

/** What a client calls its session: 1 to 128 of `A-Za-z0-9._-`. Made by `sessionId` alone. */
export type SessionId = Brand<string, 'SessionId'>;

/** The table's key, `<contract>#<sessionId>`: no contract can name a session that another opened. */
export type RowKey = Brand<string, 'RowKey'>;

/** What proves that a session is one's own: secureCode, sessionToken, the `sec` of a token. */
export type Secret = Brand<string, 'Secret'>;

/** What the table keeps of a secret: 43 characters of base64url. */
export type Digest = Brand<string, 'Digest'>;

/**
 * The JSON text of what a contract gives back: an object, in the form that the contract writes it in at
 * `open` or `login`. It stays text, because a parser changes large numbers and the order of keys.
 */
export type Claims = Brand<string, 'Claims'>;

/** One row of the table `sessions`. docs/sessions.md says what each attribute means. */
export interface Session {
  readonly rowKey: RowKey;
  /** `<contract>#<subject>`, the key of the index `bySubject`; absent while nobody is logged in. */
  readonly subject?: string;
  /** Keyed digest of the secret given at `open` or `login`; absent while nobody is logged in. */
  readonly secret?: Digest;
  /** The number of the current secret, once one was replaced. This and the next four are rotation.ts's. */
  readonly generation?: number;
  /** The number of the secret that the current one was given for. */
  readonly parentGeneration?: number;
  /** The random part that all computed secrets of the session share: 22 characters of base64url. */
  readonly secretFamily?: string;
  /** The lifetime of tokens of the current secret, in seconds, unless `tokenLifetime` is set. */
  readonly issuedLifetime?: number;
  /** The last second in which the current secret and its parent get the same answer. */
  readonly graceUntil?: EpochSeconds;
  /** The lifetime of a token, in seconds, where it is not the policy's. */
  readonly tokenLifetime?: number;
  /** What the contract gives back; absent while nobody is logged in, or where `claimsVersion` is set. */
  readonly claims?: Claims;
  /** Which item of their own holds the claims, where they are too large for the row. */
  readonly claimsVersion?: string;
  readonly openedAt: EpochSeconds;
  readonly refreshedAt: EpochSeconds;
  readonly idleUntil: EpochSeconds;
  readonly endsAt: EpochSeconds;
  /** When the session was ended. The row stays as a tombstone, so that nothing revives the session. */
  readonly revokedAt?: EpochSeconds;
  readonly revokedBy?: RevokedBy;
  /** When DynamoDB may delete the row (its TTL attribute). No rule reads it: deletion is late. */
  readonly purgeAt: EpochSeconds;
}

/** Who or what ended a session. */
export type RevokedBy = 'administrator' | 'reuse-detected';

/** A session that somebody is logged in to, its claims read. */
export type LoggedInSession = Session & Required<Pick<Session, 'subject' | 'secret' | 'claims'>>;

/** What a client presents: which session, its secret, and when its token expires if it is one. */
export interface Credential {
  readonly id: SessionId;
  readonly secret: Secret;
  readonly expiresAt?: EpochSeconds;
  /** How long that token lives from its issue on, in seconds. */
  readonly tokenLifetime?: number;
}

/**
 * Why a session was not refreshed. Each contract has words for every one of them, in a table that the
 * compiler holds complete.
 */
export type Refusal =
  | 'unknown-session'
  | 'not-logged-in'
  | 'wrong-secret'
  | 'reused-secret'
  | 'revoked'
  | 'idle-too-long'
  | 'lifetime-over';

/** The text as a session id, or nothing where it is outside the grammar. */
export function sessionId(text: unknown): SessionId | undefined {
  return typeof text === 'string' && grammar.test(text) ? (text as SessionId) : undefined;
}

const grammar = /^[A-Za-z0-9._-]{1,128}$/;

/** A new session id: a random UUID. */
export function newSessionId(): SessionId {
  const id: string = randomUUID();
  return id as SessionId;
}

/** Where a contract's session lies in the table. */
export function rowKey(contract: string, id: SessionId): RowKey {
  return `${contract}#${id}` as RowKey;
}

/** The id in a row key. */
export function idOf(key: RowKey): SessionId {
  return key.slice(key.indexOf('#') + 1) as SessionId;
}

/** The index key under which all of a person's sessions of one contract are found. */
export function subjectKey(contract: string, subject: string): string {
  return `${contract}#${subject}`;
}

/** Whose session it is, as the contract knows them; nothing while nobody is logged in. */
export function subjectOf({ subject }: Pick<Session, 'subject'>): string | undefined {
  return subject?.slice(subject.indexOf('#') + 1);
}

/** When the session ends unless it is refreshed again: what a client may be told. */
export function expiryOf({
  idleUntil,
  endsAt,
}: Pick<Session, 'idleUntil' | 'endsAt'>): EpochSeconds {
  return earlier(idleUntil, endsAt);
}

/**
 * How logs name a session: 22 characters of HMAC-SHA-256 under a key of the contract. Unkeyed, an id of
 * seven digits could be found by trying them all.
 */
export function sessionHash(key: KeyObject, row: RowKey): string {
  return createHmac('sha256', key).update(row).digest('base64url').slice(0, 22);
}
