import type { CredentialStore } from './credentials.ts';
import type { Outcome } from './outcome.ts';
import { type ClientOptions, type Refresh, refresher } from './refresher.ts';
import { assumedExpiresIn, isNumber, isObject, isText, type Wire } from './wire.ts';

/** The credential of an `s360` session. The sign-in at the IDP gives both members. */
export interface S360Credential {
  readonly sessionId: string;
  readonly sessionToken: string;
}

/** The `data` of a 200 of `POST /idp/sso/v1/refresh`. */
export interface S360Grant {
  /** A JWT for relying parties. */
  readonly accessToken: string;
}

/** Why an `s360` session is over: it is invalid, or the user logged out. */
export type S360End = 'ESB-IDP-E0003' | 'ESB-IDP-E0004';

export type S360Store = CredentialStore<S360Credential, S360Grant>;

/** What a refresh of `s360` comes to. */
export type S360Outcome = Outcome<S360Grant, S360End>;

/** The function that `s360` returns. */
export type S360Refresh = Refresh<S360Grant, S360End>;

/**
 * Refreshes a session of `s360` by `POST /idp/sso/v1/refresh`.
 * @example
 * import { s360 } from '@session-refresh/client/s360';
 *
 * const url = `${host}/idp/sso/v1/refresh`;
 * const refresh = s360({ url, apiKey, credentials: { sessionId, sessionToken } });
 * const result = await refresh({ signal: AbortSignal.timeout(5000) });
 * if (result.outcome === 'refreshed') use(result.grant.accessToken);
 */
export function s360({
  apiKey,
  ...options
}: ClientOptions<S360Credential, S360Grant> & { readonly apiKey: string }): S360Refresh {
  return refresher(wireWith(apiKey), options);
}

function wireWith(apiKey: string): Wire<S360Credential, S360Grant, S360End> {
  return {
    request: ({ sessionId, sessionToken }, random) => ({
      headers: {
        api_key: apiKey,
        'Content-Type': 'application/json',
        'X-Request-Id': uuid(random),
      },
      body: JSON.stringify({ sessionToken, sessionId }),
    }),
    grant({ status, desc, data }) {
      const granted = status === 200 && isObject(desc) && isObject(data);
      return granted && isText(data.accessToken) ? { accessToken: data.accessToken } : undefined;
    },
    code: (body, status) =>
      body.status === status && isObject(body.desc) ? body.desc.code : undefined,
    ended: { 'ESB-IDP-E0003': 401, 'ESB-IDP-E0004': 401 },
    temporary: ['APIMDeveloperOverQps', 'APIMDeveloperOverRate'],
    expiresIn: ({ accessToken }) => lifeOf(accessToken) ?? assumedExpiresIn,
    next: (credential) => credential,
  };
}

/** The document requires one in every request. It is a name, so any random numbers are good enough. */
function uuid(random: () => number): string {
  const digit = () => Math.floor(random() * 16).toString(16);
  return 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replaceAll('x', digit);
}

/** `exp` minus `iat`. Both are the server's times, so no other clock matters. */
function lifeOf(jwt: string): number | undefined {
  const [, payload = ''] = jwt.split('.');
  try {
    // `atob` garbles text beyond ASCII, but not the two numbers.
    const { exp, iat } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    return isNumber(exp) && isNumber(iat) ? exp - iat : undefined;
  } catch {
    return undefined;
  }
}
