import { createHmac, type KeyObject, randomUUID } from 'node:crypto';
import type { Brand } from '../brand.ts';
import { type EpochSeconds, earlier } from '../time.ts';

/** The id of a session: 1 to 128 of `A-Za-z0-9._-`. `sessionId` makes one of a client's text. */
export type SessionId = Brand<string, 'SessionId'>;

/**
 * The key of a row, `<contract>#<sessionId>`: no contract can name a session of another contract.
 */
export type RowKey = Brand<string, 'RowKey'>;

/** The secret part of a credential: `secureCode`, `sessionToken`, or the `sec` of a token. */
export type Secret = Brand<string, 'Secret'>;

/** The keyed digest of a secret, as the table stores it: 43 characters of base64url. */
export type Digest = Brand<string, 'Digest'>;

/**
 * What a session carries for its contract, as the JSON text of an object in the contract's own
 * form. It stays text because a parser changes large numbers and the order of keys.
 */
export type Claims = Brand<string, 'Claims'>;

/** One row of the table. docs/sessions.md explains each attribute. */
export interface Session {
  readonly rowKey: RowKey;
  /** `<contract>#<subject>`, the key of the index `bySubject`; absent while nobody is logged in. */
  readonly subject?: string;
  /** Keyed digest of the secret given at `open` or `login`; absent while nobody is logged in. */
  readonly secret?: Digest;
  /** The number of the current secret. Only rotation.ts uses this attribute and the next four. */
  readonly generation?: number;
  /** The number of the secret that the client presented when it got the current one. */
  readonly parentGeneration?: number;
  /** The random part that all computed secrets of the session share: 22 characters of base64url. */
  readonly secretFamily?: string;
  /** The lifetime in seconds of the current secret's tokens, unless `tokenLifetime` is set. */
  readonly issuedLifetime?: number;
  /** The last second in which the current secret and its parent get the same answer. */
  readonly graceUntil?: EpochSeconds;
  /** The lifetime of a token in seconds, if it is not the policy's. */
  readonly tokenLifetime?: number;
  /** Absent while nobody is logged in, or if `claimsVersion` is set. */
  readonly claims?: Claims;
  /** The version of the separate item that holds the claims, if they are too large for the row. */
  readonly claimsVersion?: string;
  readonly openedAt: EpochSeconds;
  /** When a person logged in, if that was after the session was opened. */
  readonly loggedInAt?: EpochSeconds;
  readonly refreshedAt: EpochSeconds;
  readonly idleUntil: EpochSeconds;
  readonly endsAt: EpochSeconds;
  /** When the session was ended. The row stays as a tombstone, so nothing revives the session. */
  readonly revokedAt?: EpochSeconds;
  readonly revokedBy?: RevokedBy;
  /** When DynamoDB may delete the row (its TTL attribute). No rule reads it: deletion is late. */
  readonly purgeAt: EpochSeconds;
}

/** Who or what ended a session. */
export type RevokedBy = 'administrator' | 'reuse-detected';

/** A session after a login, with its claims. */
export type LoggedInSession = Session & Required<Pick<Session, 'subject' | 'secret' | 'claims'>>;

/** What a client presents: its session id, the secret, and the times of a token that holds them. */
export interface Credential {
  readonly id: SessionId;
  readonly secret: Secret;
  readonly issuedAt?: EpochSeconds;
  readonly expiresAt?: EpochSeconds;
}

/** Why a session was not refreshed. The compiler checks that each contract answers every reason. */
export type Refusal =
  | 'unknown-session'
  | 'not-logged-in'
  | 'wrong-secret'
  | 'reused-secret'
  | 'revoked'
  | 'idle-too-long'
  | 'lifetime-over';

/** A value as a session id, or `undefined` if it does not match the grammar. */
export function sessionId(text: unknown): SessionId | undefined {
  return typeof text === 'string' && grammar.test(text) ? (text as SessionId) : undefined;
}

const grammar = /^[A-Za-z0-9._-]{1,128}$/;

/** A new session id: a random UUID. */
export function newSessionId(): SessionId {
  const id: string = randomUUID();
  return id as SessionId;
}

/** The key of a contract's session in the table. */
export function rowKey(contract: string, id: SessionId): RowKey {
  return `${contract}#${id}` as RowKey;
}

/** The id in a row key. */
export function idOf(key: RowKey): SessionId {
  return key.slice(key.indexOf('#') + 1) as SessionId;
}

/** The key of the index `bySubject` that finds all sessions of a person in one contract. */
export function subjectKey(contract: string, subject: string): string {
  return `${contract}#${subject}`;
}

/** The subject of a session by the contract's own name for it; `undefined` before a login. */
export function subjectOf({ subject }: Pick<Session, 'subject'>): string | undefined {
  return subject?.slice(subject.indexOf('#') + 1);
}

/** When a session ends if it is not refreshed again. This is what a client is told. */
export function expiryOf({
  idleUntil,
  endsAt,
}: Pick<Session, 'idleUntil' | 'endsAt'>): EpochSeconds {
  return earlier(idleUntil, endsAt);
}

/**
 * The name of a session in logs: 22 characters of HMAC-SHA-256 under a key of the contract. Without
 * a key, an id of seven digits could be found by trying them all.
 */
export function sessionHash(key: KeyObject, row: RowKey): string {
  return createHmac('sha256', key).update(row).digest('base64url').slice(0, 22);
}
