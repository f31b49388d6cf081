import { idOf, type Session, sessionHash, subjectOf } from '../core/session/session.ts';
import type { EpochSeconds } from '../core/time.ts';

/** What a session is at a moment. */
export type State = 'anonymous' | 'active' | 'revoked' | 'idle-too-long' | 'lifetime-over';

/** What a session is now, whoever asks. */
export function stateOf(session: Session, now: EpochSeconds): State {
  if (session.revokedAt !== undefined) return 'revoked';
  if (session.endsAt <= now) return 'lifetime-over';
  if (session.idleUntil <= now) return 'idle-too-long';
  return session.secret === undefined ? 'anonymous' : 'active';
}

/** What an operator may see of a session. Not its secret's digest, nor its claims: they hold tokens. */
export function shown(session: Session, now: EpochSeconds): object {
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
  return {
    contract,
    sessionId: idOf(session.rowKey),
    hash: sessionHash(session.rowKey),
    state: stateOf(session, now),
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
