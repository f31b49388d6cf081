import { claimsMembers } from '../core/contract/claims.ts';
import type { Contract } from '../core/contract/contract.ts';
import type { Fault } from '../core/contract/fault.ts';
import { type Reply, reply } from '../core/contract/reply.ts';
import { credential } from '../core/contract/wire-request.ts';
import type { Refusal } from '../core/session/session.ts';
import { eosClaims } from './claims.ts';
import { opening } from './opening.ts';

/**
 * `POST /client/refresh` of the EOS (Hydra) server: "Get profile and mobility apps from current
 * session", whose answer is "as same as response of Login API".
 */
export const eos: Contract = {
  name: 'eos',
  serves: 'eos',
  path: '/client/refresh',
  body: 'form',
  apiKey: 'none',
  rotates: true,
  signs: false,
  policy: { idle: 30 * 60, lifetime: 12 * 60 * 60, rotation: 'fixed' },

  // The EOS server merges the query and the body. The document does not say which wins; the body
  // does, by our choice.
  read({ query, body }) {
    const field = (name: string) => (body.has(name) ? body : query).get(name);
    return credential(field('sessionId'), field('secureCode')) ?? 'malformed-request';
  },

  // Members are in the document's order. `mobilityApps` and `profile` are returned as the JSON text
  // that the login stored.
  grant({ session, secret, expiresAt }) {
    const { texts } = claimsMembers(session, eosClaims);
    const changing = `"expireTime":${expiresAt * 1000},"secureCode":${JSON.stringify(secret)}`;
    const stored = `"mobilityApps":${texts.get('mobilityApps')},"profile":${texts.get('profile')}`;
    return { status: 200, body: `{${changing},${stored}}` };
  },

  refuse: (reason) => replies[reason],

  opening,
};

/** The document has one error, for every client that is not logged in. */
const notLoggedIn = reply(403, { message: 'Invalid credential', code: '3-2' });

// The document's codes are `<area>-<n>`. Area 9 is ours, not the document's.
const overRate = reply(429, { message: 'Too many requests', code: '9-4' }, { 'Retry-After': '1' });

const replies = {
  'unknown-session': notLoggedIn,
  'not-logged-in': notLoggedIn,
  'wrong-secret': notLoggedIn,
  'reused-secret': notLoggedIn,
  revoked: notLoggedIn,
  'idle-too-long': notLoggedIn,
  'lifetime-over': notLoggedIn,
  'malformed-request': notLoggedIn,
  'unknown-client': notLoggedIn,
  forbidden: reply(403, { message: 'Forbidden', code: '9-7' }),
  'unknown-route': reply(404, { message: 'Not found', code: '9-6' }),
  'over-rate': overRate,
  'over-quota': overRate,
  'too-large': reply(413, { message: 'Request too large', code: '9-5' }),
  failed: reply(500, { message: 'Internal error', code: '9-1' }),
  unavailable: reply(503, { message: 'Unavailable', code: '9-2' }, { 'Retry-After': '1' }),
  'timed-out': reply(504, { message: 'Timed out', code: '9-3' }, { 'Retry-After': '1' }),
} as const satisfies Record<Refusal | Fault, Reply>;
