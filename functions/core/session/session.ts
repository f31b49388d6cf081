import { createHash, randomUUID } from 'node:crypto';
import type { Brand } from '../brand.ts';
import { type EpochSeconds, earlier } from '../time.ts';
import type { Digest } from './secret.ts';

/** What a client calls its session: 1 to 128 of `A-Za-z0-9._-`. Made by `sessionId` alone. */
export type SessionId = Brand<string, 'SessionId'>;

/** The table's key, `<contract>#<sessionId>`: no contract can name a session that another opened. */
export type RowKey = Brand<string, 'RowKey'>;

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
  /** Which secret is current, once one was replaced, and which family it is of. */
  readonly generation?: number;
  readonly secretFamily?: string;
  /** How long tokens of the current secret live, in seconds, unless `tokenLifetime` says otherwise. */
  readonly issuedLifetime?: number;
  /** Until when the secret before the current one is as good. */
  readonly graceUntil?: EpochSeconds;
  /** How long a token lives, in seconds, where it is not the policy's own. */
  readonly tokenLifetime?: number;
  /** What the contract gives back; absent while nobody is logged in, or where `claimsVersion` is set. */
  readonly claims?: Claims;
  /** Which item of their own holds the claims, where they are too large for the row. */
  readonly claimsVersion?: string;
  readonly openedAt: EpochSeconds;
  readonly refreshedAt: EpochSeconds;
  readonly idleUntil: EpochSeconds;
  readonly endsAt: EpochSeconds;
  readonly revokedAt?: EpochSeconds;
  /** When DynamoDB may delete the row (its TTL attribute). No rule reads it: deletion is late. */
  readonly purgeAt: EpochSeconds;
}

/** A session that somebody is logged in to, its claims read. */
export type LoggedInSession = Session & Required<Pick<Session, 'subject' | 'secret' | 'claims'>>;

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

/** How logs name a session: 22 characters from which its id can't be read. */
export function sessionHash(key: RowKey): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 22);
}
