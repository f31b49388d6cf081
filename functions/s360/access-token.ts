import { claimsMembers } from '../core/contract/claims.ts';
import type { LoggedIn } from '../core/contract/contract.ts';
import { encrypt } from '../core/keys/encryption.ts';
import { signJwt } from '../core/keys/jwt.ts';
import { type Keys, signingKey } from '../core/keys/keys.ts';
import { DamagedRow } from '../core/session/row.ts';
import { idOf } from '../core/session/session.ts';
import { s360Claims, ssoOf } from './claims.ts';

/**
 * Returns the JWT that relying parties read: the claims of the document's sample in its order, then
 * `iat` and `exp`. Those two are our addition, because a token without `exp` would be valid for
 * ever.
 */
export function accessToken(
  { session, secret, issuedAt, expiresAt }: LoggedIn,
  keys: Keys,
): Promise<string> {
  const { texts, values } = claimsMembers(session, s360Claims);
  const sso = ssoOf(values);
  // Stryker disable next-line all: s360Claims has refused such claims
  if (!sso) throw new DamagedRow('claims have no sso');
  const own = JSON.stringify({
    sessionId: idOf(session.rowKey),
    ...sso,
    sessionTokenEncrypted: encrypt(secret, keys.encryption, session.rowKey),
  });
  const context = `{"user":${texts.get('user')},"app":${texts.get('app')},"sso":${own}}`;
  const sub = JSON.stringify(sso.externalSystemId);
  const times = `"iat":${issuedAt},"exp":${expiresAt}`;
  const payload = `{"iss":"IID-IDPServices","sub":${sub},"aud":"SSO","context":${context},${times}}`;
  return signJwt(payload, signingKey(keys));
}
