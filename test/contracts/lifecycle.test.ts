import { expect } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { later } from '../../functions/core/time.ts';
import { type Held, noon, onBothEngines, test, type World } from '../support/world.ts';
import { type Client, clients, refresh } from './lifecycle-clients.ts';

function revoke(world: World, { contract }: Client, { sessionId }: Held) {
  return world.run('revoke', { contract: contract.serves, sessionId });
}

test('there is a client here for every contract', () => {
  expect(clients.map(({ contract }) => contract)).toEqual(contracts);
});

onBothEngines('a session', (test) => {
  test.for(clients)(
    'of $contract.name refreshes, and after revoke reads that it is over',
    async (client, { world }) => {
      const held = await world.open(client.contract);
      world.now = later(noon, 60);
      expect(await refresh(world, client, held)).toMatchObject({ status: 200 });
      expect((await revoke(world, client, held)).outcome).toBe('done');
      // In the very second of the revocation, and long after.
      expect(await refresh(world, client, held)).toMatchObject(client.loggedOut);
      world.now = later(noon, 900);
      expect(await refresh(world, client, held)).toMatchObject(client.loggedOut);
    },
  );

  test.for(clients)(
    'of $contract.name is revoked once: again changes nothing, and answers the same',
    async (client, { world }) => {
      const held = await world.open(client.contract);
      world.now = later(noon, 60);
      const first = await revoke(world, client, held);
      const { sessionId } = held;
      const result = { contract: client.contract.serves, sessionId, revokedAt: noon + 60 };
      expect(first).toEqual({ outcome: 'done', result });
      const row = await world.row(client.contract, sessionId);
      world.now = later(noon, 120);
      expect(await revoke(world, client, held)).toEqual(first);
      expect(await world.row(client.contract, sessionId)).toEqual(row);
      expect(await refresh(world, client, held)).toMatchObject(client.loggedOut);
      expect(await world.row(client.contract, sessionId)).toEqual(row);
    },
  );

  test.for(clients)(
    'of $contract.name answers 200 refreshes at once, its row as after one',
    async (client, { world }) => {
      const held = await world.open(client.contract);
      const before = await world.row(client.contract, held.sessionId);
      world.now = later(noon, 60);
      const answers = await Promise.all(
        Array.from({ length: 200 }, () => refresh(world, client, held)),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array(200).fill(200));
      const after = { ...before, ...client.written(world.now) };
      expect(await world.row(client.contract, held.sessionId)).toEqual(after);
      expect(await refresh(world, client, held)).toMatchObject({ status: 200 });
    },
  );
});
