import type { Opening } from '../core/edge/contract.ts';
import { isObject } from '../core/edge/json-text.ts';
import { expiryOf, idOf } from '../core/session/session.ts';
import { accessToken } from './access-token.ts';

/** How sessions of `s360` begin: with the sign-in at the IDP, so never anonymous. */
export const opening: Opening = {
  anonymous: false,
  claimsAre:
    '{ "user": {…}, "app": {…}, "sso": { "externalSystemId": "…", "authorityType": "SELF" } }',
  // The external system of the document's sample.
  defaultClaims:
    '{"user":{"selfProfile":[]},"app":{"iidParams":{}},"sso":{"externalSystemId":"chatbot"}}',

  claims(texts, { user, app, sso }) {
    if (texts.size !== 3 || !isObject(user) || !isObject(app) || !isObject(sso)) return undefined;
    const { externalSystemId, authorityType = 'SELF', ...more } = sso;
    if (!isName(externalSystemId) || !isName(authorityType)) return undefined;
    if (Object.keys(more).length > 0) return undefined;
    const mine = JSON.stringify({ externalSystemId, authorityType });
    return `{"user":${texts.get('user')},"app":${texts.get('app')},"sso":${mine}}`;
  },

  holding({ session, secret, now }, keys) {
    if (!secret) throw new Error('a session of s360 has a secret');
    return {
      contract: 's360',
      sessionId: idOf(session.rowKey),
      sessionToken: secret,
      accessToken: accessToken({ session, secret, now }, keys),
      expiresAt: expiryOf(session),
    };
  },
};

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
