import type { SessionId } from '../core/session/session.ts';
import { type Command, done, inFlight, invalid, refused, sessionsOf } from './command.ts';
import { readSession, readSubjects } from './input.ts';

/** Revokes a session. Revoking it again changes nothing and gives the same answer. */
export const revoke: Command = async (input, services) => {
  const asked = readSession(input);
  if ('problem' in asked) return invalid(asked.problem);
  const { contract, id } = asked.value;
  const { sessions } = await sessionsOf(contract, services);
  const ended = await sessions.revoke(id, services.clock());
  if (!ended) return refused('unknown-session');
  return done({ contract: contract.name, sessionId: id, revokedAt: ended.revokedAt });
};

/**
 * Revokes all sessions of a subject that were opened before it began, and answers how many of them
 * were active. On AWS the index is seconds late, so it is read until two passes, two seconds apart,
 * find nothing new. Sessions that are opened or logged in to meanwhile stay.
 */
export const revokeAll: Command = async (input, services) => {
  const asked = readSubjects(input);
  if ('problem' in asked) return invalid(asked.problem);
  const { contract, subject } = asked.value;
  const { sessions } = await sessionsOf(contract, services);
  const began = services.clock();
  const seen = new Set<SessionId>();
  let ended = 0;
  let quiet = 0;
  for (let pass = 0; quiet < 2 && pass < mostPasses; pass += 1) {
    if (pass > 0) await services.wait(2);
    const fresh = (await sessions.idsOf(subject)).filter((id) => !seen.has(id));
    const now = services.clock();
    const all = await inFlight(fresh, (id) => sessions.revoke(id, now, began));
    ended += all.filter((one) => one?.wasActive).length;
    for (const id of fresh) seen.add(id);
    quiet = all.some((one) => one !== undefined) ? 0 : quiet + 1;
  }
  return done({ contract: contract.name, subject, ended, openedUntil: began });
};

/** The index is updated a few seconds late. Ten passes take about 20 seconds. */
const mostPasses = 10;
