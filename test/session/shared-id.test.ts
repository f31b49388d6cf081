import { expect } from 'vitest';
import { sessionRegistry } from '../../functions/core/session/registry.ts';
import { sessionStore } from '../../functions/core/session/store.ts';
import { later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { noon, onBothEngines } from '../support/world.ts';
import { clients, eosClient, s360Client } from './clients.ts';
import { digestOf, loggedIn, put, reading, rowOf, sliding } from './rows.ts';
import { wired } from './wire.ts';

const same = { sessionId: 'abc', secret: '12345678901' };

onBothEngines('contracts with the same session id and secret', (test) => {
  test.for(clients)(
    'leave the others’ sessions as they are: $what',
    async ({ contract, call, revoked }, { world }) => {
      for (const other of clients)
        if (other.contract !== contract) await world.open(other.contract, same);
      const held = await world.open(contract, same);
      const rows = () =>
        Promise.all(
          clients
            .filter((other) => other.contract !== contract)
            .map((other) => world.row(other.contract, 'abc')),
        );
      const before = await rows();
      world.now = later(noon, 60);
      expect(await world.post(contract, call(held))).toMatchObject({ status: 200 });
      await world.run('revoke', { contract: contract.name, sessionId: 'abc' });
      expect(await world.post(contract, call(held))).toMatchObject(revoked);
      expect(await rows()).toEqual(before);
    },
  );

  test('have no digest in common', async ({ world }) => {
    for (const { contract } of clients) await world.open(contract, same);
    const rows = await Promise.all(clients.map(({ contract }) => world.row(contract, 'abc')));
    expect(new Set(rows.map((row) => row?.secret)).size).toBe(clients.length);
  });

  test('end a subject’s sessions of one contract alone', async ({ world }) => {
    await world.open(eos, { ...same, subject: 'somebody' });
    const theirs = await world.open(s360, { ...same, subject: 'somebody' });
    const answer = await world.run('revoke-all', { contract: 'eos', subject: 'somebody' });
    expect(answer).toMatchObject({ result: { ended: 1 } });
    expect(await world.post(s360, s360Client.call(theirs))).toMatchObject({ status: 200 });
  });
});

onBothEngines('a digest', (test) => {
  test('opens no other session of its contract, copied into its row', async ({ world }) => {
    const mine = await world.open(eos, { sessionId: 'mine', secret: same.secret });
    const theirs = await world.open(eos, { sessionId: 'theirs' });
    const [row, other] = [await world.row(eos, 'mine'), await world.row(eos, 'theirs')];
    if (row?.secret && other) await put(world, { ...other, secret: row.secret });
    const tried = { ...theirs, secureCode: same.secret };
    expect(await world.post(eos, eosClient.call(tried))).toMatchObject(eosClient.invalid);
    expect(await world.post(eos, eosClient.call(mine))).toMatchObject({ status: 200 });
  });
});

onBothEngines('what is asked of the table', (plain) => {
  const test = wired(plain);
  const row = rowOf('ccstore', 'abc');
  const read = { Key: { rowKey: { S: row } }, ConsistentRead: true };

  test.for([
    { what: 'by a refresh that reads', find: false },
    { what: 'by an operator', find: true },
  ])('is one row, strongly consistent, $what', async ({ find }, { world, wire }) => {
    await put(world, loggedIn(row, noon));
    const { table } = world;
    const claim = { secret: digestOf(row) };
    if (find) await sessionRegistry(wire.client, table).find(row);
    else await sessionStore(wire.client, table).refresh({ row, claim, policy: reading, now: noon });
    expect(wire.requests).toEqual([{ operation: 'GetItem', body: { TableName: table, ...read } }]);
  });

  test('is one row’s write and nothing read, by a refresh that writes', async ({ world, wire }) => {
    await put(world, loggedIn(row, noon));
    const claim = { secret: digestOf(row, 'a wrong one') };
    const store = sessionStore(wire.client, world.table);
    await store.refresh({ row, claim, policy: sliding, now: noon });
    const [request] = wire.requests;
    expect(wire.requests).toHaveLength(1);
    expect(request).toMatchObject({ operation: 'UpdateItem', body: { Key: read.Key } });
  });
});
