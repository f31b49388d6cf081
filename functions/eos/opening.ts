import type { Opening } from '../core/edge/contract.ts';
import { isObject } from '../core/edge/json-text.ts';
import { expiryOf, idOf } from '../core/session/session.ts';

/** How sessions of `eos` begin: anonymous by its Hello API, somebody's by Login. */
export const opening: Opening = {
  anonymous: true,
  claimsAre: '{ "profile": {…}, "mobilityApps": { "system": […], "user": […] } }',
  defaultClaims: '{"profile":{},"mobilityApps":{"system":[],"user":[]}}',

  claims(texts, { profile, mobilityApps }) {
    const documented =
      texts.size === 2 &&
      isObject(profile) &&
      isObject(mobilityApps) &&
      Array.isArray(mobilityApps.system) &&
      Array.isArray(mobilityApps.user);
    if (!documented) return undefined;
    // In the order of the document's answer, whose end this text is.
    return `{"mobilityApps":${texts.get('mobilityApps')},"profile":${texts.get('profile')}}`;
  },

  holding({ session, secret }) {
    const sessionId = idOf(session.rowKey);
    const expireTime = expiryOf(session) * 1000;
    return { contract: 'eos', sessionId, ...(secret && { secureCode: secret }), expireTime };
  },
};
