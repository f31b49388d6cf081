import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect } from 'vitest';
import { sessionOwners } from '../../functions/contracts.ts';
import { later } from '../../functions/core/time.ts';
import { noon, storedTest as test } from '../support/world.ts';
import { clients, refresh } from './lifecycle-clients.ts';

const id = 'the-same-id-everywhere';
const secret = 'the-same-secret-everywhere';

describe('a session', () => {
  test.for(clients)(
    'of $contract.name is its own, though others have its id and its secret',
    async (client, { world }) => {
      const others = clients.filter(({ contract }) => contract.serves !== client.contract.serves);
      for (const contract of sessionOwners) await world.open(contract, { sessionId: id, secret });
      const before = await Promise.all(others.map(({ contract }) => world.row(contract, id)));
      const mine = await world.row(client.contract, id);
      world.now = later(noon, 60);
      expect(await world.post(client.contract, client.call(id, secret))).toMatchObject({
        status: 200,
      });
      await world.run('revoke', { contract: client.contract.serves, sessionId: id });
      expect(await world.post(client.contract, client.call(id, secret))).toMatchObject(
        client.loggedOut,
      );
      const after = await Promise.all(others.map(({ contract }) => world.row(contract, id)));
      expect(after).toEqual(before);
      expect(await world.row(client.contract, id)).toEqual({
        ...mine,
        ...client.written(noon + 60),
        revokedAt: noon + 60,
        revokedBy: 'administrator',
      });
      for (const other of others)
        expect(await world.post(other.contract, other.call(id, secret))).toMatchObject({
          status: 200,
        });
    },
  );

  test.for(clients)(
    "of $contract.name is no other contract's, whoever brings its id and its secret",
    async (client, { world }) => {
      await world.open(client.contract, { sessionId: id, secret });
      for (const other of clients.filter(
        ({ contract }) => contract.serves !== client.contract.serves,
      ))
        expect(await world.post(other.contract, other.call(id, secret))).toMatchObject(
          other.notYours,
        );
    },
  );

  test.for(clients)(
    'of $contract.name refuses the secret of another',
    async (client, { world }) => {
      const mine = await world.open(client.contract);
      const { sessionId } = await world.open(client.contract);
      const row = await world.row(client.contract, sessionId);
      const call = client.call(sessionId, client.secretOf(mine));
      expect(await world.post(client.contract, call)).toMatchObject(client.notYours);
      expect(await world.row(client.contract, sessionId)).toEqual(row);
    },
  );

  test.for(clients)(
    'of $contract.name refuses a secret whose digest was copied into its row',
    async (client, { world }) => {
      const mine = await world.open(client.contract);
      const { sessionId } = await world.open(client.contract);
      const copied = (await world.row(client.contract, mine.sessionId))?.secret ?? '';
      await world.client.send(
        new UpdateItemCommand({
          TableName: world.table,
          Key: { rowKey: { S: `${client.contract.serves}#${sessionId}` } },
          UpdateExpression: 'SET secret = :copied',
          ExpressionAttributeValues: { ':copied': { S: copied } },
        }),
      );
      expect(await world.row(client.contract, sessionId)).toMatchObject({ secret: copied });
      const call = client.call(sessionId, client.secretOf(mine));
      expect(await world.post(client.contract, call)).toMatchObject(client.notYours);
      expect(await refresh(world, client, mine)).toMatchObject({ status: 200 });
    },
  );

  test.for(clients)(
    'of $contract.name that does not exist cannot be revoked, and none comes of it',
    async ({ contract, call, notYours }, { world }) => {
      const answer = await world.run('revoke', { contract: contract.serves, sessionId: id });
      expect(answer).toEqual({ outcome: 'refused', reason: 'unknown-session' });
      expect(await world.post(contract, call(id, secret))).toMatchObject(notYours);
      expect(await world.row(contract, id)).toBeUndefined();
    },
  );
});
