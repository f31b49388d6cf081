import { ResourceNotFoundException } from '@aws-sdk/client-dynamodb';
import { expect } from 'vitest';
import { sessionStore } from '../../functions/core/session/store.ts';
import { onBothEngines } from '../support/world.ts';
import { digestOf, itemOf, loggedIn, now, put, reading, rowOf, sliding } from './rows.ts';
import { wired } from './wire.ts';

const row = rowOf('eos', 'abc');
const right = { secret: digestOf(row) };
const alive = loggedIn(row);

const policies = [
  { how: 'by a write', policy: sliding },
  { how: 'by a read', policy: reading },
] as const;

onBothEngines('store.refresh where storage fails', (plain) => {
  const test = wired(plain);

  test.for(policies)(
    'throws what the SDK throws, as it is, $how',
    async ({ policy }, { world }) => {
      const thrown: unknown[] = [];
      world.client.middlewareStack.add(
        (next) => (args) =>
          next(args).catch((error) => {
            thrown.push(error);
            throw error;
          }),
        { step: 'initialize', priority: 'high' },
      );
      const store = sessionStore(world.client, 'no-such-table');
      const asked = store.refresh({ row, claim: right, policy, now });
      const error: unknown = await asked.catch((error) => error);
      expect(error).toBeInstanceOf(ResourceNotFoundException);
      expect(thrown).toHaveLength(1);
      expect(thrown[0]).toBe(error);
    },
  );

  const failures = [
    {
      what: 'a denied request',
      lose: 'AccessDeniedException',
      error: { name: 'AccessDeniedException' },
      tries: 1,
    },
    {
      what: 'a request it can’t read',
      lose: 'ValidationException',
      error: { name: 'ValidationException' },
      tries: 1,
    },
    { what: 'a cut wire, three times', lose: 'request', error: { code: 'ECONNRESET' }, tries: 3 },
    {
      what: 'throttling, three times',
      lose: 'ThrottlingException',
      error: { name: 'ThrottlingException' },
      tries: 3,
    },
  ] as const;
  test.for(
    policies.flatMap(({ how, policy }) => failures.map((failed) => ({ how, policy, ...failed }))),
  )(
    'throws on $what, $how, and leaves the session',
    async ({ policy, lose, error, tries }, { world, wire }) => {
      await put(world, alive);
      const before = await itemOf(world, row);
      for (let at = 0; at < tries; at += 1) wire.fates.push({ lose });
      const store = sessionStore(wire.client, world.table);
      const asked = store.refresh({ row, claim: right, policy, now });
      await expect(asked).rejects.toMatchObject(error);
      expect(wire.requests).toHaveLength(tries);
      expect(await itemOf(world, row)).toEqual(before);
    },
  );

  test.for(policies)(
    'ends when its signal does, $how, and is not tried again',
    async ({ policy }, { world, wire }) => {
      await put(world, alive);
      const stop = new AbortController();
      wire.fates.push({ lose: 'held', meanwhile: async () => stop.abort() });
      const store = sessionStore(wire.client, world.table);
      const { signal } = stop;
      const asked = store.refresh({ row, claim: right, policy, now, signal });
      await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
      expect(wire.requests).toHaveLength(1);
    },
  );

  test.for(policies)(
    'asks nothing $how once its signal has ended',
    async ({ policy }, { world, wire }) => {
      await put(world, alive);
      const store = sessionStore(wire.client, world.table);
      const signal = AbortSignal.abort();
      const asked = store.refresh({ row, claim: right, policy, now, signal });
      await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
      expect(wire.requests).toHaveLength(0);
    },
  );
});
