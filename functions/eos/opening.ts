import type { Opening } from '../core/contract/contract.ts';
import { idOf } from '../core/session/session.ts';
import { eosClaims } from './claims.ts';

/**
 * How sessions of `eos` begin: the Hello API opens an anonymous session, the Login API one with a
 * subject.
 */
export const opening: Opening = {
  anonymous: true,
  claimsFormat: '{ "profile": {…}, "mobilityApps": { "system": […], "user": […] } }',
  defaultClaims: '{"profile":{},"mobilityApps":{"system":[],"user":[]}}',

  claims: eosClaims,

  credentials({ session, secret, expiresAt }) {
    const sessionId = idOf(session.rowKey);
    const expireTime = expiresAt * 1000;
    return { contract: 'eos', sessionId, ...(secret && { secureCode: secret }), expireTime };
  },
};
