import { rowKey, sessionHash } from '../core/session/session.ts';
import { type Command, done, inFlight, invalid, refused, sessionsOf } from './command.ts';
import { readSession, readSubjects } from './input.ts';
import { view } from './view.ts';

/** Shows a session: its times and state, and its hash in the logs. */
export const show: Command = async (input, services) => {
  const asked = readSession(input);
  if ('problem' in asked) return invalid(asked.problem);
  const { contract, id } = asked.value;
  const { sessions, keys } = await sessionsOf(contract, services);
  const session = await sessions.find(id);
  if (!session) return refused('unknown-session');
  return done(view(session, sessionHash(keys.log, rowKey(contract.name, id)), services.clock()));
};

/**
 * Lists the sessions of a subject. The index is updated a few seconds late, so a new session can be
 * missing.
 */
export const list: Command = async (input, services) => {
  const asked = readSubjects(input);
  if ('problem' in asked) return invalid(asked.problem);
  const { contract, subject } = asked.value;
  const { sessions, keys } = await sessionsOf(contract, services);
  const found = await inFlight(await sessions.idsOf(subject), (id) => sessions.find(id));
  const now = services.clock();
  return done({
    contract: contract.name,
    subject,
    sessions: found
      .filter((session) => session !== undefined)
      .map((session) => view(session, sessionHash(keys.log, session.rowKey), now)),
  });
};
