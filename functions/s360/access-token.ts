import type { Granted } from '../core/edge/contract.ts';
import { members } from '../core/edge/json-text.ts';
import { expiryOf, idOf } from '../core/session/session.ts';
import { encrypt } from '../core/token/encrypt.ts';
import { signJwt } from '../core/token/jwt.ts';
import { type Keys, signingKey } from '../core/token/keys.ts';

/**
 * The JWT that relying parties read: the claims of the document's sample in its order, then `iat` and
 * `exp`, which are chosen (a token that never ends is a defect).
 */
export function accessToken(
  { session, secret, now }: Pick<Granted, 'session' | 'secret' | 'now'>,
  keys: Keys,
): string {
  const claims = members(session.claims ?? '{}');
  const { externalSystemId, authorityType } = JSON.parse(claims.get('sso') ?? '{}');
  const sso = {
    sessionId: idOf(session.rowKey),
    externalSystemId,
    authorityType,
    sessionTokenEncrypted: encrypt(secret, keys.encryption),
  };
  const context = `{"user":${claims.get('user')},"app":${claims.get('app')},"sso":${JSON.stringify(sso)}}`;
  const times = `"iat":${now},"exp":${expiryOf(session)}`;
  const payload = `{"iss":"IID-IDPServices","sub":${JSON.stringify(externalSystemId)},"aud":"SSO","context":${context},${times}}`;
  return signJwt(payload, signingKey(keys));
}
