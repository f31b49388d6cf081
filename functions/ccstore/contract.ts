import type { Contract } from '../core/contract/contract.ts';
import { reply } from '../core/contract/reply.ts';
import { credential } from '../core/contract/wire-request.ts';
import { verifyPaddedJwt } from '../core/keys/padded-jwt.ts';
import { epochSeconds } from '../core/time.ts';
import { accessToken } from './access-token.ts';
import { errors } from './errors.ts';
import { opening } from './opening.ts';

/** `POST /ccstore/v1/refresh` of Oracle Commerce: "Refresh an oauth token". */
export const ccstore: Contract = {
  name: 'ccstore',
  serves: 'ccstore',
  path: '/ccstore/v1/refresh',
  // Clients send bodies of several types. The body is ignored.
  body: 'none',
  apiKey: 'none',
  rotates: true,
  signs: true,
  // 930 s is the token lifetime in the document's sample: the documented 15 minutes plus the
  // storefront's polling interval of 30 s.
  policy: { idle: { token: 930 }, lifetime: 24 * 60 * 60, rotation: 'fixed' },

  read({ headers }, { signing }) {
    const header = headers.get('authorization');
    // Stryker disable next-line StringLiteral,ArrayDeclaration: a default has no token, whatever it is
    const [, token] = /^bearer +(\S+) *$/i.exec(header ?? '') ?? [];
    if (!token) return 'malformed-request';
    const { sid, sec, exp, iat } = verifyPaddedJwt(token, signing) ?? {};
    const presented = credential(sid, sec);
    // This service did not issue the token. It is refused without a storage request.
    if (!presented || !Number.isInteger(exp)) return 'wrong-secret';
    const expiresAt = epochSeconds(Number(exp));
    const issued = Number.isInteger(iat) && { issuedAt: epochSeconds(Number(iat)) };
    return { ...presented, expiresAt, ...issued };
  },

  grant(granted, keys) {
    return reply(200, {
      access_token: accessToken(granted, keys),
      token_type: 'bearer',
      expires_in: granted.expiresAt - granted.now,
    });
  },

  refuse: (reason) => errors[reason],

  opening,
};
