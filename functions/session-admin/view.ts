import { stateOf } from '../core/session/policy.ts';
import { expiryOf, idOf, type Session, subjectOf } from '../core/session/session.ts';
import type { EpochSeconds } from '../core/time.ts';

/**
 * Returns what an operator may see of a session. The digest of its secret is left out, and so are
 * its claims, which can contain tokens.
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
