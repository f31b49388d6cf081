import type { QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { expect } from 'vitest';
import { type SessionRegistry, sessionRegistry } from '../../functions/core/session/registry.ts';
import { type RowKey, type Session, subjectKey } from '../../functions/core/session/session.ts';
import { later } from '../../functions/core/time.ts';
import { onBothEngines, type World } from '../support/world.ts';
import {
  anonymous,
  claimsOf,
  digestOf,
  itemOf,
  loggedIn,
  now,
  put,
  rowOf,
  sliding,
  toItem,
  unknownAttribute,
} from './rows.ts';

const row = rowOf('eos', 'abc');
const alive = loggedIn(row, later(now, -60));
const login = {
  subject: 'eos#newcomer',
  secret: digestOf(row, 'the newcomer’s'),
  claims: claimsOf('{"z":1,"a":2}'),
  refreshedAt: now,
  idleUntil: later(now, 1800),
};

onBothEngines('registry.open', (test) => {
  test('writes a row, in one storage request', async ({ world }) => {
    world.requests.length = 0;
    expect(await world.registry.open(alive)).toBe('opened');
    expect(world.requests).toEqual(['PutItemCommand']);
    expect(await itemOf(world, row)).toEqual(toItem(alive));
  });

  test.for<{ what: string; taken: Session }>([
    { what: 'somebody’s session', taken: alive },
    { what: 'an anonymous session', taken: anonymous(row, later(now, -60)) },
    { what: 'an anonymous session of this second', taken: anonymous(row) },
    { what: 'a session that this second’s login took', taken: { ...anonymous(row), ...login } },
    { what: 'a revoked tombstone', taken: { ...alive, revokedAt: later(now, -30) } },
    { what: 'a tombstone of this second', taken: { ...loggedIn(row), revokedAt: now } },
    { what: 'a session long past its end', taken: loggedIn(row, later(now, -50_000)) },
    { what: 'a row that is past its TTL', taken: loggedIn(row, later(now, -200_000)) },
  ])('finds the id of $what taken, and leaves it', async ({ taken }, { world }) => {
    await put(world, taken);
    world.requests.length = 0;
    expect(await world.registry.open(anonymous(row))).toBe('id-taken');
    expect(await world.registry.open({ ...alive, ...login })).toBe('id-taken');
    expect(world.requests).toEqual(['PutItemCommand', 'PutItemCommand']);
    expect(await itemOf(world, row)).toEqual({ ...toItem(taken), ...unknownAttribute });
  });

  test('takes an id that another contract has', async ({ world }) => {
    await world.registry.open(alive);
    expect(await world.registry.open(loggedIn(rowOf('s360', 'abc')))).toBe('opened');
  });

  test.for([
    { what: 'logged in', session: (at: number) => ({ ...alive, claims: claimsOf(`{"n":${at}}`) }) },
    { what: 'the same for all', session: () => alive },
    { what: 'anonymous', session: () => anonymous(row) },
  ])('gives an id to one of twenty at once: $what', async ({ session }, { world }) => {
    const asked = Array.from({ length: 20 }, (_, at) => world.registry.open(session(at)));
    const answers = await Promise.all(asked);
    expect(answers.filter((answer) => answer === 'opened')).toHaveLength(1);
  });
});

onBothEngines('registry.login', (test) => {
  test('makes an anonymous session someone’s, in one storage request', async ({ world }) => {
    const born = anonymous(row, later(now, -60));
    await put(world, born);
    world.requests.length = 0;
    expect(await world.registry.login(row, login)).toEqual({ ...born, ...login });
    expect(world.requests).toEqual(['UpdateItemCommand']);
  });

  test('makes no row where there is none', async ({ world }) => {
    expect(await world.registry.login(row, login)).toBe('unknown-session');
    expect(await itemOf(world, row)).toBeUndefined();
  });

  test('answers logged-in to the same login once more', async ({ world }) => {
    await put(world, anonymous(row));
    await world.registry.login(row, login);
    expect(await world.registry.login(row, login)).toBe('logged-in');
  });

  test('gives a session to one of twenty at once', async ({ world }) => {
    await put(world, anonymous(row));
    const asked = Array.from({ length: 20 }, (_, at) => {
      const secret = digestOf(row, `secret ${at}`);
      return world.registry.login(row, { ...login, subject: `eos#${at}`, secret });
    });
    const answers = await Promise.all(asked);
    const [winner] = answers.filter((answer) => typeof answer !== 'string');
    expect(answers.filter((answer) => answer === 'logged-in')).toHaveLength(19);
    expect(await world.registry.find(row)).toEqual(winner);
  });
});

onBothEngines('registry.revoke', (test) => {
  test.for<{ what: string; session: Session }>([
    { what: 'somebody’s session', session: alive },
    { what: 'an anonymous session', session: anonymous(row) },
    { what: 'a session past its end', session: loggedIn(row, later(now, -50_000)) },
  ])(
    'ends $what and gives it as it was, in one storage request',
    async ({ session }, { world }) => {
      await put(world, session);
      world.requests.length = 0;
      expect(await world.registry.revoke(row, now)).toEqual(session);
      expect(world.requests).toEqual(['UpdateItemCommand']);
      const tombstone = { ...toItem({ ...session, revokedAt: now }), ...unknownAttribute };
      expect(await itemOf(world, row)).toEqual(tombstone);
    },
  );

  test.for([
    { what: 'later', offset: 60 },
    { what: 'in the same second', offset: 0 },
    { what: 'by a clock behind', offset: -60 },
  ])('keeps the moment of the first revocation: again $what', async ({ offset }, { world }) => {
    await put(world, alive);
    await world.registry.revoke(row, now);
    const again = await world.registry.revoke(row, later(now, offset));
    expect(again).toEqual({ ...alive, revokedAt: now });
    expect(await world.registry.find(row)).toEqual({ ...alive, revokedAt: now });
  });

  test('makes no row where there is none', async ({ world }) => {
    expect(await world.registry.revoke(row, now)).toBeUndefined();
    expect(await itemOf(world, row)).toBeUndefined();
  });

  test('is seen by the very next refresh', async ({ world }) => {
    await put(world, alive);
    await world.registry.revoke(row, now);
    const claim = { secret: digestOf(row) };
    const refresh = await world.store.refresh({ row, claim, policy: sliding, now });
    expect(refresh).toEqual({ outcome: 'refused', reason: 'revoked' });
  });
});

onBothEngines('registry.page', (test) => {
  test('gives every session of a subject, page by page, and nobody else’s', async ({ world }) => {
    const mine = Array.from({ length: 7 }, (_, at) => loggedIn(rowOf('eos', `mine-${at}`)));
    const [first] = mine;
    const others = ['eos#somebody2', 'eos#some', 's360#somebody', 'eos#SOMEBODY'];
    for (const session of mine) await world.registry.open(session);
    for (const [at, subject] of others.entries())
      await world.registry.open({ ...loggedIn(rowOf('eos', `other-${at}`)), subject });
    await world.registry.open(anonymous(rowOf('eos', 'nobody')));
    if (first) await world.registry.revoke(first.rowKey, now);
    inPagesOf(2, world);
    world.requests.length = 0;
    const pages = await pagesOf(world.registry, subjectKey('eos', 'somebody'));
    expect(pages.flat().sort()).toEqual(mine.map(({ rowKey }) => rowKey));
    expect(Math.max(...pages.map((rows) => rows.length))).toBe(2);
    expect(world.requests).toEqual(pages.map(() => 'QueryCommand'));
  });

  test('is empty for a subject that has none', async ({ world }) => {
    await world.registry.open(alive);
    expect(await world.registry.page(subjectKey('eos', 'nobody'))).toEqual({ rows: [] });
  });
});

onBothEngines('the registry', (test) => {
  test.for<{ what: string; call: (registry: SessionRegistry) => Promise<unknown> }>([
    { what: 'open', call: (registry) => registry.open(alive) },
    { what: 'login', call: (registry) => registry.login(row, login) },
    { what: 'find', call: (registry) => registry.find(row) },
    { what: 'revoke', call: (registry) => registry.revoke(row, now) },
    { what: 'page', call: (registry) => registry.page('eos#somebody') },
  ])('throws what the SDK throws: $what', async ({ call }, { world }) => {
    const registry = sessionRegistry(world.client, 'no-such-table');
    await expect(call(registry)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

/** A page of DynamoDB is 1 MB of keys: nobody has so many sessions in a test. */
function inPagesOf(limit: number, { client }: World): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) =>
        commandName === 'QueryCommand'
          ? next({ ...args, input: { ...args.input, Limit: limit } as QueryCommandInput })
          : next(args),
    { step: 'initialize' },
  );
}

async function pagesOf(registry: SessionRegistry, subject: string): Promise<RowKey[][]> {
  const pages: RowKey[][] = [];
  let page = await registry.page(subject);
  pages.push([...page.rows]);
  while (page.next) {
    page = await registry.page(subject, page.next);
    pages.push([...page.rows]);
  }
  return pages;
}
