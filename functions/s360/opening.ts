import type { Opening } from '../core/contract/contract.ts';
import { idOf } from '../core/session/session.ts';
import { accessToken } from './access-token.ts';
import { s360Claims } from './claims.ts';

/** How sessions of `s360` begin: with a sign-in at the IDP. They are never anonymous. */
export const opening: Opening = {
  anonymous: false,
  claimsFormat:
    '{ "user": {…}, "app": {…}, "sso": { "externalSystemId": "…", "authorityType": "SELF" } }',
  // `chatbot` is the external system in the document's sample.
  defaultClaims:
    '{"user":{"selfProfile":[]},"app":{"iidParams":{}},"sso":{"externalSystemId":"chatbot"}}',

  claims: s360Claims,

  async credentials(opened, keys) {
    if (!opened.secret) throw new Error('a session of s360 has a secret');
    return {
      contract: 's360',
      sessionId: idOf(opened.session.rowKey),
      sessionToken: opened.secret,
      accessToken: await accessToken(opened, keys),
    };
  },
};
