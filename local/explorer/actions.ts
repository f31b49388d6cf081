import type { AdminServices, Answer } from '../../functions/session-admin/command.ts';
import { commands } from '../../functions/session-admin/commands.ts';
import type { Input } from '../../functions/session-admin/fields.ts';
import { sampleOf } from '../demo.ts';
import type { RecentRequests } from '../recent.ts';
import { type FindSessions, newestSessions, shown } from './all-sessions.ts';

/** What the actions run on. */
export interface Local {
  readonly services: AdminServices;
  readonly find: FindSessions;
  /** What the server did for a request. */
  readonly request: RecentRequests['find'];
}

/** What a page may ask for, by the last word of its path. */
export type Action = (input: Input, local: Local) => Promise<Answer>;

/** The sessions of the table, without anything that opens one. */
const list: Action = async (_input, { services, find }) => ({
  outcome: 'done',
  result: await newestSessions(find, services),
});

/** One session, without anything that opens it. */
const show: Action = async ({ contract, sessionId }, { services }) => {
  const answer = await commands.show({ contract, sessionId }, services);
  return answer.outcome === 'done' ? { ...answer, result: shown(answer.result) } : answer;
};

/** Opens a session like the contract's sample, but with an id and a secret of its own. */
const open: Action = ({ contract, subject }, { services }) => {
  const { claims, subject: usual } = sampleOf(String(contract));
  // A claim of s360's sample names its subject; the session of another subject has the default claims.
  const person = subject === undefined ? { claims, subject: usual } : { subject };
  return commands.open({ contract, ...person }, services);
};

/** Ends a session. */
const revoke: Action = ({ contract, sessionId }, { services }) =>
  commands.revoke({ contract, sessionId }, services);

/** Every action, by its name. */
export const actions: Readonly<Record<string, Action>> = { list, show, open, revoke };
