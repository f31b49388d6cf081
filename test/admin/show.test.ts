import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { expect } from 'vitest';
import { later } from '../../functions/core/time.ts';
import { commands } from '../../functions/session-admin/commands.ts';
import { noon, onBothEngines, type World } from '../support/world.ts';
import { done, inPagesOf, item, refresh, wires } from './support.ts';

const session = { contract: 'eos', sessionId: 'id' };

/** Claims of each contract that hold something nobody but the client may see. */
const telling: Readonly<Record<string, string>> = {
  eos: '{"profile":{"a":"tell-tale"},"mobilityApps":{"system":[],"user":[]}}',
  s360: '{"user":{"a":"tell-tale"},"app":{},"sso":{"externalSystemId":"tell-tale"}}',
  ccstore: '{"iss":"tell-tale"}',
};

const states = [
  { state: 'active', open: {}, after: 1799 },
  { state: 'anonymous', open: { anonymous: true }, after: 1799 },
  { state: 'idle-too-long', open: {}, after: 1800 },
  { state: 'idle-too-long', open: { anonymous: true }, after: 1800 },
  { state: 'lifetime-over', open: {}, after: 43_200 },
] as const;

async function openAll(world: World, subject: string, ids: readonly string[]): Promise<void> {
  for (const sessionId of ids) await world.run('open', { contract: 'eos', sessionId, subject });
}

/** The ids that `list` names, in an order of their own: the index has none. */
async function listed(world: World, contract: string, subject: string): Promise<unknown[]> {
  const { sessions } = done(await world.run('list', { contract, subject }));
  return (sessions as { sessionId: string }[]).map(({ sessionId }) => sessionId).sort();
}

onBothEngines('session-admin show', (test) => {
  test('answers what may be known of a session', async ({ world }) => {
    await world.run('open', {
      contract: 'ccstore',
      sessionId: 'id',
      subject: '110558',
      tokenLifetime: 300,
    });
    world.requests.length = 0;
    const shown = done(await world.run('show', { contract: 'ccstore', sessionId: 'id' }));
    expect(shown).toEqual({
      contract: 'ccstore',
      sessionId: 'id',
      hash: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
      state: 'active',
      expiresIn: 86_400,
      expiresAt: noon + 86_400,
      subject: '110558',
      tokenLifetime: 300,
      openedAt: noon,
      refreshedAt: noon,
      idleUntil: noon + 86_400,
      endsAt: noon + 86_400,
    });
    expect(world.requests).toEqual(['GetItemCommand']);
  });

  test.for(wires)(
    'gives a session of $name the hash that its log record has',
    async (wire, { world }) => {
      const held = await world.open(wire.contract);
      await refresh(world, wire, held);
      const { sessionId } = held;
      const { hash } = done(await world.run('show', { contract: wire.name, sessionId }));
      expect(hash).toBe(world.records.at(-1)?.session);
    },
  );

  test.for(wires)(
    'tells no secret, digest or claim of $name, nor does list',
    async (wire, { world }) => {
      const claims = telling[wire.name];
      const person = { subject: 'ann', secret: 'proof-of-ann', claims };
      const { sessionId } = await world.open(wire.contract, person);
      const digest = (await item(world, wire.name, sessionId))?.secret?.S;
      const answers = [
        await world.run('show', { contract: wire.name, sessionId }),
        await world.run('list', { contract: wire.name, subject: 'ann' }),
      ];
      for (const answer of answers) {
        expect(answer.outcome).toBe('done');
        const text = JSON.stringify(answer);
        for (const untold of [digest, 'proof-of-ann', 'tell-tale'])
          expect(text).not.toContain(String(untold));
      }
    },
  );

  test.for(states)(
    'calls it $state after $after seconds of $open',
    async ({ state, open, after }, { world }) => {
      await world.run('open', { ...session, ...open });
      const row = await item(world, 'eos', 'id');
      world.now = later(noon, after);
      expect(done(await world.run('show', session)).state).toBe(state);
      expect(await item(world, 'eos', 'id')).toEqual(row);
    },
  );

  test('calls it revoked, whatever else it is', async ({ world }) => {
    await world.run('open', session);
    await world.run('revoke', session);
    world.now = later(noon, 43_200);
    const shown = done(await world.run('show', session));
    expect(shown).toMatchObject({ state: 'revoked', revokedAt: noon });
  });

  test('refuses an id of no session in that contract', async ({ world }) => {
    await world.run('open', { contract: 's360', sessionId: 'id' });
    const unknown = { outcome: 'refused', reason: 'unknown-session' };
    expect(await world.run('show', session)).toEqual(unknown);
    expect(await world.run('show', { contract: 'ccstore', sessionId: 'id' })).toEqual(unknown);
  });
});

onBothEngines('session-admin list', (test) => {
  test('answers every session of a subject as show does', async ({ world }) => {
    await openAll(world, 'ann', ['a', 'b']);
    await world.run('revoke', { contract: 'eos', sessionId: 'b' });
    world.now = later(noon, 60);
    const shown = ['a', 'b'].map((sessionId) => world.run('show', { contract: 'eos', sessionId }));
    const answer = done(await world.run('list', { contract: 'eos', subject: 'ann' }));
    expect(Object.keys(answer)).toEqual(['contract', 'subject', 'sessions']);
    expect(answer).toMatchObject({ contract: 'eos', subject: 'ann' });
    const expected = (await Promise.all(shown)).map(done);
    expect(answer.sessions).toHaveLength(2);
    expect(answer.sessions).toEqual(expect.arrayContaining(expected));
  });

  test('answers nothing of a subject that has no session', async ({ world }) => {
    await openAll(world, 'ann', ['a']);
    expect(done(await world.run('list', { contract: 'eos', subject: 'bob' }))).toEqual({
      contract: 'eos',
      subject: 'bob',
      sessions: [],
    });
  });

  test('keeps apart subjects that look alike, and contracts', async ({ world }) => {
    const alike = ['ann', 'Ann', 'ann#x', 'ann ', 'anna', 'eos#ann', '😀'.repeat(256)];
    for (const [at, subject] of alike.entries()) await openAll(world, subject, [`s${at}`]);
    await world.run('open', { contract: 's360', sessionId: 'other', subject: 'ann' });
    for (const [at, subject] of alike.entries())
      expect(await listed(world, 'eos', subject)).toEqual([`s${at}`]);
    expect(await listed(world, 's360', 'ann')).toEqual(['other']);
  });

  test('reads the index to its last page', async ({ world }) => {
    const ids = Array.from({ length: 30 }, (_, at) => `s${at}`);
    await openAll(world, 'ann', ids);
    inPagesOf(7, world);
    expect(await listed(world, 'eos', 'ann')).toEqual(ids.sort());
  });

  test('leaves out a session that is deleted between the index and the row', async ({ world }) => {
    await openAll(world, 'ann', ['a', 'b']);
    const { admin, rows, client, table } = world;
    const deleting: typeof rows = {
      ...rows,
      async bySubject(subject, from) {
        const page = await rows.bySubject(subject, from);
        const Key = { rowKey: { S: 'eos#b' } };
        await client.send(new DeleteItemCommand({ TableName: table, Key }));
        return page;
      },
    };
    const input = { contract: 'eos', subject: 'ann' };
    const answer = done(await commands.list(input, { ...admin, table: deleting }));
    expect(answer.sessions).toEqual([expect.objectContaining({ sessionId: 'a' })]);
  });
});
