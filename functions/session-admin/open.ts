import type { LoggedIn } from '../core/contract/contract.ts';
import { timesOf } from '../core/session/policy.ts';
import type { EpochSeconds } from '../core/time.ts';
import { type Command, done, invalid, refused, sessionsOf } from './command.ts';
import { readLogin, readOpen } from './input.ts';

/**
 * Opens a session, with a subject or anonymous until `login`. The answer has the credentials that
 * the client must get.
 */
export const open: Command = async (input, services) => {
  const asked = readOpen(input, services.policy);
  if ('problem' in asked) return invalid(asked.problem);
  const { contract, ...session } = asked.value;
  const { person } = session;
  const { sessions, keys } = await sessionsOf(contract, services);
  const now = services.clock();
  const opened = await sessions.open(session, now);
  if (opened === 'id-taken') return refused(opened);
  if (opened === 'secret-used') return invalid(secretUsed);
  const times = timesOf(opened, services.policy(contract), now);
  const { subject, secret, claims } = opened;
  const loggedIn: LoggedIn | undefined =
    person && subject !== undefined && secret !== undefined && claims !== undefined
      ? { session: { ...opened, subject, secret, claims }, secret: person.secret, now, ...times }
      : undefined;
  const { expiresAt } = times;
  const credentials = contract.opening.credentials(
    loggedIn ?? { session: opened, now, expiresAt },
    keys,
  );
  return done({ ...(await credentials), ...timeLeft(expiresAt, now) });
};

/**
 * Logs a subject in to an anonymous session. The answer has the credentials that the client must
 * get.
 */
export const login: Command = async (input, services) => {
  const asked = readLogin(input);
  if ('problem' in asked) return invalid(asked.problem);
  const { contract, id, person } = asked.value;
  const { sessions, keys } = await sessionsOf(contract, services);
  const now = services.clock();
  const session = await sessions.login(id, person, now);
  if (session === 'secret-used') return invalid(secretUsed);
  if (typeof session === 'string') return refused(session);
  const times = timesOf(session, services.policy(contract), now);
  const { secret } = person;
  const credentials = contract.opening.credentials({ session, secret, now, ...times }, keys);
  return done({ ...(await credentials), ...timeLeft(times.expiresAt, now) });
};

/**
 * When the session or its token ends if it is not refreshed: in seconds from now, and as a time.
 */
function timeLeft(expiresAt: EpochSeconds, now: EpochSeconds) {
  return { expiresIn: expiresAt - now, expiresAt };
}

/** Why `open`, `login` and `import` refuse a secret that rotation computed. */
export const secretUsed =
  'this secret replaced another one before; a session begins with a new one';
