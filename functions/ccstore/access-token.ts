import { claimsMembers } from '../core/contract/claims.ts';
import type { LoggedIn } from '../core/contract/contract.ts';
import { type Keys, signingKey } from '../core/keys/keys.ts';
import { signPaddedJwt } from '../core/keys/padded-jwt.ts';
import { idOf, subjectOf } from '../core/session/session.ts';
import { ccstoreClaims } from './claims.ts';

/**
 * The token of a session: the claims of the document's sample in their order, then (chosen) the
 * session's id and its secret. Because of the secret, a signing key alone cannot forge a refresh.
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
