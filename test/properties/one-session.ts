import { isDeepStrictEqual } from 'node:util';
import { deriveKeys } from '../../functions/core/keys/keys.ts';
import { decide, type Policy } from '../../functions/core/session/policy.ts';
import { type Registry, registry } from '../../functions/core/session/registry.ts';
import { currentSecret, recognise } from '../../functions/core/session/rotation.ts';
import { type Item, toSession } from '../../functions/core/session/row.ts';
import {
  type Credential,
  rowKey,
  type Secret,
  type Session,
} from '../../functions/core/session/session.ts';
import { sessions } from '../../functions/core/session/sessions.ts';
import type { Table, Write } from '../../functions/core/session/table.ts';
import { epochSeconds, later } from '../../functions/core/time.ts';
import { memoryTable } from '../support/memory-table.ts';
import { anonymous, claimsOf, now, secretOf, sessionIdOf } from '../support/session.ts';
import { expected } from './rules.ts';

// The model: one session, the tabs of its user, a thief and strangers. The clock stands still at `now`. When
// seconds pass, the times of the row and of the tokens move back instead, so that equal situations at
// different times are one state.

/** A secret that a client holds: its number, and when its token expires if the token is the idle clock. */
interface Held {
  readonly generation: number;
  readonly expiresAt?: number;
}

/** Everything that later steps depend on. */
interface State {
  readonly row: Item;
  /** The newest secret that the tabs share; `undefined` before the login. */
  readonly user: Held | undefined;
  /** Requests of the tabs that have not arrived, and how many seconds ago they were sent. */
  readonly sent: readonly (Held & { readonly age: number })[];
  /** The secret that the thief copied or was given, and whether the thief ever used one. */
  readonly thief: (Held & { readonly used: boolean }) | undefined;
}

/** One step from a state: its name, and the state after it. Throws where it breaks an invariant. */
interface Step {
  readonly name: string;
  readonly take: () => Promise<State | undefined>;
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

/** A conditional write, and the row that it meets. */
interface Asked {
  readonly item: Item | undefined;
  readonly write: Write;
}

/** The longest time that a request takes with all its tries, in seconds. */
const longestRequest = 4;

/** What an honest client may be refused for. */
const limits: readonly unknown[] = [undefined, 'revoked', 'idle-too-long', 'lifetime-over'];

const id = sessionIdOf('one');
const key = rowKey('eos', id);
const keys = deriveKeys('eos', { root: 'root-of-the-search-0123456789abcdefghij' });
const first = secretOf('the first secret');
const [family, former] = ['F'.repeat(22), 'G'.repeat(22)];

/** Guesses and genuine secrets of other sessions. None of them may change anything. */
const strangers: Readonly<Record<string, Secret>> = {
  'somebody guesses': secretOf('a guess'),
  'a former session of the same id is presented': computed(1, former),
  'a former session is presented as of this family': secretOf(
    computed(1, former).replace(former, family),
  ),
};

/** All steps from a state. `hear` gets every conditional write with the row that it meets. */
function stepsOf(
  { policy, clock, tabs, skew, thief: steals }: Bounds,
  hear: (asked: Asked) => void = () => undefined,
): (state: State) => readonly Step[] {
  const { present, guess } = refreshes(policy, hear);
  const lambdas = skew === undefined ? [0] : [0, skew];

  return (state) => {
    const { row, user, sent, thief } = state;
    const steps: Step[] = [];
    const step = (name: string, take: Step['take']) => steps.push({ name, take });

    // After a revocation every secret is refused, and nothing changes.
    if (row.revokedAt !== undefined) {
      for (const held of [user, thief, ...sent].filter((one) => one !== undefined))
        step(`${held.generation} is presented after the revocation`, async () => {
          const { reason } = await present(row, held, 0);
          mustEqual(reason, 'revoked', 'a revoked session refuses every secret');
          return undefined;
        });
      return steps;
    }
    const isLongOver = Number(row.endsAt) + 1 < now || Number(row.idleUntil) + 1 < now;
    for (const seconds of clock)
      if (sent.every(({ age }) => age + seconds <= longestRequest) && !isLongOver)
        step(`${seconds} s pass`, async () => after(state, seconds));
    step('an administrator revokes', async () => {
      const revoked = await administered(policy, row, ({ revoke }) => revoke(id, now));
      return { ...state, row: revoked.row };
    });
    if (row.secret === undefined) {
      step('the user logs in', () => loggedIn(policy, state, row));
      step('somebody guesses', () => guess(row, first));
      return steps;
    }

    if (user && sent.length < tabs) {
      const more = [...sent, { ...user, age: 0 }];
      more.sort((one, two) => one.generation - two.generation || one.age - two.age);
      step(`a tab sends ${user.generation}`, async () => ({ ...state, sent: more }));
    }
    for (const [at, request] of sent.entries())
      for (const ahead of lambdas)
        for (const lost of ['', ', its answer is lost'])
          step(`${request.generation} arrives at a Lambda ${ahead} s ahead${lost}`, async () => {
            const { reason, held, row: left } = await present(row, request, ahead);
            if (!thief?.used && !limits.includes(reason))
              throw new Error(`an honest client is refused: ${reason}`);
            const isNewer = held && held.generation >= (user?.generation ?? 0);
            const rest = sent.filter((_, other) => other !== at);
            return { ...state, row: left, sent: rest, user: isNewer && !lost ? held : user };
          });
    if (steals && user && thief?.generation !== user.generation) {
      const copy = { ...user, used: thief?.used ?? false };
      step(`a thief copies ${user.generation}`, async () => ({ ...state, thief: copy }));
    }
    if (thief)
      step(`the thief presents ${thief.generation}`, async () => {
        const { held = thief, row: left } = await present(row, thief, 0);
        return { ...state, row: left, thief: { ...held, used: true } };
      });
    for (const [name, secret] of Object.entries(strangers)) step(name, () => guess(row, secret));
    return steps;
  };
}

/**
 * Visits every state that can be reached, breadth first, each once.
 * @throws Error with the shortest sequence of steps to the first broken invariant
 */
export async function search(bounds: Bounds, hear?: (asked: Asked) => void) {
  const stepsFrom = stepsOf(bounds, hear);
  const { row } = await administered(bounds.policy, undefined, ({ open }) => open({ id }, now));
  const start: State = { row, user: undefined, sent: [], thief: undefined };
  const known = new Set([nameOf(start)]);
  const queue = [{ from: start, path: [] as readonly string[] }];
  let transitions = 0;
  for (const { from, path } of queue)
    for (const { name, take } of stepsFrom(from)) {
      transitions += 1;
      const state = await take().catch((cause: unknown) => {
        throw new Error(`${String(cause)}\n${[...path, name].join('\n')}`, { cause });
      });
      if (state === undefined || known.has(nameOf(state))) continue;
      known.add(nameOf(state));
      queue.push({ from: state, path: [...path, name] });
    }
  return { states: known.size, transitions, depth: queue.at(-1)?.path.length };
}

/** Random writes, and the rows that they meet. */
export async function sampled(count: number): Promise<readonly Asked[]> {
  const asked: Asked[] = [];
  const sliding = { idle: 25, lifetime: 40, rotation: { grace: 10 } };
  const tokens = { ...sliding, idle: { token: 25 }, lifetime: 37 };
  for (const policy of [sliding, tokens, { ...sliding, rotation: 'fixed' as const }])
    await search({ policy, clock: [18], tabs: 1, thief: true }, (one) => asked.push(one));
  return asked.toSorted(() => Math.random() - 0.5).slice(0, count);
}

/** An answer, and the row after it. */
interface Answer {
  readonly reason?: string;
  readonly held?: Held;
  readonly row: Item;
}

/** Refreshes through the real core. Each question is asked once and its answer remembered. */
function refreshes(policy: Policy, hear: (asked: Asked) => void) {
  const replays = new Map<string, string>();
  const tokenLifetime = typeof policy.idle === 'number' ? undefined : policy.idle.token;
  const presented = remembered<Promise<Answer>>();
  const guessed = remembered<Promise<undefined>>();

  return {
    present: (row: Item, held: Held, ahead: number) =>
      presented(`${numberOf(row)} ${held.generation} ${held.expiresAt} ${ahead}`, () =>
        present(row, held, ahead),
      ),
    guess: (row: Item, secret: Secret) =>
      guessed(`${numberOf(row)} ${secret}`, async () => {
        const { outcome, left } = await ask(row, { id, secret }, 0);
        mustEqual(outcome.outcome, 'refused', 'a guess is refused');
        mustEqual(left, row, 'a guess changes nothing');
        return undefined;
      }),
  };

  async function present(row: Item, held: Held, ahead: number): Promise<Answer> {
    const at = later(now, ahead);
    const before = toSession(row);
    const rule = expected(before, held, policy, at);
    const { outcome, left, written, requests } = await ask(row, credentialOf(held), ahead);
    const answered = outcome.outcome === 'refused' ? outcome.reason : outcome.outcome;

    mustEqual(answered, rule.outcome, 'the outcome is the one of the rules');
    mustEqual(requests, rule.ends ? 2 : 1, 'one storage request, and one more to end a session');
    if (outcome.outcome !== 'refreshed') {
      const ended = rule.ends && { revokedAt: at, revokedBy: 'reuse-detected' };
      mustEqual(left, { ...row, ...ended }, 'a refusal changes nothing, but that reuse ends it');
      return { row: left, ...(outcome.outcome === 'refused' && { reason: outcome.reason }) };
    }
    const session = toSession(left);
    mustEqual(ruled(session), ruled(rule.row), 'the row is that of the rules');
    mustEqual(written, rule.writes, 'a write is made exactly where the rules say so');
    const { issuedAt, expiresAt, secret } = outcome;
    const generation = Math.max(rule.row?.generation ?? 0, held.generation);
    const current = numbered(generation, session.secretFamily);
    mustEqual(secret, current, 'the secret is the current one');
    if (rule.replays) {
      const [place, same] = [`${numberOf(row)} ${generation}`, `${issuedAt} ${expiresAt}`];
      mustEqual(replays.get(place) ?? same, same, 'all replays are the same');
      replays.set(place, same);
      mustEqual(issuedAt, before.refreshedAt, 'a replay has the issue time of its refresh');
    }
    const given = { generation, ...(tokenLifetime !== undefined && { expiresAt }) };
    // The same family for every row, so that rows that differ only in the random family are equal.
    return {
      held: given,
      row: left.secretFamily === undefined ? left : { ...left, secretFamily: family },
    };
  }

  function credentialOf({ generation, expiresAt }: Held): Credential {
    const named = { id, secret: numbered(generation) };
    if (expiresAt === undefined) return named;
    const issuedAt = epochSeconds(expiresAt - (tokenLifetime ?? 0));
    return { ...named, issuedAt, expiresAt: epochSeconds(expiresAt) };
  }

  /** Asks the core over a table with this one row, and compares each write with `decide`. */
  async function ask(row: Item, credential: Credential, ahead: number) {
    const memory = memoryTable();
    memory.items.set(key, row);
    let written = false;
    let requests = 0;
    const at = { now: later(now, ahead) };
    const table: Table = {
      ...memory,
      get(rowKey) {
        requests += 1;
        return memory.get(rowKey);
      },
      async update(write) {
        requests += 1;
        const item = memory.items.get(key);
        hear({ item, write });
        const result = await memory.update(write);
        if (result.outcome === 'written') {
          written = true;
          const presented = recognise(keys, key, credential);
          const decision = decide(item && toSession(item), presented, policy.rotation, at.now);
          const allowed = ['refresh', 'catch-up', 'reused-secret'];
          mustEqual(allowed.includes(decision), true, `the condition allows a ${decision}`);
        }
        return result;
      },
    };
    const core = sessions({ contract: 'eos', policy, keys, table });
    const outcome = await core.refresh(credential, at);
    return { outcome, left: memory.items.get(key) ?? {}, written, requests };
  }
}

/** What a command of the registry answers for a row, and the row after it. */
async function administered<Result>(
  policy: Policy,
  row: Item | undefined,
  command: (registry: Registry) => Promise<Result>,
) {
  const table = memoryTable();
  if (row) table.items.set(key, row);
  const result = await command(registry({ contract: 'eos', policy, keys, table }));
  return { result, row: table.items.get(key) ?? {} };
}

async function loggedIn(policy: Policy, state: State, row: Item): Promise<State | undefined> {
  const person = { subject: 'somebody', secret: first, claims: claimsOf('{}') };
  const login = await administered(policy, row, (own) => own.login(id, person, now));
  const { result } = login;
  const isOver = Number(row.idleUntil) <= now || Number(row.endsAt) <= now;
  mustEqual(typeof result === 'string', isOver, 'a login is refused only if the session is over');
  if (typeof result === 'string') return undefined;
  mustEqual(result.endsAt, row.endsAt, 'no login moves the end');
  // Only `revoke-all` reads when a login was: without it, fewer states differ.
  const { loggedInAt, ...left } = login.row;
  mustEqual(loggedInAt, now, 'the row tells when the login was');
  const { idle } = policy;
  const expiry = typeof idle !== 'number' && Math.min(now + idle.token, result.endsAt);
  const user = { generation: 0, ...(expiry !== false && { expiresAt: expiry }) };
  return { ...state, row: left, user };
}

/** Secret *n* of the session. */
function numbered(generation: number, of = family): Secret {
  return generation === 0 ? first : computed(generation, of);
}

/** Secret *n* of a family of this session id, computed by the core. */
function computed(generation: number, of: string): Secret {
  const row = { ...anonymous(key), generation, secretFamily: of };
  return currentSecret(keys, row, { generation: 0, family: of }, first);
}

/** A row without what the rules leave open. */
function ruled({ secretFamily: _, issuedLifetime: __, ...row }: Partial<Session> = {}) {
  return row;
}

const texts = new Map<string, number>();
const numbers = new WeakMap<Item, number>();

/** The same number for equal rows. */
function numberOf(row: Item): number {
  const known = numbers.get(row);
  if (known !== undefined) return known;
  const text = JSON.stringify(Object.entries(row).sort());
  const number = texts.get(text) ?? texts.size;
  texts.set(text, number);
  numbers.set(row, number);
  return number;
}

/** A text that is the same for equal states only. */
function nameOf({ row, user, sent, thief }: State): string {
  return `${numberOf(row)} ${JSON.stringify([user, sent, thief])}`;
}

function after({ row, user, sent, thief }: State, seconds: number): State {
  const earlier = <Kind extends Held>(held: Kind): Kind =>
    held.expiresAt === undefined ? held : { ...held, expiresAt: held.expiresAt - seconds };
  return {
    row: aged(row, seconds),
    user: user && earlier(user),
    sent: sent.map((request) => ({ ...earlier(request), age: request.age + seconds })),
    thief: thief && earlier(thief),
  };
}

const agedRows = remembered<Item>();

/** A row whose times are all some seconds longer ago. */
function aged(row: Item, seconds: number): Item {
  const moved = (name: string, value: unknown) =>
    /(At|Until)$/.test(name) ? Number(value) - seconds : value;
  return agedRows(`${numberOf(row)} ${seconds}`, () =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, moved(name, value)])),
  );
}

function mustEqual(actual: unknown, wanted: unknown, what: string): void {
  if (isDeepStrictEqual(actual, wanted)) return;
  throw new Error(`${what}; got ${JSON.stringify(actual)}, want ${JSON.stringify(wanted)}`);
}

/** Answers each question once, and then by heart. */
function remembered<Known>() {
  const known = new Map<string, Known>();
  return (question: string, answer: () => Known): Known => {
    const found = known.get(question) ?? answer();
    known.set(question, found);
    return found;
  };
}
