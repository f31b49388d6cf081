/** What must not compile: with the sources by tsc, and with the packed client in package.test.ts. */
import { type CcstoreEnd, type CcstoreGrant, ccstore } from '../../client/ccstore.ts';
import type { Stored } from '../../client/credentials.ts';
import {
  type EosCredential,
  type EosEnd,
  type EosGrant,
  type EosOutcome,
  type EosStore,
  eos,
} from '../../client/eos.ts';
import { keepFresh } from '../../client/keep-fresh.ts';
import { type S360End, type S360Grant, s360 } from '../../client/s360.ts';

declare const url: string;
declare const store: EosStore;
declare const stored: Stored<EosCredential, EosGrant>;
const refresh = eos({ url, credentials: store });
declare const outcome: EosOutcome;

/** A credential is its contract's own. */
export const made = [
  eos({ url, credentials: { sessionId: 'id', secureCode: 'code' } }),
  s360({ url, apiKey: 'key', credentials: { sessionId: 'id', sessionToken: 'token' } }),
  ccstore({ url, credentials: { accessToken: 'token' } }),
];
// @ts-expect-error: a sessionToken is no secureCode
eos({ url, credentials: { sessionId: 'id', sessionToken: 'token' } });
// @ts-expect-error: s360 asks for an api key
s360({ url, credentials: { sessionId: 'id', sessionToken: 'token' } });
// @ts-expect-error: eos asks for none
eos({ url, apiKey: 'key', credentials: { sessionId: 'id', secureCode: 'code' } });
// @ts-expect-error: a store is its contract's own
ccstore({ url, credentials: store });
// @ts-expect-error: somebody must be logged in
ccstore({ url });

/** The outcomes are closed, and each has its contract's own codes and grant, and no other member. */
type Result<End, Grant> =
  | { outcome: 'refreshed'; grant: Grant; expiresIn: number }
  | { outcome: 'ended'; code: End | 'no-credential' }
  | ({ outcome: 'retry-later'; cause: Cause; retryAfter?: number } & Rest)
  | ({ outcome: 'rejected'; code?: string } & Rest);
type Cause = 'network' | 'timeout' | 'status' | 'login';
type Rest = { status?: number; expiresIn?: number };
type Same<One, Other> = [One, Other] extends [Other, One] ? true : false;
type Of<Client extends (...options: never[]) => () => Promise<unknown>, End, Grant> = Same<
  Awaited<ReturnType<ReturnType<Client>>>,
  Result<End, Grant>
>;
export const ofEos: Of<typeof eos, '3-2', EosGrant> = true;
export const ofS360: Of<typeof s360, 'ESB-IDP-E0003' | 'ESB-IDP-E0004', S360Grant> = true;
export const ofCcstore: Of<typeof ccstore, '90002' | '90003' | '90004', CcstoreGrant> = true;
export const ends: Same<S360End | CcstoreEnd, EosEnd> = false;
// @ts-expect-error: only a refreshed session has a grant
export const unseen = outcome.grant;

/** Values stay as they are. */
// @ts-expect-error: a store's contents are replaced, not changed
stored.credential = { sessionId: 'id', secureCode: 'code' };
// @ts-expect-error: an app is the service's
outcome.outcome === 'refreshed' && outcome.grant.mobilityApps.user.push({});

// @ts-expect-error: a profile is not text
export const text: string | false = outcome.outcome === 'refreshed' && outcome.grant.profile;

/** Keeping fresh ends with the contract's own end, or with nothing. */
export const fresh: Promise<{ code: EosEnd | 'no-credential' } | undefined> = keepFresh(refresh);
