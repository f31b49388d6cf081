import type { Contract, Opened } from '../core/edge/contract.ts';
import { type LoginRefusal, type Policy, timesAtOpening } from '../core/session/policy.ts';
import type { SessionRegistry } from '../core/session/registry.ts';
import { idOf, type RowKey, rowKey, type Session, subjectKey } from '../core/session/session.ts';
import type { Clock, EpochSeconds } from '../core/time.ts';
import type { Keys } from '../core/token/keys.ts';
import type { Input } from './fields.ts';
import { readLogin, readOpen, readSession, readSubjects } from './input.ts';
import { belonging, computed, wasComputed, withClaimsKept } from './kept.ts';
import { allRows, inTurns } from './rows.ts';
import { shown, stateOf } from './shown.ts';

/** What became of a command. */
export type Answer =
  | { readonly outcome: 'done'; readonly result: object }
  | { readonly outcome: 'refused'; readonly reason: AdminRefusal }
  /** The input is wrong; `problem` is a sentence for whoever gave it, and quotes nothing. */
  | { readonly outcome: 'invalid'; readonly problem: string };

/** Why a command changed nothing. */
export type AdminRefusal = LoginRefusal | 'id-taken';

/** What the commands run on. */
export interface AdminServices {
  readonly registry: SessionRegistry;
  readonly keys: (contract: Contract) => Promise<Keys>;
  readonly policy: (contract: Contract) => Policy;
  readonly clock: Clock;
  readonly wait: (seconds: number) => Promise<void>;
}

/** A command over the sessions. Throws what storage or keys throw where they do not answer. */
export type Command = (input: Input, services: AdminServices) => Promise<Answer>;

/** Opens a session: somebody's, or anonymous until `login`. Answers what its client holds. */
const open: Command = async (input, { registry, keys, policy: policyOf, clock }) => {
  const asked = readOpen(input, policyOf);
  if ('problem' in asked) return invalid(asked.problem);
  const { contract, id, person, tokenLifetime } = asked.value;
  const policy = policyOf(contract);
  const mine = await keys(contract);
  const now = clock();
  const row = rowKey(contract.name, id);
  if (person && wasComputed(row, person, mine)) return invalid(computed);
  const anonymous: Session = {
    rowKey: row,
    ...timesAtOpening(policy, now),
    ...(tokenLifetime && { tokenLifetime }),
  };
  const opened: Opened = person
    ? {
        session: { ...anonymous, ...belonging(contract, row, person, mine) },
        secret: person.secret,
        now,
        policy,
      }
    : { session: anonymous, now, policy };
  const kept = await withClaimsKept(registry, policy, row, opened.session, anonymous.purgeAt);
  if ((await registry.open(kept)) === 'id-taken') return refused('id-taken');
  return held(contract, opened, mine);
};

/** Makes an anonymous, unexpired session someone's. Answers what its client holds from now on. */
const login: Command = async (input, { registry, keys, policy: policyOf, clock }) => {
  const asked = readLogin(input);
  if ('problem' in asked) return invalid(asked.problem);
  const { contract, id, person } = asked.value;
  const policy = policyOf(contract);
  const mine = await keys(contract);
  const now = clock();
  const row = rowKey(contract.name, id);
  if (wasComputed(row, person, mine)) return invalid(computed);
  const { idleUntil, purgeAt } = timesAtOpening(policy, now);
  const theirs = { ...belonging(contract, row, person, mine), refreshedAt: now, idleUntil };
  const kept = await withClaimsKept(registry, policy, row, theirs, purgeAt);
  const session = await registry.login(row, kept);
  if (typeof session === 'string') return refused(session);
  const whole = { ...session, ...theirs };
  return held(contract, { session: whole, secret: person.secret, now, policy }, mine);
};

/** Shows what may be known of a session: its times and state, and the name that logs give it. */
const show: Command = (input, { registry, clock }) =>
  withSession(input, async (row) => {
    const session = await registry.find(row);
    return session ? done(shown(session, clock())) : refused('unknown-session');
  });

/** Lists a subject's sessions, as far as the index knows them by now. */
const list: Command = (input, { registry, clock }) =>
  withSubject(input, async (subject, contract) => {
    const rows = await allRows(registry, subjectKey(contract.name, subject));
    const found = await inTurns(rows, (row) => registry.find(row));
    const sessions = found.filter((row) => row !== undefined);
    return done({
      contract: contract.name,
      subject,
      sessions: sessions.map((session) => shown(session, clock())),
    });
  });

/** Ends a session at once. Ending it again changes nothing, and answers the same. */
const revoke: Command = (input, { registry, clock }) =>
  withSession(input, async (row, contract) => {
    const now = clock();
    const before = await registry.revoke(row, now);
    if (!before) return refused('unknown-session');
    const revokedAt = before === 'damaged' ? now : (before.revokedAt ?? now);
    return done({ contract: contract.name, sessionId: idOf(row), revokedAt });
  });

/**
 * Ends all of a subject's sessions, and answers how many that were alive. The index is filled late on
 * AWS, so it is read until two passes, two seconds apart, find nothing new.
 */
const revokeAll: Command = (input, { registry, clock, wait }) =>
  withSubject(input, async (subject, contract) => {
    const seen = new Set<RowKey>();
    let ended = 0;
    for (let quiet = 0; quiet < 2; ) {
      const rows = await allRows(registry, subjectKey(contract.name, subject));
      const fresh = rows.filter((row) => !seen.has(row));
      const now = clock();
      const before = await inTurns(fresh, (row) => registry.revoke(row, now));
      ended += before.filter((session) => session && wasActive(session, now)).length;
      for (const row of fresh) seen.add(row);
      quiet = fresh.length === 0 ? quiet + 1 : 0;
      if (quiet < 2) await wait(2);
    }
    return done({ contract: contract.name, subject, ended });
  });

/** Every command, by its name. */
export const commands = {
  open,
  login,
  show,
  list,
  revoke,
  'revoke-all': revokeAll,
} as const satisfies Record<string, Command>;

const done = (result: object): Answer => ({ outcome: 'done', result });
const refused = (reason: AdminRefusal): Answer => ({ outcome: 'refused', reason });
const invalid = (problem: string): Answer => ({ outcome: 'invalid', problem });

/** A damaged row may have been active: whoever counts what was ended counts it. */
function wasActive(session: Session | 'damaged', now: EpochSeconds): boolean {
  return session === 'damaged' || stateOf(session, now) === 'active';
}

/** What the client of a session that was just opened holds. */
async function held({ opening }: Contract, opened: Opened, keys: Keys): Promise<Answer> {
  return done(await opening.holding(opened, keys));
}

async function withSession(
  input: Input,
  run: (row: RowKey, contract: Contract) => Promise<Answer>,
): Promise<Answer> {
  const asked = readSession(input);
  if ('problem' in asked) return invalid(asked.problem);
  const { contract, id } = asked.value;
  return run(rowKey(contract.name, id), contract);
}

async function withSubject(
  input: Input,
  run: (subject: string, contract: Contract) => Promise<Answer>,
): Promise<Answer> {
  const asked = readSubjects(input);
  if ('problem' in asked) return invalid(asked.problem);
  return run(asked.value.subject, asked.value.contract);
}
