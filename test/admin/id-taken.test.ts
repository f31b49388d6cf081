import { expect } from 'vitest';
import { later } from '../../functions/core/time.ts';
import type { Input } from '../../functions/session-admin/fields.ts';
import { noon, onBothEngines, type StoredWorld as World } from '../support/world.ts';
import { item, wires } from './support.ts';

/** How an id came to be taken, and how it is asked for again. */
interface Taken {
  readonly what: string;
  readonly before: (world: World) => Promise<unknown>;
  readonly again?: Omit<Input, 'contract' | 'sessionId'>;
}

const session = { contract: 'eos', sessionId: 'taken' };
const anns = { subject: 'ann', secret: '20004007594' };

const taken: readonly Taken[] = [
  {
    what: 'the session of somebody',
    before: (world) => world.run('open', { ...session, subject: 'ann' }),
    again: { subject: 'ann' },
  },
  {
    what: 'that of somebody else by the same secret',
    before: (world) => world.run('open', { ...session, ...anns }),
    again: { ...anns, subject: 'bob' },
  },
  {
    what: 'what this command opened a second ago',
    async before(world) {
      await world.run('open', { ...session, ...anns });
      world.now = later(noon, 1);
    },
    again: anns,
  },
  {
    what: 'an anonymous session',
    before: (world) => world.run('open', { ...session, anonymous: true }),
    again: anns,
  },
  {
    what: 'an anonymous session of this very second',
    before: (world) => world.run('open', { ...session, anonymous: true }),
    again: { anonymous: true },
  },
  {
    what: 'one that is taken since this very second',
    async before(world) {
      await world.run('open', { ...session, anonymous: true });
      await world.run('login', { ...session, subject: 'ann' });
    },
    again: { anonymous: true },
  },
  {
    what: 'a revoked session',
    async before(world) {
      await world.run('open', { ...session, ...anns });
      await world.run('revoke', session);
    },
    again: anns,
  },
  {
    what: 'a session that is over',
    async before(world) {
      await world.run('open', { ...session, ...anns });
      world.now = later(noon, 43_200);
    },
    again: anns,
  },
];

onBothEngines('session-admin open of an id', (test) => {
  test.for(taken)('refuses $what, and leaves its row', async ({ before, again }, { world }) => {
    await before(world);
    const row = await item(world, 'eos', 'taken');
    expect(await world.run('open', { ...session, ...again })).toEqual({
      outcome: 'refused',
      reason: 'id-taken',
    });
    expect(await item(world, 'eos', 'taken')).toEqual(row);
  });

  test('gives one id to every contract', async ({ world }) => {
    for (const { contract } of wires) await world.open(contract, { sessionId: 'same' });
    for (const { name } of wires) expect(await item(world, name, 'same')).toBeDefined();
  });

  test('gives it to one of those who ask at once', async ({ world }) => {
    const subjects = Array.from({ length: 10 }, (_, at) => `person-${at}`);
    const answers = await Promise.all(
      subjects.map((subject) => world.run('open', { ...session, subject })),
    );
    const first = answers.findIndex(({ outcome }) => outcome === 'done');
    expect(answers.toSpliced(first, 1)).toEqual(
      Array(9).fill({ outcome: 'refused', reason: 'id-taken' }),
    );
    const row = await item(world, 'eos', 'taken');
    expect(row?.subject).toEqual({ S: `eos#${subjects[first]}` });
  });
});
