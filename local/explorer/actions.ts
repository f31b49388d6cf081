import type { AdminServices, Answer } from '../../functions/session-admin/command.ts';
import { commands } from '../../functions/session-admin/commands.ts';
import type { Input } from '../../functions/session-admin/fields.ts';
import { samples } from '../demo.ts';
import type { RecentRequests } from '../recent.ts';
import { type FindSessions, newestSessions } from './all-sessions.ts';

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

/** Opens a session like the contract's demo, but with an id and a secret that nobody had before. */
const open: Action = ({ contract, subject }, { services }) => {
  const { claims, subject: usual } = sampleOf(contract);
  // A claim of s360's own sample names its subject; another's session has no such claims.
  const claimed = subject === undefined ? { claims, subject: usual } : { subject };
  return commands.open({ contract, ...claimed }, services);
};

/** Ends a session. */
const revoke: Action = ({ contract, sessionId }, { services }) =>
  commands.revoke({ contract, sessionId }, services);

/** Every action, by its name. */
export const actions: Readonly<Record<string, Action>> = { list, open, revoke };

function sampleOf(contract: unknown): Input {
  const known: Readonly<Record<string, Input>> = samples;
  return (typeof contract === 'string' && known[contract]) || {};
}
