import { describe, expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import type { Table } from '../../functions/core/session/table.ts';
import { later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { commands } from '../../functions/session-admin/commands.ts';
import type { Input } from '../../functions/session-admin/fields.ts';
import { noon, onBothEngines, test, type World } from '../support/world.ts';
import { done, refresh, wires } from './support.ts';

const session = { contract: 'eos', sessionId: 'id' };
const ann = { subject: 'ann', secret: 'first' };
const anns = { contract: 'eos', subject: 'ann' };
const day = 86_400;

type Given = readonly [name: keyof typeof commands, input?: Omit<Input, 'contract' | 'sessionId'>];
const anonymous: Given = ['open', { anonymous: true }];

/** What became of the session of an id, seconds ago, and what `show` calls it. */
const states: readonly (readonly [Given[], state: string, after?: number])[] = [
  [[['open', { subject: 'bob' }]], 'active'],
  [[['open', ann]], 'active', 1799],
  // A login in this very second, once by another person, by another secret, and by the same.
  [[anonymous, ['login', { ...ann, subject: 'bob' }]], 'active'],
  [[anonymous, ['login', { ...ann, secret: 'other' }]], 'active'],
  [[anonymous, ['login', ann]], 'active'],
  [[anonymous, ['revoke']], 'revoked'],
  [[anonymous, ['login', ann], ['revoke']], 'revoked', 43_200],
  [[anonymous], 'idle-too-long', 1800],
  [[['open', ann]], 'idle-too-long', 1800],
  [[anonymous], 'lifetime-over', 43_200],
];

/** A refresh of the session by its first secret. */
const refreshed = (world: World) =>
  world.post(eos, { query: { sessionId: ['id'], secureCode: ['first'] } });

const refused = (reason: string) => ({ outcome: 'refused', reason });

describe('session-admin', () => {
  // test/unit/sessions.test.ts has the refusals one by one; test/wire/all/sessions.test.ts ends a session.
  test.for(states)(
    'knows a session after %j as %s',
    async ([given, state, after = 0], { world }) => {
      for (const [name, input] of given) done(await world.run(name, { ...session, ...input }));
      const row = await world.item(eos, 'id');
      world.now = later(noon, after);
      expect(done(await world.run('show', session)).state).toBe(state);
      for (const input of [ann, { ...ann, subject: 'bob' }, { anonymous: true }])
        expect(await world.run('open', { ...session, ...input })).toEqual(refused('id-taken'));
      const login = await world.run('login', { ...session, ...ann });
      expect(login).toEqual(refused(state === 'active' ? 'logged-in' : state));
      expect(await world.items()).toEqual([row]);
    },
  );

  test('finds no session of another contract, and makes none', async ({ world }) => {
    await world.open(s360, { ...session, ...ann });
    for (const name of ['show', 'revoke', 'login'] as const)
      expect(await world.run(name, { ...session, ...ann })).toEqual(refused('unknown-session'));
    expect(await world.items()).toHaveLength(1);
  });
});

describe('session-admin login', () => {
  test('gives an anonymous session an owner, and moves no end', async ({ world }) => {
    const claims = '{"mobilityApps":{"system":[],"user":[]},"profile":{"a":"Foo"}}';
    await world.run('open', { ...session, anonymous: true });
    const row = await world.item(eos, 'id');
    world.now = later(noon, 1799);
    world.requests.length = 0;
    const held = done(await world.run('login', { ...session, ...ann, claims }));
    expect(world.requests).toEqual(['UpdateItemCommand']);
    const [loggedInAt, idleUntil] = [noon + 1799, noon + 1799 + 1800];
    expect(Object.keys(held)).toEqual(wires[0]?.holds);
    const times = { expireTime: idleUntil * 1000, expiresIn: 1800, expiresAt: idleUntil };
    expect(held).toEqual({ ...session, secureCode: 'first', ...times });
    const secret = expect.stringMatching(/^[\w-]{43}$/);
    const owner = { subject: 'eos#ann', secret, claims, loggedInAt, refreshedAt: loggedInAt };
    expect(await world.item(eos, 'id')).toEqual({ ...row, ...owner, idleUntil });
    expect((await refreshed(world)).json.profile).toEqual({ a: 'Foo' });
  });
});

describe('session-admin show and list', () => {
  const hash = expect.stringMatching(/^[\w-]{22}$/);

  test('tell what may be known of a session: no secret, digest or claim', async ({ world }) => {
    const [openedAt, endsAt] = [noon, noon + day];
    await world.open(ccstore, { ...session, ...ann, tokenLifetime: 300 });
    const shown = done(await world.run('show', { ...session, contract: 'ccstore' }));
    expect(shown).toEqual({
      ...{ contract: 'ccstore', sessionId: 'id', hash, state: 'active', subject: 'ann' },
      ...{ tokenLifetime: 300, openedAt, refreshedAt: openedAt, idleUntil: endsAt, endsAt },
      ...{ expiresIn: day, expiresAt: endsAt },
    });
    const list = await world.run('list', { ...anns, contract: 'ccstore' });
    expect(done(list)).toEqual({ contract: 'ccstore', subject: 'ann', sessions: [shown] });
  });

  test('tell of rotation, of an end, and of a session of nobody', async ({ world }) => {
    world.policies.set('eos', { ...eos.policy, rotation: { grace: 60 } });
    await world.open(eos, { ...session, ...ann });
    await refreshed(world);
    await world.run('revoke', session);
    await world.open(eos, { sessionId: 'visitor', anonymous: true });
    const [idleUntil, endsAt] = [noon + 1800, noon + 43_200];
    const times = { openedAt: noon, refreshedAt: noon, idleUntil, endsAt };
    expect(done(await world.run('show', session))).toEqual({
      ...{ ...session, hash, state: 'revoked', subject: 'ann', ...times },
      ...{ generation: 1, graceUntil: noon + 60, revokedAt: noon },
    });
    const visitor = done(await world.run('show', { ...session, sessionId: 'visitor' }));
    const expiry = { state: 'anonymous', expiresIn: 1800, expiresAt: idleUntil };
    expect(visitor).toEqual({ ...session, sessionId: 'visitor', hash, ...expiry, ...times });
  });

  test.for(wires)('name a session of $name as its log does', async (wire, { world }) => {
    const held = await world.open(wire.contract);
    await refresh(world, wire, held);
    const input = { contract: wire.name, sessionId: held.sessionId };
    expect(done(await world.run('show', input)).hash).toBe(world.records.at(-1)?.session);
  });

  test('find no session of a stranger, nor one that is deleted meanwhile', async ({ world }) => {
    for (const sessionId of ['a', 'b']) await world.open(eos, { ...ann, sessionId });
    const bobs = done(await world.run('list', { ...anns, subject: 'bob' }));
    expect(bobs).toEqual({ contract: 'eos', subject: 'bob', sessions: [] });
    const bySubject: Table['bySubject'] = (...asked) =>
      world.rows.bySubject(...asked).finally(() => world.purge(eos, 'b'));
    const table = { ...world.rows, bySubject };
    const { sessions } = done(await commands.list(anns, { ...world.admin, table }));
    expect(sessions).toEqual([expect.objectContaining({ sessionId: 'a' })]);
  });
});

async function openAll(world: World, ids: readonly string[]): Promise<void> {
  for (const sessionId of ids) await world.open(eos, { sessionId, subject: 'ann' });
}

/** When each session that is revoked was. */
async function revocations(world: World): Promise<Record<string, unknown>> {
  const ended = (await world.items()).filter(({ revokedAt }) => revokedAt !== undefined);
  return Object.fromEntries(ended.map(({ rowKey, revokedAt }) => [rowKey, revokedAt]));
}

describe('session-admin revoke-all', () => {
  test('ends every session of a subject once, and counts the active', async ({ world }) => {
    await openAll(world, ['idle', 'gone']);
    await world.run('revoke', { ...session, sessionId: 'gone' });
    world.now = later(noon, 1800);
    await openAll(world, ['a', 'b', 'c']);
    await world.open(eos, { sessionId: 'bobs', subject: 'bob' });
    await world.open(eos, { sessionId: 'nobodys', anonymous: true });
    await world.open(ccstore, { sessionId: 'a', subject: 'ann' });
    const { now } = world;
    const answer = done(await world.run('revoke-all', anns));
    expect(answer).toEqual({ ...anns, ended: 3, openedUntil: now });
    const all = { 'eos#gone': noon, 'eos#idle': now, 'eos#a': now, 'eos#b': now, 'eos#c': now };
    expect(await revocations(world)).toEqual(all);
    world.now = later(world.now, 60);
    expect(done(await world.run('revoke-all', anns)).ended).toBe(0);
    expect(await revocations(world)).toEqual(all);
  });

  // The index is late on AWS: it lacks the session `late` in its first queries.
  test.for<[what: string, ids: string[], late: number, passes: number, ended: object]>([
    ['nothing', [], 0, 2, {}],
    ['one session, while others begin', ['a'], 0, 3, { 'eos#a': noon }],
    ['one that the first query lacks', ['late'], 1, 4, { 'eos#late': noon + 2 }],
    ['a late one', ['a', 'late'], 2, 5, { 'eos#a': noon, 'eos#late': noon + 4 }],
  ])('reads until two passes end nothing: %s', async (row, { world }) => {
    const [, ids, late, passes, ended] = row;
    await openAll(world, ids);
    let asked = 0;
    const waited: number[] = [];
    const bySubject = async (subject: string) => {
      asked += 1;
      const { rowKeys } = await world.rows.bySubject(subject);
      return { rowKeys: rowKeys.filter((key) => asked > late || key !== 'eos#late') };
    };
    const wait = async (seconds: number) => {
      waited.push(seconds);
      world.now = later(world.now, seconds);
      await openAll(world, [`new-${asked}`]);
    };
    const services = { ...world.admin, table: { ...world.rows, bySubject }, wait };
    expect(done(await commands['revoke-all'](anns, services)).ended).toBe(ids.length);
    expect([waited, asked]).toEqual([Array(passes - 1).fill(2), passes]);
    expect(await revocations(world)).toEqual(ended);
  });

  test('gives up after ten passes', async ({ world }) => {
    const waited: number[] = [];
    const bySubject = async () => {
      await openAll(world, [`s${waited.length}`]);
      await world.damage(eos, `s${waited.length}`, { openedAt: noon - 1 });
      return world.rows.bySubject('eos#ann');
    };
    const wait = async (seconds: number) => void waited.push(seconds);
    const services = { ...world.admin, wait, table: { ...world.rows, bySubject } };
    expect(done(await commands['revoke-all'](anns, services)).ended).toBe(10);
    expect(waited).toHaveLength(9);
  });
});

onBothEngines('session-admin on a database', (test) => {
  test('lists and ends the sessions on every page of the index', async ({ world }) => {
    for (let at = 0; at < 12; at += 1) await openAll(world, [`s${at}`]);
    await world.damage(eos, 's3', { openedAt: 'damaged', endsAt: undefined });
    for (const subject of ['Ann', 'ann ', 'ann#x', 'eos#ann']) await world.open(eos, { subject });
    world.client.middlewareStack.add(
      (next, { commandName }) =>
        ({ input, ...args }) =>
          next({
            ...args,
            input: { ...input, ...(commandName === 'QueryCommand' && { Limit: 5 }) },
          }),
      { step: 'initialize' },
    );
    await world.damage(eos, 's4', { openedAt: noon + 1 });
    await world.damage(eos, 's5', { loggedInAt: noon + 1 });
    const runs = await Promise.all([1, 2, 3].map(() => world.run('revoke-all', anns)));
    const ended = runs.reduce((sum, run) => sum + Number(done(run).ended), 0);
    const rows = await revocations(world);
    const left = ['eos#s4', 'eos#s5'].filter((key) => key in rows);
    expect([ended, Object.keys(rows).length, left]).toEqual([10, 10, []]);
    const listed = done<{ sessions: object[] }>(await world.run('list', anns)).sessions;
    const s3 = { contract: 'eos', sessionId: 's3', hash: expect.any(String), state: 'damaged' };
    expect([listed.length, listed]).toEqual([12, expect.arrayContaining([s3])]);
    expect(done(await world.run('show', { ...session, sessionId: 's3' }))).toEqual(s3);
  });
});
