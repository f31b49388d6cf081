import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteTableCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type ReturnValuesOnConditionCheckFailure,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { expect } from 'vitest';
import { createTable } from '../../local/dynamodb.ts';
import { onBothEngines, type World } from '../support/world.ts';

type Item = Record<string, AttributeValue>;
type Ask = ReturnValuesOnConditionCheckFailure | undefined;

onBothEngines('a refused write', (test) => {
  test.for(writes)('by $by gives the old item with ALL_OLD', async ({ by }, { world }) => {
    await put(world, old);
    const refusal = await refused(world, by, 'ALL_OLD');
    expect(refusal.Item).toEqual(old);
    expect(await row(world)).toEqual(old);
  });

  test.for([
    { by: 'put', ask: 'NONE' },
    { by: 'put', ask: undefined },
    { by: 'update', ask: 'NONE' },
    { by: 'update', ask: undefined },
  ] as const)('by $by gives no item with $ask', async ({ by, ask }, { world }) => {
    await put(world, old);
    const refusal = await refused(world, by, ask);
    expect(refusal.Item).toBeUndefined();
    expect(await row(world)).toEqual(old);
  });

  test('gives no item where there is none, and makes none', async ({ world }) => {
    const refusal = await refused(world, 'update', 'ALL_OLD');
    expect(refusal.Item).toBeUndefined();
    expect(await row(world)).toBeUndefined();
  });

  test('after one that gave the item gives none, if it asks for none', async ({ world }) => {
    await put(world, old);
    await refused(world, 'update', 'ALL_OLD');
    const refusal = await refused(world, 'update', undefined);
    expect(refusal.Item).toBeUndefined();
  });

  test.for(writes)('by $by cannot be asked for ALL_NEW', async ({ by }, { world }) => {
    await put(world, old);
    await expect(write(world, by, 'ALL_NEW' as Ask)).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });
});

onBothEngines('a write whose condition holds', (test) => {
  test.for(writes)('is made by $by, whatever a refusal would give', async ({ by }, { world }) => {
    await put(world, { ...old, count: { N: '1' } });
    await write(world, by, 'ALL_OLD');
    expect((await row(world))?.count).toEqual({ N: '2' });
  });
});

onBothEngines('createTable', (test) => {
  test('makes the index by subject, which holds keys alone', async ({ world }) => {
    await put(world, { ...old, subject: { S: 'eos#1' } });
    await put(world, { rowKey: { S: 'b' } });
    const query = new QueryCommand({
      TableName: world.table,
      IndexName: 'bySubject',
      KeyConditionExpression: 'subject = :subject',
      ExpressionAttributeValues: { ':subject': { S: 'eos#1' } },
    });
    const { Items } = await world.client.send(query);
    expect(Items).toEqual([{ rowKey: { S: 'a' }, subject: { S: 'eos#1' } }]);
  });

  test('leaves a table that is there as it is', async ({ world }) => {
    await put(world, old);
    await createTable(world.client, world.table);
    expect(await row(world)).toEqual(old);
  });

  test('may race with another', async ({ world: { client, table } }) => {
    const raced = `${table}-raced`;
    await Promise.all([1, 2, 3].map(() => createTable(client, raced)));
    const { TableDescription } = await client.send(new DeleteTableCommand({ TableName: raced }));
    expect(TableDescription?.TableName).toBe(raced);
  });
});

const writes = [{ by: 'put' }, { by: 'update' }] as const;

const key: Item = { rowKey: { S: 'a' } };

/** An item of every type. */
const old: Item = {
  ...key,
  text: { S: 'نعم' },
  count: { N: '-0.5' },
  bytes: { B: new Uint8Array([0, 255]) },
  list: { L: [{ NULL: true }, { BOOL: false }] },
  map: { M: { inner: { SS: ['b'] } } },
};

function put({ client, table }: World, item: Item) {
  return client.send(new PutItemCommand({ TableName: table, Item: item }));
}

/** A write on the condition that `count` is 1, which makes it 2. */
function write({ client, table }: World, by: 'put' | 'update', ask: Ask) {
  const condition = {
    TableName: table,
    ConditionExpression: '#count = :one',
    ExpressionAttributeNames: { '#count': 'count' },
    ...(ask && { ReturnValuesOnConditionCheckFailure: ask }),
  };
  const one = { ':one': { N: '1' } };
  const two = { N: '2' };
  if (by === 'put')
    return client.send(
      new PutItemCommand({
        ...condition,
        Item: { ...key, count: two },
        ExpressionAttributeValues: one,
      }),
    );
  return client.send(
    new UpdateItemCommand({
      ...condition,
      Key: key,
      UpdateExpression: 'SET #count = :two',
      ExpressionAttributeValues: { ...one, ':two': two },
    }),
  );
}

async function refused(world: World, by: 'put' | 'update', ask: Ask) {
  const error = await Promise.resolve(write(world, by, ask)).then(
    () => new Error('it was written'),
    (error: unknown) => error,
  );
  if (error instanceof ConditionalCheckFailedException) return error;
  throw error;
}

async function row({ client, table }: World): Promise<Item | undefined> {
  const get = new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true });
  return (await client.send(get)).Item;
}
