import { deriveKeys } from '../../functions/core/keys/keys.ts';
import { decide, type Policy } from '../../functions/core/session/policy.ts';
import { registry } from '../../functions/core/session/registry.ts';
import { currentSecret, recognise } from '../../functions/core/session/rotation.ts';
import { type Item, toSession } from '../../functions/core/session/row.ts';
import { rowKey, type Secret, type Session } from '../../functions/core/session/session.ts';
import { sessions } from '../../functions/core/session/sessions.ts';
import type { Table, Write } from '../../functions/core/session/table.ts';
import { epochSeconds, later } from '../../functions/core/time.ts';
import { evaluate, memoryTable } from '../support/memory-table.ts';
import { claimsOf, secretOf, sessionIdOf } from '../support/session.ts';
import { type Expected, expected, must } from './rules.ts';
import type { Step } from './search.ts';

// The model: one session, the tabs of its user, a thief and strangers. The clock stands still at `now`. When
// seconds pass, the times of the row and of the tokens move back instead, so that equal situations at
// different times are one state.

/** A secret that a client holds: its number, and when its token expires if the token is the idle clock. */
interface Held {
  readonly generation: number;
  readonly expiresAt?: number;
}

/** Everything that later steps depend on. */
export interface State {
  readonly row: Item | undefined;
  /** The newest secret that the tabs share; `undefined` before the login. */
  readonly user: Held | undefined;
  /** Requests of the tabs that have not arrived, and how many seconds ago they were sent. */
  readonly sent: readonly (Held & { readonly age: number })[];
  /** The secret that the thief copied or was given, and whether the thief ever used one. */
  readonly thief: (Held & { readonly used: boolean }) | undefined;
}

/** The policy and the bounds of a search. */
export interface Bounds {
  readonly policy: Policy;
  /** The steps of the clock, in seconds. */
  readonly clock: readonly number[];
  /** How many requests of the user's tabs may be on their way at the same time. */
  readonly tabs: number;
  /** How many seconds the clock of a second Lambda is ahead; without it there is one Lambda. */
  readonly skew?: number;
  readonly thief: boolean;
}

/** The longest time that a request takes with all its tries, in seconds. */
const longestRequest = 4;

export const now = epochSeconds(1_000_000_000);
const id = sessionIdOf('one');
const key = rowKey('eos', id);
const keys = deriveKeys('eos', { root: 'root-of-the-search-0123456789abcdefghij' });
const first = secretOf('the first secret');
const family = 'F'.repeat(22);
const times = [
  'openedAt',
  'refreshedAt',
  'idleUntil',
  'endsAt',
  'revokedAt',
  'purgeAt',
  'graceUntil',
];

const blank: Session = {
  rowKey: key,
  openedAt: now,
  refreshedAt: now,
  idleUntil: now,
  endsAt: now,
  purgeAt: now,
};

/** An anonymous session that has just been opened. */
export async function opened({ policy }: Bounds): Promise<State> {
  const table = memoryTable();
  await registry({ contract: 'eos', policy, keys, table }).open({ id }, now);
  return { row: table.items.get(key), user: undefined, sent: [], thief: undefined };
}

/** All steps from a state. `hear` gets every conditional write with the row that it meets. */
export function stepsOf(
  bounds: Bounds,
  hear: (asked: { readonly item: Item | undefined; readonly write: Write }) => void = () =>
    undefined,
): (state: State) => readonly Step<State>[] {
  const { policy, clock, tabs, skew } = bounds;
  const lambdas = skew === undefined ? [0] : [0, skew];
  const refreshed = refreshes(policy, hear);

  return (state) => {
    const { user, sent, thief } = state;
    const row = state.row && unique(state.row);
    const steps: Step<State>[] = [];
    const step = (name: string, take: Step<State>['take']) => steps.push({ name, take });

    if (row === undefined) return [];
    // After a revocation every secret is refused, and nothing changes.
    if (row.revokedAt !== undefined) {
      for (const held of [user, thief, ...sent].filter((one) => one !== undefined))
        step(`${held.generation} is presented after the revocation`, async () => {
          const { reason } = await refreshed.present(row, held, 0);
          must.equal(reason, 'revoked', 'a revoked session refuses every secret');
          return undefined;
        });
      return steps;
    }
    for (const seconds of clock)
      if (sent.every(({ age }) => age + seconds <= longestRequest) && !isOver(row))
        step(`${seconds} s pass`, async () => after(state, seconds));
    step('an administrator revokes', async () => ({ ...state, row: await revoked(policy, row) }));
    if (row.secret === undefined) {
      step('the user logs in', async () => loggedIn(policy, state, row));
      step('somebody guesses', () => refreshed.guess(row, first));
      return steps;
    }

    if (user && sent.length < tabs)
      step(`a tab sends ${user.generation}`, async () => ({
        ...state,
        sent: ordered([...sent, { ...user, age: 0 }]),
      }));
    for (const [at, request] of sent.entries())
      for (const ahead of lambdas)
        for (const lost of [false, true])
          step(
            `${request.generation} arrives at a Lambda ${ahead} s ahead${lost ? ', its answer is lost' : ''}`,
            async () => {
              const answer = await refreshed.present(row, request, ahead);
              must.keepTheHonest(answer, thief?.used ?? false);
              return {
                ...state,
                row: answer.row,
                sent: sent.filter((_, other) => other !== at),
                user: answer.held && !lost ? newest(user, answer.held) : user,
              };
            },
          );
    if (bounds.thief && user && thief?.generation !== user.generation)
      step(`a thief copies ${user.generation}`, async () => ({
        ...state,
        thief: { ...user, used: thief?.used ?? false },
      }));
    if (thief)
      step(`the thief presents ${thief.generation}`, async () => {
        const answer = await refreshed.present(row, thief, 0);
        return { ...state, row: answer.row, thief: { ...(answer.held ?? thief), used: true } };
      });
    for (const { name, secret } of strangers) step(name, () => refreshed.guess(row, secret));
    return steps;
  };
}

/** Guesses and genuine secrets of other sessions. None of them may change anything. */
const strangers: readonly { name: string; secret: Secret }[] = [
  { name: 'somebody guesses', secret: secretOf('a guess') },
  {
    name: 'a former session of the same id is presented',
    secret: computed(1, 'G'.repeat(22)),
  },
  {
    name: 'a former session is presented as of this family',
    secret: secretOf(computed(1, 'G'.repeat(22)).replace('G'.repeat(22), family)),
  },
];

/** An answer, and the row after it. */
export interface Answer {
  readonly expected: Expected;
  readonly reason: string | undefined;
  readonly held: Held | undefined;
  readonly row: Item | undefined;
}

/** Refreshes through the real core. Each question is asked once and its answer remembered. */
function refreshes(policy: Policy, hear: Parameters<typeof stepsOf>[1]) {
  const known = new Map<string, Promise<Answer>>();
  const replays = new Map<string, string>();
  const guessed = new Set<string>();

  return {
    present(row: Item, held: Held, ahead: number): Promise<Answer> {
      const question = `${numberOf(row)} ${held.generation} ${held.expiresAt} ${ahead}`;
      const asked = known.get(question) ?? present(row, held, ahead);
      known.set(question, asked);
      return asked;
    },
    async guess(row: Item, secret: Secret): Promise<undefined> {
      const question = `${numberOf(row)} ${secret}`;
      if (guessed.has(question)) return;
      guessed.add(question);
      const { outcome, left } = await ask(row, { id, secret }, 0);
      must.equal(outcome.outcome, 'refused', 'a guess is refused');
      must.equal(left, row, 'a guess changes nothing');
    },
  };

  async function present(row: Item, held: Held, ahead: number): Promise<Answer> {
    const at = later(now, ahead);
    const before = toSession(row);
    const tokens = typeof policy.idle !== 'number';
    const lives = typeof policy.idle === 'number' ? 0 : policy.idle.token;
    const credential = {
      id,
      secret: held.generation === 0 ? first : computed(held.generation, family),
      ...(held.expiresAt !== undefined && {
        issuedAt: epochSeconds(held.expiresAt - lives),
        expiresAt: epochSeconds(held.expiresAt),
      }),
    };
    const rule = expected(before, held, policy, at);
    const { outcome, left, written } = await ask(row, credential, ahead);
    const session = left && toSession(normal(left));

    must.equal(session?.endsAt, before.endsAt, 'no refresh moves the end');
    if (outcome.outcome === 'retry') {
      must.equal('retry', rule.outcome, 'the outcome is the one of the rules');
      must.equal(left, row, 'a retry changes nothing');
      return { expected: rule, reason: undefined, held: undefined, row: left };
    }
    if (outcome.outcome === 'refused') {
      must.equal(outcome.reason, rule.outcome, 'the outcome is the one of the rules');
      must.equal(
        left,
        rule.ends ? { ...row, revokedAt: at, revokedBy: 'reuse-detected' } : row,
        'a refusal changes nothing, except that reuse ends the session',
      );
      return { expected: rule, reason: outcome.reason, held: undefined, row: left };
    }
    must.equal(before.revokedAt, undefined, 'a revoked session is not refreshed');
    must.equal('refreshed', rule.outcome, 'the outcome is the one of the rules');
    must.equal(session?.generation, rule.generation, 'the generation is the one of the rules');
    must.equal(session?.parentGeneration, rule.parent, 'the parent is the one of the rules');
    must.equal(session?.graceUntil, rule.graceUntil, 'the grace is the one of the rules');
    must.equal(session?.idleUntil, rule.idleUntil, 'the idle timeout is exact');
    must.equal(session?.refreshedAt, rule.refreshedAt, 'only a written refresh moves refreshedAt');
    must.equal(written, rule.writes, 'a write is made exactly where the rules say so');
    const generation = Math.max(rule.generation ?? 0, held.generation);
    must.equal(
      outcome.secret,
      generation === 0 ? first : computed(generation, outcome.session.secretFamily ?? ''),
      'the secret is the current one',
    );
    if (rule.replays) {
      const { issuedAt, expiresAt } = outcome;
      const place = `${numberOf(row)} ${generation}`;
      const same = JSON.stringify([issuedAt, expiresAt]);
      must.equal(replays.get(place) ?? same, same, 'all replays are the same');
      replays.set(place, same);
      must.equal(issuedAt, before.refreshedAt, 'a replay has the issue time of its refresh');
    }
    return {
      expected: rule,
      reason: undefined,
      held: { generation, ...(tokens && { expiresAt: outcome.expiresAt }) },
      row: left && normal(left),
    };
  }

  /** Asks the core over a table with this one row, and compares each write with `decide`. */
  async function ask(row: Item, credential: Parameters<typeof decideOf>[0], ahead: number) {
    const memory = memoryTable();
    memory.items.set(key, row);
    let written = 0;
    const table: Table = {
      ...memory,
      async update(write) {
        const item = memory.items.get(key);
        hear?.({ item, write });
        const result = evaluate(item, write);
        if (result.outcome === 'written') {
          written += 1;
          memory.items.set(key, result.item);
          const decision = decideOf(credential, item, ahead);
          const allowed = ['refresh', 'catch-up', 'reused-secret'].includes(decision);
          must.equal(allowed, true, `the condition allows what decide calls ${decision}`);
        }
        return result;
      },
    };
    const at = { now: later(now, ahead) };
    const outcome = await sessions({ contract: 'eos', policy, keys, table }).refresh(
      credential,
      at,
    );
    return { outcome, left: memory.items.get(key), written: written > 0 };
  }

  function decideOf(
    credential: Parameters<ReturnType<typeof sessions>['refresh']>[0],
    item: Item | undefined,
    ahead: number,
  ) {
    const { id: _, ...rest } = credential;
    const presented = recognise(keys, key, rest);
    return decide(item && toSession(item), presented, policy.rotation, later(now, ahead));
  }
}

/** Secret *n* of a family of this session, computed by the core. */
function computed(generation: number, of: string): Secret {
  const row: Session = { ...blank, generation, secretFamily: of };
  return currentSecret(keys, row, { generation: 0, family: of }, first);
}

/** The same family for every row, so that two rows that differ only in the random family are equal. */
function normal(row: Item): Item {
  return row.secretFamily === undefined ? row : { ...row, secretFamily: family };
}

/** The same object for equal rows, so that a state is compared by the number of its row. */
function unique(row: Item): Item {
  if (numbers.has(row)) return row;
  const text = JSON.stringify(Object.entries(row).sort(([one], [other]) => (one < other ? -1 : 1)));
  const known = rows.get(text) ?? row;
  if (known === row) numbers.set(row, rows.size);
  rows.set(text, known);
  return known;
}

function numberOf(row: Item): number | undefined {
  return numbers.get(unique(row));
}

const rows = new Map<string, Item>();
const numbers = new WeakMap<Item, number>();

/** A text that is the same for equal states only. */
export function nameOf({ row, user, sent, thief }: State): string {
  return `${row && numberOf(row)} ${JSON.stringify([user, sent, thief])}`;
}

function isOver(row: Item): boolean {
  return Number(row.endsAt) + 1 < now || Number(row.idleUntil) + 1 < now;
}

function after(state: State, seconds: number): State {
  const earlier = (held: Held) =>
    held.expiresAt === undefined ? held : { ...held, expiresAt: held.expiresAt - seconds };
  const { row, user, sent, thief } = state;
  return {
    row: row && aged(row, seconds),
    user: user && earlier(user),
    sent: sent.map((request) => ({ ...request, ...earlier(request), age: request.age + seconds })),
    thief: thief && { ...thief, ...earlier(thief) },
  };
}

/** A row whose times are all some seconds longer ago. */
function aged(row: Item, seconds: number): Item {
  const question = `${numberOf(row)} ${seconds}`;
  const known =
    agedRows.get(question) ??
    unique(
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [
          name,
          times.includes(name) ? Number(value) - seconds : value,
        ]),
      ),
    );
  agedRows.set(question, known);
  return known;
}

const agedRows = new Map<string, Item>();

async function revoked(policy: Policy, row: Item): Promise<Item | undefined> {
  const table = memoryTable();
  table.items.set(key, row);
  await registry({ contract: 'eos', policy, keys, table }).revoke(id, now);
  return table.items.get(key);
}

async function loggedIn(policy: Policy, state: State, row: Item): Promise<State | undefined> {
  const table = memoryTable();
  table.items.set(key, row);
  const person = { subject: 'somebody', secret: first, claims: claimsOf('{}') };
  const session = await registry({ contract: 'eos', policy, keys, table }).login(id, person, now);
  const refusal = ['revoked', 'lifetime-over', 'idle-too-long'].find((state) => state === session);
  if (refusal || typeof session === 'string') {
    must.equal(
      row.revokedAt === undefined &&
        !isOver(row) &&
        Number(row.idleUntil) > now &&
        Number(row.endsAt) > now,
      false,
      'a login is refused only if the session is over',
    );
    return undefined;
  }
  must.equal(session.endsAt, row.endsAt, 'no login moves the end');
  const held =
    typeof policy.idle === 'number'
      ? {}
      : { expiresAt: Math.min(now + policy.idle.token, session.endsAt) };
  return { ...state, row: table.items.get(key), user: { generation: 0, ...held } };
}

function newest(one: Held | undefined, other: Held): Held {
  return one && one.generation > other.generation ? one : other;
}

function ordered(sent: State['sent']): State['sent'] {
  return sent.toSorted((one, other) => one.generation - other.generation || one.age - other.age);
}
