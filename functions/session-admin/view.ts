import { stateOf } from '../core/session/policy.ts';
import { idOf, type Session, subjectOf } from '../core/session/session.ts';
import type { EpochSeconds } from '../core/time.ts';

/** What an operator may see of a session. Not its secret's digest, nor its claims: they hold tokens. */
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
  return {
    contract,
    sessionId: idOf(session.rowKey),
    hash,
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
