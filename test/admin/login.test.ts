import { expect } from 'vitest';
import { later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { noon, onBothEngines, type StoredWorld as World } from '../support/world.ts';
import { done, item } from './support.ts';

const session = { contract: 'eos', sessionId: 'id' };
const claims =
  '{"profile":{"displayName":"Foo Bar"},"mobilityApps":{"system":[],"user":[{"id":"res"}]}}';

const anonymous = (world: World) => world.run('open', { ...session, anonymous: true });

const refusals = [
  { what: 'a session nobody opened', reason: 'unknown-session', before: async () => undefined },
  {
    what: 'the session of somebody',
    reason: 'logged-in',
    before: (world: World) => world.run('open', { ...session, subject: 'bob' }),
  },
  {
    what: 'one that is taken since this very second',
    reason: 'logged-in',
    async before(world: World) {
      await anonymous(world);
      await world.run('login', { ...session, subject: 'bob', secret: 'other' });
    },
  },
  {
    what: 'one of this person by another secret',
    reason: 'logged-in',
    async before(world: World) {
      await anonymous(world);
      await world.run('login', { ...session, subject: 'ann', secret: 'other' });
    },
  },
  {
    what: 'an anonymous session, but revoked',
    reason: 'revoked',
    async before(world: World) {
      await anonymous(world);
      await world.run('revoke', session);
    },
  },
  {
    what: 'one of this very login, but revoked',
    reason: 'revoked',
    async before(world: World) {
      await anonymous(world);
      await world.run('login', { ...session, subject: 'ann', secret: 'first' });
      await world.run('revoke', session);
    },
  },
  {
    what: 'an anonymous session, idle for 1800 s',
    reason: 'idle-too-long',
    async before(world: World) {
      await anonymous(world);
      world.now = later(noon, 1800);
    },
  },
  {
    what: 'an anonymous session past its lifetime',
    reason: 'lifetime-over',
    async before(world: World) {
      await anonymous(world);
      world.now = later(noon, 43_200);
    },
  },
] as const;

onBothEngines('session-admin login', (test) => {
  test('answers exactly what the client holds from now on', async ({ world }) => {
    await anonymous(world);
    world.now = later(noon, 60);
    world.requests.length = 0;
    const held = done(await world.run('login', { ...session, subject: 'ann', secret: 'first' }));
    expect(Object.entries(held)).toEqual([
      ['contract', 'eos'],
      ['sessionId', 'id'],
      ['secureCode', 'first'],
      ['expireTime', (noon + 60 + 1800) * 1000],
      ['expiresIn', 1800],
      ['expiresAt', noon + 60 + 1800],
    ]);
    expect(world.requests).toEqual(['UpdateItemCommand']);
  });

  test('gives the row an owner, and moves no end', async ({ world }) => {
    await anonymous(world);
    world.now = later(noon, 60);
    await world.run('login', { ...session, subject: 'ann', secret: 'first', claims });
    expect(await item(world, 'eos', 'id')).toEqual({
      rowKey: { S: 'eos#id' },
      subject: { S: 'eos#ann' },
      secret: { S: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) },
      claims: {
        S: '{"mobilityApps":{"system":[],"user":[{"id":"res"}]},"profile":{"displayName":"Foo Bar"}}',
      },
      openedAt: { N: String(noon) },
      refreshedAt: { N: String(noon + 60) },
      idleUntil: { N: String(noon + 60 + 1800) },
      endsAt: { N: String(noon + 43_200) },
      purgeAt: { N: String(noon + 43_200 + 86_400) },
    });
  });

  test('gives a session that refreshes with what was given', async ({ world }) => {
    await anonymous(world);
    const { secureCode } = done(await world.run('login', { ...session, subject: 'ann', claims }));
    expect(secureCode).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const query = { sessionId: ['id'], secureCode: [String(secureCode)] };
    const answer = await world.post(eos, { query });
    expect(answer.status).toBe(200);
    expect(answer.json.profile).toEqual({ displayName: 'Foo Bar' });
  });

  test('takes an anonymous session in its last second', async ({ world }) => {
    await anonymous(world);
    world.now = later(noon, 1799);
    expect((await world.run('login', { ...session, subject: 'ann' })).outcome).toBe('done');
  });

  test.for(refusals)(
    'refuses $what, and changes nothing',
    async ({ before, reason }, { world }) => {
      await before(world);
      const row = await item(world, 'eos', 'id');
      world.requests.length = 0;
      const login = { ...session, subject: 'ann', secret: 'first' };
      expect(await world.run('login', login)).toEqual({ outcome: 'refused', reason });
      expect(world.requests).toEqual(['UpdateItemCommand']);
      expect(await item(world, 'eos', 'id')).toEqual(row);
    },
  );

  test.for([{ contract: 's360' }, { contract: 'ccstore' }])(
    'refuses a session of $contract',
    async ({ contract }, { world }) => {
      await world.run('open', { contract, sessionId: 'id', subject: 'ann' });
      await anonymous(world);
      const row = await item(world, contract, 'id');
      expect(await world.run('login', { contract, sessionId: 'id', subject: 'bob' })).toEqual({
        outcome: 'refused',
        reason: 'logged-in',
      });
      expect(await item(world, contract, 'id')).toEqual(row);
    },
  );

  test('gives a session to the first of many', async ({ world }) => {
    await anonymous(world);
    const subjects = Array.from({ length: 10 }, (_, at) => `person-${at}`);
    const answers = await Promise.all(
      subjects.map((subject) => world.run('login', { ...session, subject })),
    );
    const first = answers.findIndex(({ outcome }) => outcome === 'done');
    expect(answers.toSpliced(first, 1)).toEqual(
      Array(9).fill({ outcome: 'refused', reason: 'logged-in' }),
    );
    expect((await item(world, 'eos', 'id'))?.subject).toEqual({ S: `eos#${subjects[first]}` });
  });
});
