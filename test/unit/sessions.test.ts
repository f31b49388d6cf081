import { describe, expect, test } from 'vitest';
import { deriveKeys } from '../../functions/core/keys/keys.ts';
import type { Policy } from '../../functions/core/session/policy.ts';
import { type Person, registry } from '../../functions/core/session/registry.ts';
import { DamagedRow } from '../../functions/core/session/row.ts';
import type { Credential } from '../../functions/core/session/session.ts';
import { sessions } from '../../functions/core/session/sessions.ts';
import { epochSeconds, later } from '../../functions/core/time.ts';
import { memoryTable } from '../support/memory-table.ts';
import {
  claimsOf,
  now,
  reading,
  rowOf,
  secretOf,
  sessionIdOf,
  sliding,
} from '../support/session.ts';

const id = sessionIdOf('abc');
const row = rowOf('eos', 'abc');
const keys = deriveKeys('eos', { root: 'root-of-the-tests-0123456789abcdefghij' });
const rotating: Policy = { ...sliding, rotation: { grace: 60 } };
const rotatingTokens: Policy = { ...reading, rotation: { grace: 60 } };
const person: Person = { subject: 'somebody', secret: secretOf('first'), claims: claimsOf('{}') };
const after = 60 + 8;

/** A contract's sessions over a table in memory, which counts its requests. */
function start(policy: Policy = sliding) {
  const memory = memoryTable();
  const calls: string[] = [];
  const table = {
    ...memory,
    update: (...args: Parameters<typeof memory.update>) => {
      calls.push('update');
      return memory.update(...args);
    },
    get: (...args: Parameters<typeof memory.get>) => {
      calls.push('get');
      return memory.get(...args);
    },
  };
  const props = { contract: 'eos', policy, keys, table };
  const refresh = (secret: string, seconds: number, more: Partial<Credential> = {}, as = policy) =>
    sessions({ ...props, policy: as }).refresh(
      { id, secret: secretOf(secret), ...more },
      { now: later(now, seconds) },
    );
  /** Refreshes, and gives the secret that the client holds then. */
  const next = async (secret: string, seconds: number) => {
    const answer = await refresh(secret, seconds);
    if (answer.outcome !== 'refreshed') throw new Error(JSON.stringify(answer));
    return answer.secret;
  };
  const set = (changes: object) =>
    memory.items.set(row, JSON.parse(JSON.stringify({ ...memory.items.get(row), ...changes })));
  return {
    calls,
    table,
    refresh,
    next,
    set,
    items: memory.items,
    get row() {
      return memory.items.get(row);
    },
    ...registry(props),
  };
}

describe('a refresh', () => {
  const refused = (reason: string) => ({ outcome: 'refused', reason });
  const states: readonly { what: string; set: object; reason: string; guess: string }[] = [
    { what: 'alive', set: {}, reason: 'none', guess: 'wrong-secret' },
    { what: 'revoked', set: { revokedAt: now }, reason: 'revoked', guess: 'wrong-secret' },
    { what: 'over', set: { endsAt: now }, reason: 'lifetime-over', guess: 'wrong-secret' },
    { what: 'idle', set: { idleUntil: now }, reason: 'idle-too-long', guess: 'wrong-secret' },
  ];

  test.for([sliding, reading].flatMap((policy) => states.map((one) => ({ ...one, policy }))))(
    'tells that a session is $what only to a caller with the secret: %o',
    async ({ set, reason, guess, policy }) => {
      const world = start(policy);
      await world.open({ id, person }, now);
      world.set(set);
      const before = world.row;
      expect(await world.refresh('a guess', 0)).toEqual(refused(guess));
      expect(world.row).toEqual(before);
      const answer = await world.refresh('first', 0);
      expect(answer).toMatchObject(reason === 'none' ? { secret: 'first' } : refused(reason));
    },
  );

  test('refuses an unknown session, and one before its login', async () => {
    const world = start();
    expect(await world.refresh('first', 0)).toEqual(refused('unknown-session'));
    expect(world.items.size).toBe(0);
    await world.open({ id }, now);
    expect(await world.refresh('first', 0)).toEqual(refused('not-logged-in'));
  });

  test('slides the idle timeout, moves no other time, and makes one request', async () => {
    const world = start();
    await world.open({ id, person }, now);
    const before = world.row;
    await world.next('first', 100);
    const [refreshedAt, idleUntil] = [now + 100, now + 1900];
    expect(world.row).toEqual({ ...before, refreshedAt, idleUntil });
    expect(world.calls).toEqual(['update']);
  });

  test('reads an expired token only to say why it is refused', async () => {
    const world = start(rotatingTokens);
    await world.open({ id, person }, now);
    const expired = { issuedAt: epochSeconds(now - 930), expiresAt: now };
    expect(await world.refresh('first', 0, expired)).toEqual(refused('idle-too-long'));
    expect(world.calls).toEqual(['get']);
  });

  test.for(['subject', 'claims', 'openedAt', 'refreshedAt', 'idleUntil', 'endsAt', 'purgeAt'])(
    'changes no row whose %s is missing, and throws',
    async (name) => {
      const world = start();
      await world.open({ id, person }, now);
      world.set({ [name]: undefined });
      const before = world.row;
      await expect(world.refresh('first', 0)).rejects.toBeInstanceOf(DamagedRow);
      expect(world.row).toEqual(before);
    },
  );
});

describe('a refused write', () => {
  test('is a bug if decide allows the refresh', async () => {
    const world = start();
    await world.open({ id, person }, now);
    const refusing = {
      ...world.table,
      update: async () => ({ outcome: 'refused', item: world.row }),
    };
    const props = { contract: 'eos', policy: sliding, keys, table: refusing as never };
    const credential = { id, secret: person.secret };
    await expect(sessions(props).refresh(credential, { now })).rejects.toThrow(
      'decide allows what the condition refused',
    );
    await world.open({ id: sessionIdOf('anonymous') }, now);
    const item = world.items.get(rowOf('eos', 'anonymous'));
    const other = { ...refusing, update: async () => ({ outcome: 'refused', item }) };
    const login = registry({ ...props, table: other as never }).login(id, person, now);
    await expect(login).rejects.toThrow('decideLogin allows what the condition refused');
  });
});

describe('rotation', () => {
  test('keeps the newest secret of a client while a restored row stays behind it', async () => {
    const world = start(rotating);
    await world.open({ id, person }, now);
    const one = await world.next('first', 0);
    const behind = { ...world.row };
    const two = await world.next(one, after);
    const refusing = { ...world.table, update: async () => ({ outcome: 'refused', item: behind }) };
    const props = { contract: 'eos', policy: rotating, keys, table: refusing as never };
    const answer = sessions(props).refresh({ id, secret: secretOf(two) }, { now: later(now, 99) });
    expect(await answer).toMatchObject({ outcome: 'refreshed', secret: two });
  });

  test('draws a family of 22 characters once, and names it in every secret', async () => {
    const world = start(rotating);
    await world.open({ id, person }, now);
    const [one, two] = [await world.next('first', 0), await world.next('first', after)];
    const { secretFamily } = world.row ?? {};
    expect(secretFamily).toMatch(/^[\w-]{22}$/);
    expect([one, two].map((secret) => secret.split('.').slice(0, 2))).toEqual([
      ['1', secretFamily],
      ['2', secretFamily],
    ]);
  });

  test.for([
    { lives: undefined, grace: 60 },
    { lives: 930, grace: 60 },
    { lives: 100, grace: 50 },
    { lives: 31, grace: 15 },
    { lives: 12, grace: 10 },
  ])('grants a token that lives for $lives s a grace of $grace s', async ({ lives, grace }) => {
    const world = start(rotatingTokens);
    await world.open({ id, person }, now);
    const token = lives === undefined ? {} : { issuedAt: now, expiresAt: later(now, lives) };
    await world.refresh('first', 5, token);
    expect(world.row).toMatchObject({ graceUntil: now + 5 + grace, issuedLifetime: 930 });
  });

  test.for([
    { what: 'the secret before the current one is the parent', generation: 1, ok: true },
    { what: 'an older one is dead', generation: 2, ok: false },
  ])('in a row of an older version, $what', async ({ generation, ok }) => {
    const world = start(rotating);
    await world.open({ id, person }, now);
    await world.next('first', 0);
    world.set({ generation, parentGeneration: undefined, graceUntil: now });
    const secret = expect.stringMatching(/^1\./);
    if (ok) expect(await world.refresh('first', 0)).toMatchObject({ secret });
    const answer = await world.refresh('first', after);
    expect(answer.outcome).toBe(ok ? 'refreshed' : 'refused');
    expect(world.row).toMatchObject(ok ? { generation: 2 } : { revokedBy: 'reuse-detected' });
  });

  test('when it is turned off, accepts the current secret and its parent, and ends nothing', async () => {
    const world = start(rotating);
    await world.open({ id, person }, now);
    const one = await world.next('first', 0);
    const two = await world.next(one, after);
    const fixed = (secret: string, seconds: number) => world.refresh(secret, seconds, {}, sliding);
    for (const secret of [one, two])
      expect(await fixed(secret, after + 1)).toMatchObject({ outcome: 'refreshed', secret: two });
    expect(world.row).toMatchObject({ generation: 2, refreshedAt: now + after + 1 });
    expect(await fixed('first', after + 2)).toEqual({
      outcome: 'refused',
      reason: 'reused-secret',
    });
    expect(world.row).not.toHaveProperty('revokedAt');
  });

  test.for([
    { what: 'rotation', policy: rotating, generation: 4, graceUntil: now + after + 90 + 60 },
    { what: 'fixed secrets', policy: sliding, generation: 3, graceUntil: now + after + 60 },
  ])('accepts a secret that is newer than a restored row, under $what', async (the) => {
    const world = start(rotating);
    await world.open({ id, person }, now);
    const one = await world.next('first', 0);
    const two = await world.next(one, after);
    const restored = { ...world.row };
    const three = await world.next(two, 2 * after);
    world.items.set(row, restored as never);
    world.calls.length = 0;
    const answer = await world.refresh(three, after + 90, {}, the.policy);
    const secret = expect.stringMatching(new RegExp(`^${the.generation}\\.`));
    expect(answer).toMatchObject({ outcome: 'refreshed', secret });
    expect(world.calls).toEqual(['update', 'update']);
    const { generation, graceUntil } = the;
    expect(world.row).toMatchObject({ generation, parentGeneration: 3, graceUntil });
  });
});

describe('the registry', () => {
  test('gives each id once, and finds what it opened', async () => {
    const world = start();
    const opened = await world.open({ id, person, tokenLifetime: 300 }, now);
    expect(opened).toMatchObject({ rowKey: row, subject: 'eos#somebody', tokenLifetime: 300 });
    expect(await world.find(id)).toEqual(opened);
    expect(await world.open({ id }, now)).toBe('id-taken');
    expect(await world.find(sessionIdOf('other'))).toBeUndefined();
    expect(await world.idsOf('somebody')).toEqual([id]);
    expect(await world.idsOf('nobody')).toEqual([]);
  });

  test('reads every page of the index', async () => {
    const { table } = start();
    const pages = [{ rowKeys: [row], next: { rowKey: row } }, { rowKeys: [rowOf('eos', 'last')] }];
    const asked: unknown[] = [];
    const bySubject = async (...args: unknown[]) => pages[asked.push(args) - 1];
    const paged = { ...table, bySubject: bySubject as typeof table.bySubject };
    const world = registry({ contract: 'eos', policy: sliding, keys, table: paged });
    expect(await world.idsOf('somebody')).toEqual(['abc', 'last']);
    expect(asked).toEqual([
      ['eos#somebody', undefined],
      ['eos#somebody', { rowKey: row }],
    ]);
  });

  test('logs a person in to an anonymous session', async () => {
    const world = start();
    const opened = await world.open({ id }, now);
    const session = await world.login(id, person, later(now, 5));
    expect(session).toMatchObject({
      endsAt: now + 43_200,
      refreshedAt: now + 5,
      subject: 'eos#somebody',
    });
    expect(opened).not.toHaveProperty('subject');
    expect(await world.find(id)).toEqual(session);
    expect(await world.next('first', 5)).toBe('first');
  });

  test.for([
    { what: 'logged-in', set: { subject: 'eos#x', secret: 'x', claims: '{}' } },
    { what: 'revoked', set: { revokedAt: now } },
    { what: 'lifetime-over', set: { endsAt: now } },
    { what: 'idle-too-long', set: { idleUntil: now } },
  ])('refuses a login to a session that is $what', async ({ what, set }) => {
    const world = start();
    expect(await world.login(id, person, now)).toBe('unknown-session');
    await world.open({ id }, now);
    world.set(set);
    const before = world.row;
    expect(await world.login(id, person, now)).toBe(what);
    expect(world.row).toEqual(before);
  });

  test('takes no secret that was computed for the same id', async () => {
    const world = start(rotating);
    await world.open({ id, person }, now);
    const used = { ...person, secret: await world.next('first', 0) };
    expect(await world.open({ id, person: used }, now)).toBe('secret-used');
    expect(await world.login(id, used, now)).toBe('secret-used');
    expect(await world.open({ id: sessionIdOf('next'), person: used }, now)).toMatchObject({});
  });

  test('ends a session once, and says whether it was active', async () => {
    const world = start();
    expect(await world.revoke(id, now)).toBeUndefined();
    expect(world.items.size).toBe(0);
    await world.open({ id, person }, now);
    expect(await world.revoke(id, later(now, 5), later(now, -1))).toBeUndefined();
    const ended = { id, revokedAt: now + 5, wasActive: true };
    expect(await world.revoke(id, later(now, 5), now)).toEqual(ended);
    expect(world.row).toMatchObject({ revokedAt: now + 5, revokedBy: 'administrator' });
    expect(await world.revoke(id, later(now, 9))).toEqual({ ...ended, wasActive: false });
  });

  test.for([
    {
      what: 'an anonymous session',
      set: { subject: undefined, secret: undefined, claims: undefined },
      active: false,
    },
    { what: 'an idle session', set: { idleUntil: now }, active: false },
    { what: 'a damaged row', set: { openedAt: 'x' }, active: true },
  ])('ends $what: active $active', async ({ set, active }) => {
    const world = start();
    await world.open({ id, person }, now);
    world.set(set);
    expect(await world.revoke(id, now, now)).toMatchObject({ wasActive: active });
    expect(world.row).toHaveProperty('revokedAt', now);
  });

  test.for([
    { what: 'a separate item where a refresh writes', policy: sliding, apart: true },
    { what: 'the row where a refresh reads', policy: reading, apart: false },
  ])('stores large claims in $what', async ({ policy, apart }) => {
    const world = start(policy);
    const claims = claimsOf(`{"a":"${'x'.repeat(100_000)}"}`);
    await world.open({ id }, now);
    expect(await world.login(id, { ...person, claims }, now)).toMatchObject({ claims });
    expect(world.items.size).toBe(apart ? 2 : 1);
    expect(await world.refresh('first', 5)).toMatchObject({ session: { claims } });
    if (!apart) return;
    for (const name of world.items.keys()) if (name !== row) world.items.delete(name);
    await expect(world.refresh('first', 9)).rejects.toBeInstanceOf(DamagedRow);
  });
});
