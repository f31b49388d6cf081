import type { Granted } from '../core/edge/contract.ts';
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
  // The row's text ends in `sso`, whose two values are strings: opening.ts wrote it. Only that is parsed.
  const { claims = '' } = session;
  const at = claims.lastIndexOf(ssoBegins);
  if (at < 0) throw new Error('a session of s360 has claims');
  const sso = claims.slice(at + ssoBegins.length, -2);
  const { externalSystemId } = JSON.parse(`{${sso}}`);
  const own = `"sessionId":"${idOf(session.rowKey)}",${sso}`;
  const encrypted = `"sessionTokenEncrypted":"${encrypt(secret, keys.encryption)}"`;
  const context = `${claims.slice(0, at)}${ssoBegins}${own},${encrypted}}}`;
  const times = `"iat":${now},"exp":${expiryOf(session)}`;
  const payload = `{"iss":"IID-IDPServices","sub":${JSON.stringify(externalSystemId)},"aud":"SSO","context":${context},${times}}`;
  return signJwt(payload, signingKey(keys));
}

const ssoBegins = ',"sso":{';
