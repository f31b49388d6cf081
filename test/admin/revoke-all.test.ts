import { expect } from 'vitest';
import type { Table } from '../../functions/core/session/table.ts';
import { later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { commands } from '../../functions/session-admin/commands.ts';
import { noon, onBothEngines, type StoredWorld as World } from '../support/world.ts';
import { done, inPagesOf, item } from './support.ts';

const anns = { contract: 'eos', subject: 'ann' };

async function openAll(world: World, ids: readonly string[]): Promise<void> {
  for (const sessionId of ids) await world.open(eos, { sessionId, subject: 'ann' });
}

/** The ids among these whose sessions are revoked. */
async function revoked(world: World, ids: readonly string[]): Promise<string[]> {
  const rows = await Promise.all(ids.map((id) => world.row(eos, id)));
  return ids.filter((_, at) => rows[at]?.revokedAt !== undefined);
}

/** Runs `revoke-all` over that index, each wait as long as it says; tells the waits and the passes. */
async function runOver(world: World, page: Table['bySubject'], after?: () => Promise<void>) {
  const waits: number[] = [];
  let passes = 0;
  const answer = await commands['revoke-all'](anns, {
    ...world.admin,
    table: {
      ...world.rows,
      async bySubject(subject, from) {
        if (!from) passes += 1;
        return page(subject, from);
      },
    },
    async wait(seconds) {
      waits.push(seconds);
      world.now = later(world.now, seconds);
      await after?.();
    },
  });
  return { ended: done(answer).ended, waits, passes };
}

/** The index as AWS may fill it: that session is missing from its first queries. */
function late(world: World, id: string, queries: number): Table['bySubject'] {
  let asked = 0;
  return async (subject, from) => {
    asked += 1;
    const { rowKeys, ...rest } = await world.rows.bySubject(subject, from);
    const late = asked <= queries ? rowKeys.filter((key) => key !== `eos#${id}`) : rowKeys;
    return { ...rest, rowKeys: late };
  };
}

onBothEngines('session-admin revoke-all', (test) => {
  test('ends every session of a subject, and counts those that were alive', async ({ world }) => {
    await openAll(world, ['idle', 'gone']);
    await world.run('revoke', { contract: 'eos', sessionId: 'gone' });
    world.now = later(noon, 1800);
    await openAll(world, ['a', 'b', 'c']);
    expect(await world.run('revoke-all', anns)).toEqual({
      outcome: 'done',
      result: { ...anns, ended: 3, openedUntil: world.now },
    });
    expect(await revoked(world, ['idle', 'gone', 'a', 'b', 'c'])).toHaveLength(5);
    expect((await world.row(eos, 'gone'))?.revokedAt).toBe(noon);
  });

  test('answers the same members in one order', async ({ world }) => {
    const answer = done(await world.run('revoke-all', anns));
    expect(Object.entries(answer)).toEqual([
      ['contract', 'eos'],
      ['subject', 'ann'],
      ['ended', 0],
      ['openedUntil', noon],
    ]);
  });

  test('leaves other subjects and other contracts', async ({ world }) => {
    await openAll(world, ['hers']);
    await world.run('open', { contract: 'eos', sessionId: 'bobs', subject: 'bob' });
    await world.run('open', { contract: 'eos', sessionId: 'nobodys', anonymous: true });
    await world.run('open', { contract: 's360', sessionId: 'hers', subject: 'ann' });
    expect(done(await world.run('revoke-all', anns)).ended).toBe(1);
    expect(await revoked(world, ['hers', 'bobs', 'nobodys'])).toEqual(['hers']);
    expect(await item(world, 's360', 'hers')).not.toHaveProperty('revokedAt');
  });

  test('ends nothing again, and changes nothing', async ({ world }) => {
    await openAll(world, ['a', 'b']);
    await world.run('revoke-all', anns);
    const row = await item(world, 'eos', 'a');
    world.now = later(noon, 60);
    expect(done(await world.run('revoke-all', anns)).ended).toBe(0);
    expect(await item(world, 'eos', 'a')).toEqual(row);
  });

  test('ends those on every page of the index', async ({ world }) => {
    const ids = Array.from({ length: 30 }, (_, at) => `s${at}`);
    await openAll(world, ids);
    inPagesOf(7, world);
    expect(done(await world.run('revoke-all', anns)).ended).toBe(30);
    expect(await revoked(world, ids)).toEqual(ids);
  });

  test('counts each session once, however many run at once', async ({ world }) => {
    await openAll(world, ['a', 'b', 'c', 'd', 'e']);
    const runs = Array.from({ length: 4 }, () => world.run('revoke-all', anns));
    const ended = (await Promise.all(runs)).map((answer) => Number(done(answer).ended));
    expect(ended.reduce((sum, one) => sum + one)).toBe(5);
  });

  test('reads the index until two passes, two seconds apart, find nothing new', async ({
    world,
  }) => {
    const nothing = await runOver(world, world.rows.bySubject);
    expect(nothing).toEqual({ ended: 0, waits: [2], passes: 2 });
    await openAll(world, ['a']);
    const one = await runOver(world, world.rows.bySubject);
    expect(one).toEqual({ ended: 1, waits: [2, 2], passes: 3 });
  });

  test('ends a session that its first query does not show', async ({ world }) => {
    await openAll(world, ['new']);
    const run = await runOver(world, late(world, 'new', 1));
    expect(run).toEqual({ ended: 1, waits: [2, 2, 2], passes: 4 });
    expect((await world.row(eos, 'new'))?.revokedAt).toBe(noon + 2);
  });

  test('ends a session that shows only after a pass found nothing new', async ({ world }) => {
    await openAll(world, ['old', 'new']);
    const run = await runOver(world, late(world, 'new', 2));
    expect(run).toEqual({ ended: 2, waits: [2, 2, 2, 2], passes: 5 });
    expect((await world.row(eos, 'old'))?.revokedAt).toBe(noon);
    expect((await world.row(eos, 'new'))?.revokedAt).toBe(noon + 4);
  });

  test('ends in bounded passes while its subject keeps logging in, and leaves those sessions', async ({
    world,
  }) => {
    await openAll(world, ['old']);
    let opened = 0;
    const run = await runOver(world, world.rows.bySubject, async () => {
      opened += 1;
      await openAll(world, [`new-${opened}`]);
    });
    expect(run).toEqual({ ended: 1, waits: [2, 2], passes: 3 });
    expect(await revoked(world, ['old', 'new-1', 'new-2'])).toEqual(['old']);
  });
});
