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

/** And so are the codes of an end and the grants, each contract's own. */
type Same<One, Other> = [One, Other] extends [Other, One] ? true : false;
type EndOf<Result> = Result extends { outcome: 'ended'; code: infer Code } ? Code : never;
type GrantOf<Result> = Result extends { grant: infer Grant } ? Grant : never;
type Of<Client extends (...options: never[]) => () => Promise<unknown>, End, Grant> = [
  Same<EndOf<Awaited<ReturnType<ReturnType<Client>>>>, End | 'no-credential'>,
  Same<GrantOf<Awaited<ReturnType<ReturnType<Client>>>>, Grant>,
];
export const ofEos: Of<typeof eos, '3-2', EosGrant> = [true, true];
export const ofS360: Of<typeof s360, 'ESB-IDP-E0003' | 'ESB-IDP-E0004', S360Grant> = [true, true];
export const ofCcstore: Of<typeof ccstore, '90002' | '90003' | '90004', CcstoreGrant> = [
  true,
  true,
];
export const ends: Same<S360End | CcstoreEnd, EosEnd> = false;

/** Values stay as they are. */
// @ts-expect-error: a store's contents are replaced, not changed
stored.credential = { sessionId: 'id', secureCode: 'code' };
// @ts-expect-error: an app is the service's
outcome.outcome === 'refreshed' && outcome.grant.mobilityApps.user.push({});

// @ts-expect-error: a profile is not text
export const text: string | false = outcome.outcome === 'refreshed' && outcome.grant.profile;

/** Keeping fresh ends with the contract's own end, or with nothing. */
export const fresh: Promise<{ code: EosEnd | 'no-credential' } | undefined> = keepFresh(refresh);
