import { describe, expect, test, vi } from 'vitest';
import { deriveKeys } from '../../functions/core/keys/keys.ts';
import { importer } from '../../functions/core/session/import.ts';
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

/** A contract's sessions over a table in memory. */
function start(policy: Policy = sliding) {
  const table = memoryTable();
  const props = { contract: 'eos', policy, keys, table };
  const refresh = (secret: string, at: number, more: Partial<Credential> = {}, as = policy) => {
    const credential = { id, secret: secretOf(secret), ...more };
    return sessions({ ...props, policy: as }).refresh(credential, { now: later(now, at) });
  };
  return {
    table,
    update: vi.spyOn(table, 'update'),
    get: vi.spyOn(table, 'get'),
    refresh,
    row: () => table.items.get(row) as object,
    /** Changes the row behind the back of the code. */
    set: (changes: object) =>
      table.items.set(row, JSON.parse(JSON.stringify({ ...table.items.get(row), ...changes }))),
    /** Refreshes, and gives the secret that the client holds then. */
    async next(secret: string, at: number) {
      const answer = await refresh(secret, at);
      if (answer.outcome !== 'refreshed') throw new Error(JSON.stringify(answer));
      return answer.secret;
    },
    ...registry(props),
    ...importer(props),
  };
}

/** The same with a session, which belongs to the person unless `more` says otherwise. */
async function opened(policy: Policy = sliding, more: object = { person }) {
  const world = start(policy);
  await world.open({ id, ...more }, now);
  return world;
}

const refused = (reason: string) => ({ outcome: 'refused', reason });

// test/properties/exhaustive.test.ts has its rules.
describe('a refresh', () => {
  test('refuses an unknown session, and one before its login', async () => {
    const world = start();
    expect(await world.refresh('first', 0)).toEqual(refused('unknown-session'));
    expect(world.table.items.size).toBe(0);
    await world.open({ id }, now);
    expect(await world.refresh('first', 0)).toEqual(refused('not-logged-in'));
  });

  test('reads an expired token only to say why it is refused', async () => {
    const world = await opened(rotatingTokens);
    const expired = { issuedAt: epochSeconds(now - 930), expiresAt: now };
    expect(await world.refresh('first', 0, expired)).toEqual(refused('idle-too-long'));
    expect([world.update, world.get].map(({ mock }) => mock.calls.length)).toEqual([0, 1]);
  });

  test.for(['subject', 'claims', 'openedAt', 'refreshedAt', 'idleUntil', 'endsAt', 'purgeAt'])(
    'changes no row whose %s is missing, and throws',
    async (name) => {
      const world = await opened();
      world.set({ [name]: undefined });
      const before = world.row();
      await expect(world.refresh('first', 5)).rejects.toBeInstanceOf(DamagedRow);
      expect(world.row()).toEqual(before);
    },
  );
});

test('a refused write is a bug if decide allows it', async () => {
  const bug = 'allows what the condition refused';
  const world = await opened();
  const refused = { outcome: 'refused', retried: false } as const;
  world.update.mockResolvedValue({ ...refused, item: { ...world.row() } });
  await expect(world.refresh('first', 0)).rejects.toThrow(`decide ${bug}`);
  const anonymous = await opened(sliding, {});
  anonymous.update.mockResolvedValue({ ...refused, item: { ...anonymous.row() } });
  await expect(anonymous.login(id, person, now)).rejects.toThrow(`decideLogin ${bug}`);
});

describe('rotation', () => {
  /** A session after two rotations; `behind` is the row between them. */
  async function rotatedTwice() {
    const world = await opened(rotating);
    const one = await world.next('first', 0);
    const behind = { ...world.row() };
    const two = await world.next(one, after);
    world.update.mockClear();
    return { ...world, one, two, behind };
  }

  test('keeps the newest secret of a client while a restored row stays behind it', async () => {
    const { behind: item, update, refresh, two } = await rotatedTwice();
    update.mockResolvedValue({ outcome: 'refused', item, retried: false });
    expect(await refresh(two, 99)).toMatchObject({ outcome: 'refreshed', secret: two });
  });

  test('draws a family of 22 characters once, and names it in every secret', async () => {
    const world = await opened(rotating);
    // The first secret is presented twice: the answer with the second one was lost.
    const secrets = [await world.next('first', 0), await world.next('first', after)];
    secrets.push(await world.next(secrets[1] ?? '', 2 * after));
    const { secretFamily } = world.row() as { secretFamily: string };
    expect(secretFamily).toMatch(/^[\w-]{22}$/);
    const named = secrets.map((secret) => secret.split('.').slice(0, 2));
    expect(named).toEqual(['1', '2', '3'].map((generation) => [generation, secretFamily]));
  });

  test('grants half a life of a token as grace, from 10 s to that of the policy', async () => {
    const graces = { 930: 60, 121: 60, 100: 50, 31: 15, 12: 10, 'no token': 60 };
    for (const [lives, grace] of Object.entries(graces)) {
      const world = await opened(rotatingTokens);
      const token = { issuedAt: now, expiresAt: later(now, Number(lives)) };
      await world.refresh('first', 5, lives === 'no token' ? {} : token);
      expect(world.row()).toMatchObject({ graceUntil: now + 5 + grace, issuedLifetime: 930 });
    }
  });

  test.for([
    { what: 'the secret before the current one is the parent', generation: 1, ok: true },
    { what: 'an older one is dead', generation: 2, ok: false },
  ])('in a row of an older version, $what', async ({ generation, ok }) => {
    const world = await opened(rotating);
    await world.next('first', 0);
    world.set({ generation, parentGeneration: undefined, graceUntil: now });
    const secret = expect.stringMatching(/^1\./);
    if (ok) expect(await world.refresh('first', 0)).toMatchObject({ secret });
    world.update.mockClear();
    const answer = await world.refresh('first', after);
    expect(answer.outcome).toBe(ok ? 'refreshed' : 'refused');
    for (const [, at] of world.update.mock.calls) expect(at).toEqual({ now: now + after });
    expect(world.row()).toMatchObject(ok ? { generation: 2 } : { revokedBy: 'reuse-detected' });
  });

  test('when it is turned off, accepts the current secret and its parent, and ends nothing', async () => {
    const { refresh, one, two, row } = await rotatedTwice();
    for (const secret of [one, two]) {
      const answer = await refresh(secret, after + 1, {}, sliding);
      expect(answer).toMatchObject({ outcome: 'refreshed', secret: two });
    }
    const left = row();
    expect(left).toMatchObject({ generation: 2, refreshedAt: now + after + 1 });
    expect(await refresh('first', after + 2, {}, sliding)).toEqual(refused('reused-secret'));
    expect(row()).toEqual(left);
  });

  test.for([
    { what: 'rotation', policy: rotating, generation: 4, graceUntil: now + after + 90 + 60 },
    { what: 'fixed secrets', policy: sliding, generation: 3, graceUntil: now + after + 60 },
  ])('accepts a secret that is newer than a restored row, under $what', async (the) => {
    const { policy, generation, graceUntil } = the;
    const world = await rotatedTwice();
    const restored = world.row();
    const three = await world.next(world.two, 2 * after);
    world.set(restored);
    world.update.mockClear();
    const tabs = [1, 2].map(() => world.refresh(three, after + 90, {}, policy));
    const secret = expect.stringMatching(new RegExp(`^${generation}\\.`));
    const answer = { outcome: 'refreshed', secret };
    expect(await Promise.all(tabs)).toMatchObject([answer, answer]);
    const at = { now: now + after + 90 };
    expect(world.update.mock.calls.map(([, options]) => options)).toEqual([at, at, at, at]);
    expect(world.row()).toMatchObject({ generation, parentGeneration: 3, graceUntil });
  });

  test('ends a session whose dead secret came after a newer one, both newer than its row', async () => {
    const world = await rotatedTwice();
    const restored = world.row();
    const three = await world.next(world.two, 2 * after);
    const four = await world.next(three, 3 * after);
    world.set(restored);
    const both = [four, three].map((secret) => world.refresh(secret, 4 * after));
    const [granted, dead] = await Promise.all(both);
    expect([granted?.outcome, dead]).toEqual(['refreshed', refused('reused-secret')]);
    expect(world.row()).toMatchObject({ generation: 5, revokedBy: 'reuse-detected' });
  });
});

describe('the registry', () => {
  test('gives each id once, and finds what it opened', async () => {
    const world = start();
    const session = await world.open({ id, person, tokenLifetime: 300 }, now);
    expect(session).toMatchObject({ rowKey: row, subject: 'eos#somebody', tokenLifetime: 300 });
    expect(await world.find(id)).toEqual(session);
    expect(await world.open({ id }, now)).toBe('id-taken');
    expect(await world.find(sessionIdOf('other'))).toBeUndefined();
    const found = [await world.idsOf('somebody'), await world.idsOf('nobody')];
    expect(found).toEqual([[id], []]);
    // Every page of the index is read.
    const asked = vi.spyOn(world.table, 'bySubject');
    asked.mockResolvedValueOnce({ rowKeys: [row], next: { rowKey: row } });
    asked.mockResolvedValueOnce({ rowKeys: [rowOf('eos', 'last')] });
    expect(await world.idsOf('somebody')).toEqual(['abc', 'last']);
    const pages = [undefined, { rowKey: row }];
    expect(asked.mock.calls).toEqual(pages.map((from) => ['eos#somebody', from]));
  });

  test('logs a person in to an anonymous session, and moves no end', async () => {
    const world = start();
    expect(await world.login(id, person, now)).toBe('unknown-session');
    await world.open({ id }, now);
    const before = world.row();
    const session = await world.login(id, person, later(now, 5));
    const { claims } = person;
    const owner = { subject: 'eos#somebody', secret: expect.stringMatching(/^[\w-]{43}$/), claims };
    const times = { loggedInAt: now + 5, refreshedAt: now + 5, idleUntil: now + 1805 };
    expect(world.row()).toEqual({ ...before, ...owner, ...times });
    expect(session).toEqual(world.row());
    expect(await world.next('first', 5)).toBe('first');
    expect(await world.revoke(id, later(now, 9), later(now, 4))).toBeUndefined();
    expect(await world.revoke(id, later(now, 9), later(now, 5))).toMatchObject({ wasActive: true });
  });

  test('refuses a login to a session that has one, or is over', async () => {
    const world = await opened(sliding, {});
    const before = world.row();
    const over = { revoked: 'revokedAt', 'lifetime-over': 'endsAt', 'idle-too-long': 'idleUntil' };
    for (const [reason, name] of Object.entries(over)) {
      world.table.items.set(row, { ...before, [name]: now });
      expect(await world.login(id, person, now)).toBe(reason);
      expect(world.row()).toEqual({ ...before, [name]: now });
    }
    world.table.items.set(row, { ...before });
    expect(await world.login(id, person, now)).toBeTypeOf('object');
    expect(await world.login(id, person, now)).toBe('logged-in');
  });

  test('takes no secret that was computed for the same id', async () => {
    const world = await opened(rotating);
    const used = { ...person, secret: await world.next('first', 0) };
    expect(await world.open({ id, person: used }, now)).toBe('secret-used');
    expect(await world.login(id, used, now)).toBe('secret-used');
    const line = { openedAt: undefined, idleUntil: undefined, endsAt: undefined };
    const foreign = { ...line, tokenLifetime: undefined, id, person: used };
    expect(await world.write(foreign, now)).toBe('secret-used');
    expect(await world.open({ id: sessionIdOf('next'), person: used }, now)).toMatchObject({});
  });

  test('ends a session once, and says whether it was active', async () => {
    const world = start();
    expect(await world.revoke(id, now)).toBeUndefined();
    expect(world.table.items.size).toBe(0);
    await world.open({ id, person }, now);
    expect(await world.revoke(id, later(now, 5), later(now, -1))).toBeUndefined();
    const ended = { id, revokedAt: now + 5, wasActive: true };
    expect(await world.revoke(id, later(now, 5), now)).toEqual(ended);
    expect(world.row()).toMatchObject({ revokedAt: now + 5, revokedBy: 'administrator' });
    expect(await world.revoke(id, later(now, 9))).toEqual({ ...ended, wasActive: false });
  });

  test.for([
    { what: 'an anonymous session', more: {}, set: {}, active: false },
    { what: 'an idle session', set: { idleUntil: now }, active: false },
    { what: 'a damaged row', set: { openedAt: 'x' }, active: true },
  ])('ends $what: active $active', async ({ more, set, active }) => {
    const world = await opened(sliding, more);
    world.set(set);
    expect(await world.revoke(id, now, now)).toMatchObject({ wasActive: active });
    expect(world.row()).toHaveProperty('revokedAt', now);
  });

  test.for([
    { what: 'a separate item where a refresh writes', policy: sliding, apart: true, writes: 1 },
    { what: 'one that lasts as long as a lifetime was', policy: sliding, apart: true, writes: 2 },
    { what: 'the row where a refresh reads', policy: reading, apart: false, writes: 1 },
  ])('stores large claims in $what', async ({ policy, apart, writes }) => {
    const world = await opened(policy, {});
    const purgeAt = now + writes * 43_200 + 86_400;
    if (writes === 2) world.set({ purgeAt });
    const claims = claimsOf(`{"a":"${'x'.repeat(100_000)}"}`);
    expect(await world.login(id, { ...person, claims }, now)).toMatchObject({ claims });
    expect([world.table.items.size, world.update.mock.calls.length]).toEqual([1 + +apart, writes]);
    expect(await world.refresh('first', 5)).toMatchObject({ session: { claims } });
    if (!apart) return;
    const [name = row, item] = [...world.table.items].find(([name]) => name !== row) ?? [];
    expect(item).toEqual({ rowKey: name, claims, purgeAt });
    world.table.items.delete(name);
    const lost = new DamagedRow('the item of the claims is missing');
    await expect(world.refresh('first', 9)).rejects.toThrow(lost);
  });
});
