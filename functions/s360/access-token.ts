import { claimsMembers } from '../core/edge/claims.ts';
import type { Granted } from '../core/edge/contract.ts';
import { DamagedRow } from '../core/session/row.ts';
import { expiryOf, idOf } from '../core/session/session.ts';
import { encrypt } from '../core/token/encrypt.ts';
import { signJwt } from '../core/token/jwt.ts';
import { type Keys, signingKey } from '../core/token/keys.ts';
import { s360Claims, ssoOf } from './claims.ts';

/**
 * The JWT that relying parties read: the claims of the document's sample in its order, then `iat` and
 * `exp`, which are chosen (a token that never ends is a defect).
 */
export function accessToken(
  { session, secret, now }: Pick<Granted, 'session' | 'secret' | 'now'>,
  keys: Keys,
): Promise<string> {
  const { texts, values } = claimsMembers(session, s360Claims);
  const sso = ssoOf(values);
  if (!sso) throw new DamagedRow('claims have no sso');
  const own = JSON.stringify({
    sessionId: idOf(session.rowKey),
    ...sso,
    sessionTokenEncrypted: encrypt(secret, keys.encryption, session.rowKey),
  });
  const context = `{"user":${texts.get('user')},"app":${texts.get('app')},"sso":${own}}`;
  const sub = JSON.stringify(sso.externalSystemId);
  const times = `"iat":${now},"exp":${expiryOf(session)}`;
  const payload = `{"iss":"IID-IDPServices","sub":${sub},"aud":"SSO","context":${context},${times}}`;
  return signJwt(payload, signingKey(keys));
}
