import type { Opening } from '../core/edge/contract.ts';
import { expiryOf, idOf } from '../core/session/session.ts';
import { eosClaims } from './claims.ts';

/** How sessions of `eos` begin: anonymous by its Hello API, somebody's by Login. */
export const opening: Opening = {
  anonymous: true,
  claimsAre: '{ "profile": {…}, "mobilityApps": { "system": […], "user": […] } }',
  defaultClaims: '{"profile":{},"mobilityApps":{"system":[],"user":[]}}',

  claims: eosClaims,

  holding({ session, secret }) {
    const sessionId = idOf(session.rowKey);
    const expireTime = expiryOf(session) * 1000;
    return { contract: 'eos', sessionId, ...(secret && { secureCode: secret }), expireTime };
  },
};
