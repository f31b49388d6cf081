import type { CredentialStore } from './credentials.ts';
import type { Outcome } from './outcome.ts';
import { type ClientOptions, type Refresh, refresher } from './refresher.ts';
import {
  assumedExpiresIn,
  isNumber,
  isObject,
  isText,
  type JsonObject,
  type Wire,
} from './wire.ts';

/** The credential of an `eos` session. Login gives both members. */
export interface EosCredential {
  readonly sessionId: string;
  readonly secureCode: string;
}

/** The body of a 200 of `POST /client/refresh`, "as same as response of Login API". */
export interface EosGrant {
  /** Epoch milliseconds by the server's clock. Use `expiresIn` of the outcome instead. */
  readonly expireTime: number;
  readonly secureCode: string;
  readonly mobilityApps: { readonly system: readonly EosApp[]; readonly user: readonly EosApp[] };
  readonly profile: Readonly<Record<string, unknown>>;
}

/** An entry of `mobilityApps`. */
export interface EosApp {
  readonly id: string;
  readonly version: string;
  readonly token: string;
  readonly size: number;
}

/** Why an `eos` session is over. The document has one code for every reason. */
export type EosEnd = '3-2';

export type EosStore = CredentialStore<EosCredential, EosGrant>;

/** What a refresh of `eos` comes to. */
export type EosOutcome = Outcome<EosGrant, EosEnd>;

/** The function that `eos` returns. */
export type EosRefresh = Refresh<EosGrant, EosEnd>;

/**
 * Refreshes a session of `eos` by `POST /client/refresh`.
 * @example
 * import { eos } from '@session-refresh/client/eos';
 *
 * const refresh = eos({ url: `${host}/client/refresh`, credentials: { sessionId, secureCode } });
 * const result = await refresh();
 * if (result.outcome === 'refreshed') show(result.grant.profile, result.grant.mobilityApps);
 * if (result.outcome === 'ended') logIn();
 */
export function eos(options: ClientOptions<EosCredential, EosGrant>): EosRefresh {
  return refresher(wire, options);
}

const wire: Wire<EosCredential, EosGrant, EosEnd> = {
  request: ({ sessionId, secureCode }) => ({
    body: new URLSearchParams({ sessionId, secureCode }),
  }),
  grant: grantIn,
  code: ({ message, code }) => (typeof message === 'string' ? code : undefined),
  ended: { '3-2': 403 },
  temporary: [],
  expiresIn({ expireTime }, { server, own }) {
    if (server !== undefined) return (expireTime - server) / 1000;
    // Only this machine's clock is left, and it may be wrong. The result is at most the idle timeout,
    // and never zero, because the session was just refreshed.
    const seconds = (expireTime - own) / 1000;
    return seconds > 0 ? Math.min(seconds, idle) : assumedExpiresIn;
  },
  next: (credential, { secureCode }) => ({ ...credential, secureCode }),
};

/** The idle timeout in seconds: the policy of `functions/eos/contract.ts`. */
const idle = 30 * 60;

function grantIn({ expireTime, secureCode, mobilityApps, profile }: JsonObject) {
  const granted = isNumber(expireTime) && isText(secureCode) && areApps(mobilityApps);
  return granted && isObject(profile)
    ? { expireTime, secureCode, mobilityApps, profile }
    : undefined;
}

function areApps(value: unknown): value is EosGrant['mobilityApps'] {
  return isObject(value) && Array.isArray(value.system) && Array.isArray(value.user);
}
