import type { Keys } from '../keys/keys.ts';
import type { Policy } from '../session/policy.ts';
import type {
  Claims,
  Credential,
  LoggedInSession,
  Refusal,
  Secret,
  Session,
} from '../session/session.ts';
import type { EpochSeconds } from '../time.ts';
import type { Fault } from './fault.ts';
import type { Members } from './json-text.ts';
import type { Reply } from './reply.ts';
import type { BodyFormat, WireRequest } from './wire-request.ts';

/** One documented way to refresh a session, as a value. functions/contracts.ts lists them. */
export interface Contract {
  /** The name of the contract, as its own API uses it. */
  readonly name: string;
  /**
   * The name of the contract whose sessions it refreshes: its own or another one. Row keys, keys
   * and the policy belong to that contract; paths, logs and metrics use `name`.
   */
  readonly serves: string;
  /** The documented path; its first segment is the stage of its API. The method is POST. */
  readonly path: string;
  readonly body: BodyFormat;
  /** Whether API Gateway requires the header `api_key`. */
  readonly apiKey: 'none' | 'required';
  /** Whether its answer has a field for a new secret. Only then may a stage turn rotation on. */
  readonly rotates: boolean;
  /** Whether it signs tokens. Then it has a signing key as well as a root key. */
  readonly signs: boolean;
  readonly policy: Policy;
  /** The credential in a request, or why it has none. Then no storage request is made. */
  read(request: WireRequest, keys: Keys): Credential | NoCredential;
  /** The answer to a refresh. */
  grant(granted: Granted, keys: Keys): Reply | Promise<Reply>;
  /**
   * The answer to everything else. It is pure: synthesis calls it for API Gateway's own answers.
   */
  refuse(reason: Refusal | Fault, requestId: string): Reply;
  readonly opening: Opening;
}

/** Why a request has no usable credential. */
export type NoCredential = Refusal | 'malformed-request';

/** A refreshed session, and what its answer needs. */
export interface Granted extends LoggedIn {
  /** API Gateway's id of the request. */
  readonly requestId: string;
}

/** A session after a login, and what its client may get. */
export interface LoggedIn {
  readonly session: LoggedInSession;
  /** What the client presents next. */
  readonly secret: Secret;
  readonly now: EpochSeconds;
  /** When a token of this answer is issued. */
  readonly issuedAt: EpochSeconds;
  /** When the client must have refreshed again. */
  readonly expiresAt: EpochSeconds;
}

/** What session-admin needs to open a session of a contract. */
export interface Opening {
  /** Whether a session may be opened before its login. */
  readonly anonymous: boolean;
  /** The form of the claims, for help texts and errors. */
  readonly claimsFormat: string;
  /** The JSON text of the claims of a session that is opened without claims. */
  readonly defaultClaims: string;
  /**
   * The claims as the row stores them, from the JSON object that `open` or `login` got; `undefined`
   * if they do not have the form `claimsFormat`, or are too large for an answer with this subject
   * and secret.
   */
  claims(
    given: Members,
    person: { readonly subject: string; readonly secret: Secret },
  ): Claims | undefined;
  /** What the client of a new session must get, in the names of the contract's wire. */
  credentials(opened: LoggedIn | Anonymous, keys: Keys): object | Promise<object>;
}

/** A session before its login. */
export interface Anonymous {
  readonly session: Session;
  readonly secret?: never;
  readonly now: EpochSeconds;
  readonly expiresAt: EpochSeconds;
}
