import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { expect } from 'vitest';
import { sessionRegistry } from '../../functions/core/session/registry.ts';
import { sessionStore } from '../../functions/core/session/store.ts';
import { later } from '../../functions/core/time.ts';
import { onBothEngines } from '../support/world.ts';
import {
  anonymous,
  claimsOf,
  digestOf,
  itemOf,
  keyOf,
  loggedIn,
  now,
  put,
  rowOf,
  sliding,
} from './rows.ts';
import { wired } from './wire.ts';

const row = rowOf('eos', 'abc');
const alive = loggedIn(row, later(now, -60));
const request = { row, claim: { secret: digestOf(row) }, policy: sliding, now };
const login = {
  subject: 'eos#newcomer',
  secret: digestOf(row, 'the newcomer’s'),
  claims: claimsOf('{"z":1,"a":2}'),
  refreshedAt: now,
  idleUntil: later(now, 1800),
};
const refreshed = { ...alive, refreshedAt: now, idleUntil: later(now, 1800) };

// `request`: nothing was done when the SDK tries again. `answer`: all was done, and it is done twice.
const losses = [{ lose: 'request' }, { lose: 'answer' }] as const;

onBothEngines('registry.open over a failing wire', (plain) => {
  const test = wired(plain);

  test.for(
    losses.flatMap((loss) => [
      { ...loss, what: 'somebody’s session', session: alive },
      { ...loss, what: 'an anonymous session', session: anonymous(row) },
    ]),
  )('opens $what once, its $lose lost', async ({ lose, session }, { world, wire }) => {
    wire.fates.push({ lose });
    const registry = sessionRegistry(wire.client, world.table);
    expect(await registry.open(session)).toBe('opened');
    expect(wire.requests).toHaveLength(2);
    expect(await world.registry.find(row)).toEqual(session);
  });

  test('opens a session once, both its first answers lost', async ({ world, wire }) => {
    wire.fates.push({ lose: 'answer' }, { lose: 'answer' });
    const registry = sessionRegistry(wire.client, world.table);
    expect(await registry.open(alive)).toBe('opened');
    expect(wire.requests).toHaveLength(3);
  });

  test.for(losses)(
    'finds another’s id taken, its $lose lost',
    async ({ lose }, { world, wire }) => {
      const theirs = { ...alive, secret: digestOf(row, 'theirs') };
      await put(world, theirs);
      wire.fates.push({ lose });
      const registry = sessionRegistry(wire.client, world.table);
      expect(await registry.open(alive)).toBe('id-taken');
      expect(await world.registry.find(row)).toEqual(theirs);
    },
  );

  test('finds an id taken that another took while the request was lost', async ({
    world,
    wire,
  }) => {
    const theirs = { ...alive, secret: digestOf(row, 'theirs') };
    const meanwhile = () => world.registry.open(theirs);
    wire.fates.push({ lose: 'request', meanwhile });
    const registry = sessionRegistry(wire.client, world.table);
    expect(await registry.open(alive)).toBe('id-taken');
    expect(await world.registry.find(row)).toEqual(theirs);
  });

  test('does not call a session opened that was revoked before anyone knew', async ({
    world,
    wire,
  }) => {
    wire.fates.push({ lose: 'answer', meanwhile: () => world.registry.revoke(row, now) });
    const registry = sessionRegistry(wire.client, world.table);
    expect(await registry.open(alive)).toBe('id-taken');
    expect(await world.registry.find(row)).toEqual({ ...alive, revokedAt: now });
  });
});

onBothEngines('registry.login over a failing wire', (plain) => {
  const test = wired(plain);

  test.for(losses)('logs in once, its $lose lost', async ({ lose }, { world, wire }) => {
    await put(world, anonymous(row));
    wire.fates.push({ lose });
    const registry = sessionRegistry(wire.client, world.table);
    const session = { ...anonymous(row), ...login };
    expect(await registry.login(row, login)).toEqual(session);
    expect(wire.requests).toHaveLength(2);
    expect(await world.registry.find(row)).toEqual(session);
  });

  test('answers logged-in where another was faster', async ({ world, wire }) => {
    await put(world, anonymous(row));
    const theirs = { ...login, secret: digestOf(row, 'theirs') };
    wire.fates.push({ lose: 'request', meanwhile: () => world.registry.login(row, theirs) });
    const registry = sessionRegistry(wire.client, world.table);
    expect(await registry.login(row, login)).toBe('logged-in');
    expect(await world.registry.find(row)).toMatchObject(theirs);
  });

  test.for(losses)(
    'answers revoked where it was, after its $lose was lost',
    async ({ lose }, { world, wire }) => {
      await put(world, anonymous(row));
      wire.fates.push({ lose, meanwhile: () => world.registry.revoke(row, now) });
      const registry = sessionRegistry(wire.client, world.table);
      expect(await registry.login(row, login)).toBe('revoked');
    },
  );
});

onBothEngines('registry.revoke over a failing wire', (plain) => {
  const test = wired(plain);

  // revoke-all counts the sessions that it ended by what they were before.
  test.for(losses)(
    'gives the session as it was, its $lose lost',
    async ({ lose }, { world, wire }) => {
      await put(world, alive);
      wire.fates.push({ lose });
      const registry = sessionRegistry(wire.client, world.table);
      expect(await registry.revoke(row, now)).toEqual(alive);
      expect(wire.requests).toHaveLength(2);
      expect(await world.registry.find(row)).toEqual({ ...alive, revokedAt: now });
    },
  );

  test.for(losses)(
    'gives an earlier revocation as it was, its $lose lost',
    async ({ lose }, { world, wire }) => {
      const tombstone = { ...alive, revokedAt: later(now, -9) };
      await put(world, tombstone);
      wire.fates.push({ lose });
      const registry = sessionRegistry(wire.client, world.table);
      expect(await registry.revoke(row, now)).toEqual(tombstone);
      expect(await world.registry.find(row)).toEqual(tombstone);
    },
  );
});

onBothEngines('store.refresh over a failing wire', (plain) => {
  const test = wired(plain);

  test.for(losses)('refreshes once, its $lose lost', async ({ lose }, { world, wire }) => {
    await put(world, alive);
    wire.fates.push({ lose });
    const refresh = await sessionStore(wire.client, world.table).refresh(request);
    expect(refresh).toEqual({ outcome: 'refreshed', session: refreshed });
    expect(wire.requests).toHaveLength(2);
    expect(await world.registry.find(row)).toEqual(refreshed);
  });

  test.for(losses)(
    'answers revoked where a logout came between, its $lose lost',
    async ({ lose }, { world, wire }) => {
      await put(world, alive);
      wire.fates.push({ lose, meanwhile: () => world.registry.revoke(row, now) });
      const refresh = await sessionStore(wire.client, world.table).refresh(request);
      expect(refresh).toEqual({ outcome: 'refused', reason: 'revoked' });
      const tombstone = { ...(lose === 'answer' ? refreshed : alive), revokedAt: now };
      expect(await world.registry.find(row)).toEqual(tombstone);
    },
  );

  test.for(losses)(
    'makes no row where it was purged between, its $lose lost',
    async ({ lose }, { world, wire }) => {
      await put(world, alive);
      const purge = new DeleteItemCommand({ TableName: world.table, Key: keyOf(row) });
      wire.fates.push({ lose, meanwhile: () => world.client.send(purge) });
      const refresh = await sessionStore(wire.client, world.table).refresh(request);
      expect(refresh).toEqual({ outcome: 'refused', reason: 'unknown-session' });
      expect(await itemOf(world, row)).toBeUndefined();
    },
  );

  test.for(losses)(
    'leaves what a later refresh wrote between, its $lose lost',
    async ({ lose }, { world, wire }) => {
      await put(world, alive);
      const next = later(now, 5);
      const meanwhile = () => world.store.refresh({ ...request, now: next });
      wire.fates.push({ lose, meanwhile });
      const refresh = await sessionStore(wire.client, world.table).refresh(request);
      const newer = { ...alive, refreshedAt: next, idleUntil: later(next, 1800) };
      expect(refresh).toEqual({ outcome: 'refreshed', session: newer });
      expect(await world.registry.find(row)).toEqual(newer);
    },
  );
});
