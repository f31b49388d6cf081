import { claimsMembers } from '../core/edge/claims.ts';
import type { Granted } from '../core/edge/contract.ts';
import { tokenLifetime } from '../core/session/policy.ts';
import { idOf, subjectOf } from '../core/session/session.ts';
import { earlier, later } from '../core/time.ts';
import { type Keys, signingKey } from '../core/token/keys.ts';
import { signLegacyJwt } from '../core/token/legacy-jwt.ts';
import { ccstoreClaims } from './claims.ts';

/**
 * A token that lives from its issue on as long as its session's tokens do, and never past the session: the
 * claims of the document's sample in its order, then, chosen, the session's id and its secret. So a
 * signing key alone forges no refresh.
 */
export function accessToken(
  { session, secret, now, issuedAt, policy }: Omit<Granted, 'requestId'>,
  keys: Keys,
) {
  // Within a generation all are given the same token, whatever becomes of the policy meanwhile.
  const pinned = policy.rotation === 'fixed' ? undefined : session.issuedLifetime;
  const lives = session.tokenLifetime ?? pinned ?? tokenLifetime(policy);
  const exp = earlier(later(issuedAt, lives), session.endsAt);
  claimsMembers(session, ccstoreClaims);
  const own = session.claims.slice(1, -1);
  const sub = JSON.stringify(subjectOf(session));
  const sid = idOf(session.rowKey);
  const payload = `{"exp":${exp},"sub":${sub},${own},"iat":${issuedAt},"sid":"${sid}","sec":${JSON.stringify(secret)}}`;
  return { token: signLegacyJwt(payload, signingKey(keys)), expiresAt: exp, expiresIn: exp - now };
}
