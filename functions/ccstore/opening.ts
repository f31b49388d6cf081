import type { Opening } from '../core/contract/contract.ts';
import { longestSecret } from '../core/session/rotation.ts';
import { idOf } from '../core/session/session.ts';
import { accessToken } from './access-token.ts';
import { ccstoreClaims } from './claims.ts';

/** How sessions of `ccstore` begin: with a login at Oracle Commerce. They are never anonymous. */
export const opening: Opening = {
  anonymous: false,
  claimsFormat:
    'an object of 4096 characters at most (5500 with subject and secret), its "iss" a string, without exp, sub, iat, sid and sec',
  defaultClaims: '{"iss":"storefrontUI"}',

  claims({ texts, values }, { subject, secret }) {
    const given = texts.has('iss') ? texts : new Map([['iss', '"storefrontUI"'], ...texts]);
    // Stryker disable next-line StringLiteral: of the values, only the type of iss is looked at
    const claims = ccstoreClaims({ texts: given, values: { iss: 'storefrontUI', ...values } });
    if (claims === undefined) return undefined;
    // The token escapes each UTF-16 unit outside ASCII, which takes six characters.
    const length = (json: string) => json.replace(/[^\0-\x7f]/g, '\\u0000').length;
    const own = claims.slice(1, -1);
    const fits =
      length(own) <= 4096 &&
      length(own + JSON.stringify([subject, secret.padEnd(longestSecret)])) <= longest;
    return fits ? claims : undefined;
  },

  credentials(opened, keys) {
    if (!opened.secret) throw new Error('a session of ccstore has a secret');
    const { session } = opened;
    return {
      contract: 'ccstore',
      sessionId: idOf(session.rowKey),
      accessToken: accessToken(opened, keys),
    };
  },
};

/**
 * The maximum length of claims, subject and secret in JSON. Base64 makes the token a third longer,
 * clients send it in a header, and API Gateway accepts 10,240 bytes of headers in total.
 */
const longest = 5500;
