/** What must not compile. tsc reads this file; nothing runs it. */
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
import type { Outcome } from '../../client/outcome.ts';
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

/** An outcome is looked at before it is used. */
// @ts-expect-error: only a refreshed session has a grant
export const unseen = outcome.grant;
export const seen = outcome.outcome === 'refreshed' ? outcome.grant.secureCode : outcome.outcome;
// @ts-expect-error: an end names no time
export const late = outcome.outcome === 'ended' ? outcome.retryAfter : 0;

/** The outcomes are closed: a switch over them needs no default. */
export function meaning(result: EosOutcome): string {
  switch (result.outcome) {
    case 'refreshed':
      return String(result.expiresIn);
    case 'ended':
      return result.code;
    case 'retry-later':
      return String(result.retryAfter);
    case 'rejected':
      return String(result.status);
  }
}

/** And so are the causes of a refresh that came to nothing. */
export const causes = {
  network: 0,
  timeout: 0,
  status: 0,
  login: 0,
} satisfies Record<(EosOutcome & { outcome: 'retry-later' })['cause'], number>;

/** And so are the codes of an end, each contract's own. */
type Same<One, Other> = [One, Other] extends [Other, One] ? true : false;
type ResultOf<Client extends (...options: never[]) => (...options: never[]) => Promise<unknown>> =
  Awaited<ReturnType<ReturnType<Client>>>;
export const ofEos: Same<ResultOf<typeof eos>, Outcome<EosGrant, '3-2'>> = true;
export const ofS360: Same<
  ResultOf<typeof s360>,
  Outcome<S360Grant, 'ESB-IDP-E0003' | 'ESB-IDP-E0004'>
> = true;
export const ofCcstore: Same<
  ResultOf<typeof ccstore>,
  Outcome<CcstoreGrant, '90002' | '90003' | '90004'>
> = true;
export const ends: Same<S360End | CcstoreEnd, EosEnd> = false;

/** Values stay as they are. */
// @ts-expect-error: a store's contents are replaced, not changed
stored.credential = { sessionId: 'id', secureCode: 'code' };
// @ts-expect-error: an app is the service's
outcome.outcome === 'refreshed' && outcome.grant.mobilityApps.user.push({});

/** Keeping fresh ends with the contract's own end, or with nothing. */
export const fresh: Promise<{ code: EosEnd | 'no-credential' } | undefined> = keepFresh(refresh);
