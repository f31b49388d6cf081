import type { Opening } from '../core/contract/contract.ts';
import { idOf } from '../core/session/session.ts';
import { acmeClaims } from './claims.ts';

/** How sessions of `acme` begin: with a login, so never anonymous. */
export const opening: Opening = {
  anonymous: false,
  claimsFormat: '{ "tools": […] }',
  defaultClaims: '{"tools":[]}',

  claims: acmeClaims,

  credentials: ({ session, secret, expiresAt }) => ({
    contract: 'acme',
    sessionId: idOf(session.rowKey),
    token: secret,
    expiresAt,
  }),
};
