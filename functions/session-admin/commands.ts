import type { Contract } from '../core/contract/contract.ts';
import type { Keys } from '../core/keys/keys.ts';
import { type LoginRefusal, type Policy, timesOf } from '../core/session/policy.ts';
import { type Registry, registry } from '../core/session/registry.ts';
import { rowKey, type SessionId, sessionHash } from '../core/session/session.ts';
import type { Table } from '../core/session/table.ts';
import type { Clock } from '../core/time.ts';
import type { Input } from './fields.ts';
import { readLogin, readOpen, readSession, readSubjects } from './input.ts';
import { view } from './view.ts';

/** How a command ended. */
export type Answer =
  | { readonly outcome: 'done'; readonly result: object }
  | { readonly outcome: 'refused'; readonly reason: AdminRefusal }
  /** The input is wrong; `problem` is a sentence for the caller, and quotes nothing of the input. */
  | { readonly outcome: 'invalid'; readonly problem: string };

/** Why a command changed nothing. */
export type AdminRefusal = LoginRefusal | 'id-taken';

/** What the commands run on. */
export interface AdminServices {
  readonly table: Table;
  readonly keys: (contract: Contract) => Promise<Keys>;
  readonly policy: (contract: Contract) => Policy;
  readonly clock: Clock;
  readonly wait: (seconds: number) => Promise<void>;
}

/**
 * A command over the sessions.
 * @throws StorageUnavailable, KeysUnavailable
 */
export type Command = (input: Input, services: AdminServices) => Promise<Answer>;

/** Opens a session: somebody's, or anonymous until `login`. Answers what its client must be given. */
const open: Command = async (input, services) => {
  const asked = readOpen(input, services.policy);
  if ('problem' in asked) return invalid(asked.problem);
  const { contract, ...session } = asked.value;
  const { person } = session;
  const policy = services.policy(contract);
  const keys = await services.keys(contract);
  const now = services.clock();
  const opened = await registryOf(contract, keys, services).open(session, now);
  if (opened === 'id-taken') return refused(opened);
  if (opened === 'secret-used') return invalid(secretUsed);
  const { issuedAt, expiresAt } = timesOf(opened, policy, now);
  const { subject, secret, claims } = opened;
  return done(
    await contract.opening.credentials(
      person && subject !== undefined && secret !== undefined && claims !== undefined
        ? {
            session: { ...opened, subject, secret, claims },
            secret: person.secret,
            now,
            issuedAt,
            expiresAt,
          }
        : { session: opened, now, expiresAt },
      keys,
    ),
  );
};

/** Makes an anonymous, unexpired session someone's. Answers what its client must be given. */
const login: Command = async (input, services) => {
  const asked = readLogin(input);
  if ('problem' in asked) return invalid(asked.problem);
  const { contract, id, person } = asked.value;
  const keys = await services.keys(contract);
  const now = services.clock();
  const session = await registryOf(contract, keys, services).login(id, person, now);
  if (session === 'secret-used') return invalid(secretUsed);
  if (typeof session === 'string') return refused(session);
  const times = timesOf(session, services.policy(contract), now);
  const { secret } = person;
  return done(await contract.opening.credentials({ session, secret, now, ...times }, keys));
};

const secretUsed = 'this secret replaced another one before; a session begins with a new one';

/** Shows what may be known of a session: its times and state, and the name that logs give it. */
const show: Command = (input, services) =>
  withSession(input, services, async (sessions, { contract, id }, keys) => {
    const session = await sessions.find(id);
    if (!session) return refused('unknown-session');
    return done(view(session, sessionHash(keys.log, rowKey(contract.name, id)), services.clock()));
  });

/** Lists a subject's sessions, as far as the index has them. */
const list: Command = (input, services) =>
  withSubject(input, services, async (sessions, { contract, subject }, keys) => {
    const ids = await sessions.idsOf(subject);
    const found = await inBatches(ids, (id) => sessions.find(id));
    const now = services.clock();
    return done({
      contract: contract.name,
      subject,
      sessions: found
        .filter((session) => session !== undefined)
        .map((session) => view(session, sessionHash(keys.log, session.rowKey), now)),
    });
  });

/** Ends a session at once. Ending it again changes nothing, and answers the same. */
const revoke: Command = (input, services) =>
  withSession(input, services, async (sessions, { contract, id }) => {
    const ended = await sessions.revoke(id, services.clock());
    if (!ended) return refused('unknown-session');
    return done({ contract: contract.name, sessionId: id, revokedAt: ended.revokedAt });
  });

/**
 * Ends all of a subject's sessions that were opened before it began, and answers how many of them were
 * active. The index is filled late on AWS, so it is read until two passes, two seconds apart, find nothing
 * new; sessions that are opened meanwhile are left alone.
 */
const revokeAll: Command = (input, services) =>
  withSubject(input, services, async (sessions, { contract, subject }) => {
    const began = services.clock();
    const seen = new Set<SessionId>();
    let ended = 0;
    let quiet = 0;
    for (let pass = 0; quiet < 2 && pass < mostPasses; pass += 1) {
      if (pass > 0) await services.wait(2);
      const fresh = (await sessions.idsOf(subject)).filter((id) => !seen.has(id));
      const now = services.clock();
      const all = await inBatches(fresh, (id) => sessions.revoke(id, now, began));
      ended += all.filter((one) => one?.wasActive).length;
      for (const id of fresh) seen.add(id);
      quiet = all.some((one) => one !== undefined) ? 0 : quiet + 1;
    }
    return done({ contract: contract.name, subject, ended, openedUntil: began });
  });

/** The index is seconds late; ten passes are twenty seconds. */
const mostPasses = 10;

/** Every command, by its name. */
export const commands = {
  open,
  login,
  show,
  list,
  revoke,
  'revoke-all': revokeAll,
} as const satisfies Record<string, Command>;

/** Calls a function for each item, 25 at a time: that many connections the SDK has to spare. */
export async function inBatches<Item, Result>(
  items: readonly Item[],
  call: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += 25)
    results.push(...(await Promise.all(items.slice(at, at + 25).map(call))));
  return results;
}

const done = (result: object): Answer => ({ outcome: 'done', result });
const refused = (reason: AdminRefusal): Answer => ({ outcome: 'refused', reason });
const invalid = (problem: string): Answer => ({ outcome: 'invalid', problem });

function registryOf(contract: Contract, keys: Keys, { policy, table }: AdminServices): Registry {
  return registry({ contract: contract.name, policy: policy(contract), keys, table });
}

async function withSession(
  input: Input,
  services: AdminServices,
  run: (
    sessions: Registry,
    asked: { readonly contract: Contract; readonly id: SessionId },
    keys: Keys,
  ) => Promise<Answer>,
): Promise<Answer> {
  const asked = readSession(input);
  if ('problem' in asked) return invalid(asked.problem);
  const keys = await services.keys(asked.value.contract);
  return run(registryOf(asked.value.contract, keys, services), asked.value, keys);
}

async function withSubject(
  input: Input,
  services: AdminServices,
  run: (
    sessions: Registry,
    asked: { readonly contract: Contract; readonly subject: string },
    keys: Keys,
  ) => Promise<Answer>,
): Promise<Answer> {
  const asked = readSubjects(input);
  if ('problem' in asked) return invalid(asked.problem);
  const keys = await services.keys(asked.value.contract);
  return run(registryOf(asked.value.contract, keys, services), asked.value, keys);
}
