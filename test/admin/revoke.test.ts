import { expect } from 'vitest';
import { later } from '../../functions/core/time.ts';
import { noon, onBothEngines } from '../support/world.ts';
import { item, refresh, wires } from './support.ts';

const session = { contract: 'eos', sessionId: 'id' };

onBothEngines('session-admin revoke', (test) => {
  test.for(wires)('ends a session of $name at once', async (wire, { world }) => {
    const held = await world.open(wire.contract);
    expect((await refresh(world, wire, held)).status).toBe(200);
    world.requests.length = 0;
    const { sessionId } = held;
    expect(await world.run('revoke', { contract: wire.name, sessionId })).toEqual({
      outcome: 'done',
      result: { contract: wire.name, sessionId, revokedAt: noon },
    });
    expect(world.requests).toEqual(['UpdateItemCommand']);
    const answer = await refresh(world, wire, held);
    expect([answer.status, wire.code(answer)]).toEqual(wire.loggedOut);
    expect(world.records.at(-1)?.outcome).toBe('revoked');
  });

  test('writes when and by whom, and nothing else', async ({ world }) => {
    await world.run('open', { ...session, subject: 'ann' });
    const row = await item(world, 'eos', 'id');
    world.now = later(noon, 5);
    await world.run('revoke', session);
    expect(await item(world, 'eos', 'id')).toEqual({
      ...row,
      revokedAt: { N: String(noon + 5) },
      revokedBy: { S: 'administrator' },
    });
  });

  test('answers the same again, and changes nothing', async ({ world }) => {
    await world.run('open', session);
    const first = await world.run('revoke', session);
    const row = await item(world, 'eos', 'id');
    world.now = later(noon, 5);
    expect(await world.run('revoke', session)).toEqual(first);
    expect(await item(world, 'eos', 'id')).toEqual(row);
  });

  test('answers all the same who revoke a session at once', async ({ world }) => {
    await world.run('open', session);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => world.run('revoke', session)),
    );
    const result = { ...session, revokedAt: noon };
    expect(answers).toEqual(Array(10).fill({ outcome: 'done', result }));
  });

  test.for([
    { what: 'anonymous', open: { anonymous: true }, after: 0 },
    { what: 'idle for too long', open: {}, after: 1800 },
    { what: 'past its lifetime', open: {}, after: 43_200 },
  ])('ends a session that is $what', async ({ open, after }, { world }) => {
    await world.run('open', { ...session, ...open });
    world.now = later(noon, after);
    expect(await world.run('revoke', session)).toMatchObject({ outcome: 'done' });
    expect((await item(world, 'eos', 'id'))?.revokedAt).toEqual({ N: String(noon + after) });
  });

  test('refuses a session nobody opened, and makes no row of it', async ({ world }) => {
    expect(await world.run('revoke', session)).toEqual({
      outcome: 'refused',
      reason: 'unknown-session',
    });
    expect(await item(world, 'eos', 'id')).toBeUndefined();
  });

  test('leaves the sessions of other contracts by the same id', async ({ world }) => {
    for (const { contract } of wires) await world.open(contract, { sessionId: 'id' });
    await world.run('revoke', session);
    for (const name of ['s360', 'ccstore'])
      expect(await item(world, name, 'id')).not.toHaveProperty('revokedAt');
  });
});
