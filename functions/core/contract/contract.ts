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

/** One documented way to refresh a session. Everything that lists contracts reads them as values. */
export interface Contract {
  /** The word on its own wire. */
  readonly name: string;
  /**
   * The name of the contract whose sessions it refreshes: its own, or another's. Row keys, the keys and
   * the policy go by it; paths, logs and metrics by `name`.
   */
  readonly serves: string;
  /** The documented path; its first segment is the stage of its API. The method is POST. */
  readonly path: string;
  readonly body: BodyFormat;
  /** Whether API Gateway asks for the header `api_key`. */
  readonly apiKey: 'none' | 'required';
  /** Whether its wire has a field for a new secret, so that a stage may turn rotation on. */
  readonly rotates: boolean;
  /** Whether it signs tokens, and so has a signing key beside its root key. */
  readonly signs: boolean;
  readonly policy: Policy;
  /** The credential in a request, or why there is none. Without one the table is not asked. */
  read(request: WireRequest, keys: Keys): Credential | NoCredential;
  /** The answer to a refresh. */
  grant(granted: Granted, keys: Keys): Reply | Promise<Reply>;
  /** The answer to everything else. Pure, because API Gateway's own answers are made of it at synthesis. */
  refuse(reason: Refusal | Fault, requestId: string): Reply;
  readonly opening: Opening;
}

/** Why a request holds no credential that the table could judge. */
export type NoCredential = Refusal | 'malformed-request';

/** A refreshed session, and what its answer is made of. */
export interface Granted extends LoggedIn {
  /** API Gateway's id of the request. */
  readonly requestId: string;
}

/** A session that somebody is logged in to, and what its client may be given. */
export interface LoggedIn {
  readonly session: LoggedInSession;
  /** What the client presents the next time. */
  readonly secret: Secret;
  readonly now: EpochSeconds;
  /** From when on a token of this answer lives. */
  readonly issuedAt: EpochSeconds;
  /** When the client must have refreshed again. */
  readonly expiresAt: EpochSeconds;
}

/** How a contract's sessions begin: what session-admin needs to open one. */
export interface Opening {
  /** Whether a session may be opened before anyone has logged in to it. */
  readonly anonymous: boolean;
  /** What claims must look like, for people. */
  readonly claimsFormat: string;
  /** The JSON text of the claims of a session that is opened without any. */
  readonly defaultClaims: string;
  /**
   * The claims as the row keeps them, from the JSON object given to `open` or `login`; nothing where they
   * do not have the `claimsFormat`, or are too large for such a person's answer.
   */
  claims(
    given: Members,
    person: { readonly subject: string; readonly secret: Secret },
  ): Claims | undefined;
  /** What the client of a new session must be given, by the names of the contract's wire. */
  credentials(opened: LoggedIn | Anonymous, keys: Keys): object | Promise<object>;
}

/** A session that nobody is logged in to yet. */
export interface Anonymous {
  readonly session: Session;
  readonly secret?: never;
  readonly now: EpochSeconds;
  readonly expiresAt: EpochSeconds;
}
