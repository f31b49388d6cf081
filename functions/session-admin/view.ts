import { stateOf } from '../core/session/policy.ts';
import { expiryOf, idOf, type Session, subjectOf } from '../core/session/session.ts';
import type { EpochSeconds } from '../core/time.ts';

/**
 * What an operator may see of a session: neither the digest of its secret nor its claims, which
 * have tokens.
 */
export function view(session: Session, hash: string, now: EpochSeconds): object {
  const {
    tokenLifetime,
    generation,
    graceUntil,
    openedAt,
    refreshedAt,
    idleUntil,
    endsAt,
    revokedAt,
  } = session;
  const [contract] = session.rowKey.split('#');
  const state = stateOf(session, now);
  const expiresAt = state === 'active' || state === 'anonymous' ? expiryOf(session) : undefined;
  return {
    contract,
    sessionId: idOf(session.rowKey),
    hash,
    state,
    expiresIn: expiresAt && expiresAt - now,
    expiresAt,
    subject: subjectOf(session),
    tokenLifetime,
    generation,
    graceUntil,
    openedAt,
    refreshedAt,
    idleUntil,
    endsAt,
    revokedAt,
  };
}
