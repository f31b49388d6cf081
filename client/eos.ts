import type { CredentialStore } from './credentials.ts';
import { type ClientOptions, type Refresh, refresher } from './refresher.ts';
import { cautious, isNumber, isObject, isText, type JsonObject, type Wire } from './wire.ts';

/** What a client of `eos` presents: both come from Login. */
export interface EosCredential {
  readonly sessionId: string;
  readonly secureCode: string;
}

/** What `POST /client/refresh` gives, "as same as response of Login API". */
export interface EosGrant {
  /** Epoch milliseconds by the server's clock: `expiresIn` of the outcome is what to count by. */
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

/** Why a session of `eos` is over; the document has one code for every reason. */
export type EosEnd = '3-2';

export type EosStore = CredentialStore<EosCredential, EosGrant>;

/**
 * Refreshes a session of `eos` by `POST /client/refresh`.
 * @example
 * import { eos } from '@session-refresh/client/eos';
 *
 * const refresh = eos({ url: `${host}/client/refresh`, credentials: { sessionId, secureCode } });
 * const said = await refresh();
 * if (said.outcome === 'refreshed') show(said.grant.profile, said.grant.mobilityApps);
 * if (said.outcome === 'ended') logIn();
 */
export function eos(options: ClientOptions<EosCredential, EosGrant>): Refresh<EosGrant, EosEnd> {
  return refresher(wire, options);
}

const wire: Wire<EosCredential, EosGrant, EosEnd> = {
  request: ({ sessionId, secureCode }) => ({
    body: new URLSearchParams({ sessionId, secureCode }),
  }),
  grant: grantIn,
  code: ({ message, code }) => (typeof message === 'string' ? code : undefined),
  ended: { '3-2': 403 },
  passing: [],
  expiresIn({ expireTime }, { server, own }) {
    if (server !== undefined) return (expireTime - server) / 1000;
    // By this machine's clock alone, which may be wrong: no session rests longer than `idle`, and one
    // that was just refreshed is not over.
    const seconds = (expireTime - own) / 1000;
    return seconds > 0 ? Math.min(seconds, idle) : cautious;
  },
  next: (credential, { secureCode }) => ({ ...credential, secureCode }),
};

/** How long a session may rest, in seconds: the policy of `functions/eos/contract.ts`. */
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
