import type { Contract } from '../core/contract/contract.ts';
import { DamagedRow } from '../core/session/row.ts';
import { rowKey, type SessionId, sessionHash } from '../core/session/session.ts';
import type { EpochSeconds } from '../core/time.ts';
import { type Command, done, inFlight, invalid, refused, sessionsOf } from './command.ts';
import { readSession, readSubjects } from './input.ts';
import { view } from './view.ts';

/** Shows a session: its times and state, and its hash in the logs. */
export const show: Command = async (input, services) => {
  const asked = readSession(input);
  if ('problem' in asked) return invalid(asked.problem);
  const { contract, id } = asked.value;
  const of = await sessionsOf(contract, services);
  const shown = await viewOf(contract, id, of, services.clock());
  return shown ? done(shown) : refused('unknown-session');
};

/**
 * Lists the sessions of a subject. The index is updated a few seconds late, so a new session can be
 * missing.
 */
export const list: Command = async (input, services) => {
  const asked = readSubjects(input);
  if ('problem' in asked) return invalid(asked.problem);
  const { contract, subject } = asked.value;
  const of = await sessionsOf(contract, services);
  const now = services.clock();
  const ids = await of.sessions.idsOf(subject);
  const found = await inFlight(ids, (id) => viewOf(contract, id, of, now));
  const sessions = found.filter((shown) => shown !== undefined);
  return done({ contract: contract.name, subject, sessions });
};

/**
 * What an operator may see of a session, or `undefined` if there is none. Nothing in a damaged row
 * can be relied on, so only its state is shown.
 */
async function viewOf(
  { name: contract }: Contract,
  id: SessionId,
  { sessions, keys }: Awaited<ReturnType<typeof sessionsOf>>,
  now: EpochSeconds,
): Promise<object | undefined> {
  const hash = sessionHash(keys.log, rowKey(contract, id));
  try {
    const session = await sessions.find(id);
    return session && view(session, hash, now);
  } catch (error) {
    if (error instanceof DamagedRow) return { contract, sessionId: id, hash, state: 'damaged' };
    throw error;
  }
}
