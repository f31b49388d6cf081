import type { Policy } from '../session/policy.ts';
import type { Refusal } from '../session/refusal.ts';
import type { Secret } from '../session/secret.ts';
import type { Claims, LoggedInSession, Session, SessionId } from '../session/session.ts';
import type { EpochSeconds } from '../time.ts';
import type { Keys } from '../token/keys.ts';
import type { Fault } from './fault.ts';
import type { Members } from './json-text.ts';
import type { Reply } from './reply.ts';
import type { BodyFormat, WireRequest } from './wire-request.ts';

/** One documented way to refresh a session. Everything that lists contracts reads them as values. */
export interface Contract {
  /** The word on its own wire; a row's key begins with it. */
  readonly name: string;
  /** The documented path; its first segment is the stage of its API. The method is POST. */
  readonly path: string;
  readonly body: BodyFormat;
  /** Whether API Gateway asks for the header `api_key`. */
  readonly apiKey: 'none' | 'required';
  /** Whether its wire has a place for a new secret, so that a stage may have it replace them. */
  readonly rotates: boolean;
  /** Whether it signs tokens, and so has a signing key beside its root key. */
  readonly signs: boolean;
  readonly policy: Policy;
  /** The credential in a request, or why there is none: nothing is then asked of the table. */
  read(request: WireRequest, keys: Keys): Presented | Unread;
  /** The answer to a refresh. */
  grant(granted: Granted, keys: Keys): Reply | Promise<Reply>;
  /** The answer to everything else. API Gateway gives it too, so it is a table's and nothing more. */
  refuse(reason: Refusal | Fault, requestId: string): Reply;
  readonly opening: Opening;
}

/** What a client presents: which session, the secret of it, and when its token expires if it is one. */
export interface Presented {
  readonly id: SessionId;
  readonly secret: Secret;
  readonly expiresAt?: EpochSeconds;
  /** How long that token lives from its issue on, in seconds. */
  readonly tokenLifetime?: number;
}

/** Why a request holds no credential that the table could judge. */
export type Unread = Refusal | 'malformed-request';

/** A refreshed session, and what its answer is made of. */
export interface Granted {
  readonly session: LoggedInSession;
  /** What the client presents the next time. */
  readonly secret: Secret;
  readonly now: EpochSeconds;
  /**
   * From when on a token of this answer lives: now, or under rotation when the secret was replaced, so
   * that all who are answered with that secret are answered with the same token.
   */
  readonly issuedAt: EpochSeconds;
  readonly policy: Policy;
  /** API Gateway's id of the request. */
  readonly requestId: string;
}

/** How a contract's sessions begin: what session-admin needs to open one. */
export interface Opening {
  /** Whether a session may be opened before anyone has logged in to it. */
  readonly anonymous: boolean;
  /** What claims must be, in a sentence's worth of words. */
  readonly claimsAre: string;
  /** The JSON text of the claims of a session that is opened without any. */
  readonly defaultClaims: string;
  /**
   * The claims as the row keeps them, from the JSON object that `open` or `login` was given. Nothing
   * where they are not what `claimsAre` says of the claims of such a person.
   */
  claims(
    given: Members,
    person: { readonly subject: string; readonly secret: Secret },
  ): Claims | undefined;
  /** What the client of a session that was just opened holds. */
  holding(opened: Opened, keys: Keys): object | Promise<object>;
}

/** A session that was just opened: somebody's, with the secret, or an anonymous one. */
export type Opened = Pick<Granted, 'now' | 'policy'> &
  (Pick<Granted, 'session' | 'secret'> | { readonly session: Session; readonly secret?: never });
