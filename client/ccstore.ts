import type { CredentialStore } from './credentials.ts';
import type { Outcome } from './outcome.ts';
import { type ClientOptions, type Refresh, refresher } from './refresher.ts';
import { isNumber, isText, type Wire } from './wire.ts';

/** The credential of a `ccstore` session: its current access token. */
export interface CcstoreCredential {
  readonly accessToken: string;
}

/** The body of a 200 of `POST /ccstore/v1/refresh`. */
export interface CcstoreGrant {
  readonly access_token: string;
  readonly token_type: string;
  /** Seconds. */
  readonly expires_in: number;
}

/** Why a `ccstore` session is over: its token is invalid, it has expired, or the user logged out. */
export type CcstoreEnd = '90002' | '90003' | '90004';

export type CcstoreStore = CredentialStore<CcstoreCredential, CcstoreGrant>;

/** What a refresh of `ccstore` comes to. */
export type CcstoreOutcome = Outcome<CcstoreGrant, CcstoreEnd>;

/** The function that `ccstore` returns. */
export type CcstoreRefresh = Refresh<CcstoreGrant, CcstoreEnd>;

/**
 * Refreshes a session of `ccstore` by `POST /ccstore/v1/refresh`.
 * @example
 * import { ccstore } from '@session-refresh/client/ccstore';
 *
 * const refresh = ccstore({ url: `${host}/ccstore/v1/refresh`, credentials: { accessToken } });
 * const result = await refresh();
 * if (result.outcome === 'refreshed') use(result.grant.access_token);
 */
export function ccstore(options: ClientOptions<CcstoreCredential, CcstoreGrant>): CcstoreRefresh {
  return refresher(wire, options);
}

const wire: Wire<CcstoreCredential, CcstoreGrant, CcstoreEnd> = {
  request: ({ accessToken }) => ({ headers: { Authorization: `Bearer ${accessToken}` } }),
  grant: ({ access_token, token_type, expires_in }) =>
    isText(access_token) && isText(token_type) && isNumber(expires_in)
      ? { access_token, token_type, expires_in }
      : undefined,
  code: (body, status) => (body.status === String(status) ? body.errorCode : undefined),
  ended: { '90002': 401, '90003': 401, '90004': 401 },
  temporary: [],
  expiresIn: ({ expires_in }) => expires_in,
  next: (credential, { access_token }) => ({ ...credential, accessToken: access_token }),
};
