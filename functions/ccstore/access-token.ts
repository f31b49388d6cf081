import { claimsMembers } from '../core/contract/claims.ts';
import type { LoggedIn } from '../core/contract/contract.ts';
import { type Keys, signingKey } from '../core/keys/keys.ts';
import { signPaddedJwt } from '../core/keys/padded-jwt.ts';
import { idOf, subjectOf } from '../core/session/session.ts';
import { ccstoreClaims } from './claims.ts';

/**
 * Returns the access token of a session: the claims of the document's sample in its order, then the
 * session's id (`sid`) and its secret (`sec`), which are our addition. Because a refresh also needs
 * the secret, a signing key alone is not enough to forge one.
 */
export function accessToken(
  { session, secret, issuedAt, expiresAt }: LoggedIn,
  keys: Keys,
): string {
  claimsMembers(session, ccstoreClaims);
  const own = session.claims.slice(1, -1);
  const sub = JSON.stringify(subjectOf(session));
  const sid = idOf(session.rowKey);
  const sec = JSON.stringify(secret);
  const payload = `{"exp":${expiresAt},"sub":${sub},${own},"iat":${issuedAt},"sid":"${sid}","sec":${sec}}`;
  return signPaddedJwt(payload, signingKey(keys));
}
