import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteTableCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  type ReturnValuesOnConditionCheckFailure,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createTable, type EmbeddedDynamoDB, embeddedDynamoDB } from '../../local/dynamodb.ts';
import { onBothEngines, type StoredWorld as World } from '../support/world.ts';

type Item = Record<string, AttributeValue>;
type Ask = ReturnValuesOnConditionCheckFailure | undefined;

onBothEngines('a conditional write', (test) => {
  test.for([
    { by: 'put', ask: 'ALL_OLD', gives: 'the old item' },
    { by: 'update', ask: 'ALL_OLD', gives: 'the old item' },
    { by: 'put', ask: 'NONE', gives: 'nothing' },
    { by: 'update', ask: 'NONE', gives: 'nothing' },
    { by: 'put', ask: undefined, gives: 'nothing' },
    { by: 'update', ask: undefined, gives: 'nothing' },
  ] as const)('that is refused by $by gives $gives with $ask', async (row, { world }) => {
    const { by, ask, gives } = row;
    await put(world, old);
    expect((await refused(world, by, ask)).Item).toEqual(gives === 'nothing' ? undefined : old);
    expect(await stored(world)).toEqual(old);
  });

  test('that is refused where there is no item gives none, and makes none', async ({ world }) => {
    expect((await refused(world, 'update', 'ALL_OLD')).Item).toBeUndefined();
    expect(await stored(world)).toBeUndefined();
  });

  test.for([{ by: 'put' }, { by: 'update' }] as const)(
    'by $by is made where its condition holds, and cannot be asked for ALL_NEW',
    async ({ by }, { world }) => {
      await put(world, { ...old, count: { N: '1' } });
      await expect(write(world, by, 'ALL_NEW' as Ask)).rejects.toMatchObject({
        name: 'ValidationException',
      });
      await write(world, by, 'ALL_OLD');
      expect((await stored(world))?.count).toEqual({ N: '2' });
    },
  );
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

  test('may race with another, and leaves an existing table as it is', async ({ world }) => {
    await put(world, old);
    const raced = `${world.table}-raced`;
    await Promise.all([world.table, raced, raced].map((name) => createTable(world.client, name)));
    await world.client.send(new DeleteTableCommand({ TableName: raced }));
    expect(await stored(world)).toEqual(old);
  });
});

describe('embeddedDynamoDB', () => {
  test('takes a free port of this machine, or the port that it is given', async () => {
    const [one, two] = [await started(), await started()];
    expect(one.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d+$/);
    await expect(started(portOf(two))).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await two.close();
    expect((await started(portOf(two))).endpoint).toBe(two.endpoint);
  });

  test('forgets its tables without a folder, and keeps them in one', async () => {
    const path = join(await folder(), 'not/made/yet');
    for (const [at, kept] of [
      [undefined, []],
      [path, ['sessions']],
    ] as const) {
      const first = await started(0, at);
      await createTable(client(first), 'sessions');
      await first.close();
      expect(await tables(await started(0, at))).toEqual(kept);
    }
  });

  test('refuses a folder that another has open, and a file', async () => {
    const path = await folder();
    await started(0, path);
    await expect(started(0, path)).rejects.toThrow(`--data: cannot open ${path}`);
    const file = join(await folder(), 'file');
    await writeFile(file, '');
    await expect(started(0, file)).rejects.toThrow(`--data: cannot open ${file}`);
  });

  test('closes in spite of open connections, and they end', async () => {
    const engine = await started();
    const idle = connect(portOf(engine), '127.0.0.1');
    await once(idle, 'connect');
    expect(await tables(engine)).toEqual([]);
    const ended = once(idle.resume(), 'close');
    await engine.close();
    await ended;
  });
});

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
  if (by === 'put') {
    const item = { Item: { ...key, count: two }, ExpressionAttributeValues: one };
    return client.send(new PutItemCommand({ ...condition, ...item }));
  }
  const update = { Key: key, UpdateExpression: 'SET #count = :two' };
  const values = { ExpressionAttributeValues: { ...one, ':two': two } };
  return client.send(new UpdateItemCommand({ ...condition, ...update, ...values }));
}

async function refused(world: World, by: 'put' | 'update', ask: Ask) {
  const error = await Promise.resolve(write(world, by, ask)).then(
    () => new Error('it was written'),
    (error: unknown) => error,
  );
  if (error instanceof ConditionalCheckFailedException) return error;
  throw error;
}

async function stored({ client, table }: World): Promise<Item | undefined> {
  const get = new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true });
  return (await client.send(get)).Item;
}

/** An engine that is closed with its test, if not before. */
async function started(port = 0, path?: string): Promise<EmbeddedDynamoDB> {
  const engine = await embeddedDynamoDB(port, path);
  onTestFinished(() => engine.close().catch(() => undefined));
  return engine;
}

const portOf = ({ endpoint }: EmbeddedDynamoDB) => Number(new URL(endpoint).port);

/** A client whose connections stay open until its test ends. */
function client({ endpoint }: EmbeddedDynamoDB): DynamoDBClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const made = new DynamoDBClient({ endpoint, region: 'local', credentials });
  onTestFinished(() => made.destroy());
  return made;
}

async function tables(engine: EmbeddedDynamoDB): Promise<string[] | undefined> {
  return (await client(engine).send(new ListTablesCommand())).TableNames;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'session-refresh-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}
