import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, onTestFinished, test } from 'vitest';
import { localClient, localEnv } from '../../cli/local.ts';
import { createTable, type EmbeddedDynamoDB, embeddedDynamoDB } from '../../local/dynamodb.ts';
import { onBothEngines, type StoredWorld as World } from '../support/world.ts';
import { folder } from './processes.ts';

type Item = Record<string, AttributeValue>;

/** An item of every type. */
const old: Item = {
  rowKey: { S: 'a' },
  text: { S: 'نعم' },
  count: { N: '-0.5' },
  bytes: { B: new Uint8Array([0, 255]) },
  list: { L: [{ NULL: true }, { BOOL: false }] },
  map: { M: { inner: { SS: ['b'] } } },
};

// test/store/table.test.ts has more of what ALL_OLD gives.
onBothEngines('a conditional write that is refused', (test) => {
  test.for([
    { ask: 'ALL_OLD', gives: old },
    { ask: 'NONE', gives: undefined },
    { ask: undefined, gives: undefined },
  ] as const)('leaves the item and gives $gives with $ask', async ({ ask, gives }, { world }) => {
    await put(world, old);
    const writes = [
      () => put(world, { rowKey: { S: 'a' } }, ask ?? 'absent'),
      () =>
        world.client.send(
          new UpdateItemCommand({
            ...{ TableName: world.table, Key: { rowKey: { S: 'a' } } },
            UpdateExpression: 'REMOVE absent',
            ConditionExpression: 'attribute_not_exists(rowKey)',
            ...(ask && { ReturnValuesOnConditionCheckFailure: ask }),
          }),
        ),
    ];
    for (const write of writes) {
      const error = await write().catch((error: unknown) => error);
      expect(error).toBeInstanceOf(ConditionalCheckFailedException);
      expect((error as ConditionalCheckFailedException).Item).toEqual(gives);
    }
    expect(await stored(world)).toEqual(old);
    await expect(put(world, old, 'ALL_NEW')).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

onBothEngines('createTable', (test) => {
  test('makes the index by subject, which holds keys alone', async ({ world }) => {
    await put(world, { ...old, subject: { S: 'eos#1' } });
    await put(world, { rowKey: { S: 'b' } });
    const index = { TableName: world.table, IndexName: 'bySubject' };
    const { Items } = await world.client.send(new ScanCommand(index));
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
    const path = join(folder(), 'not/made/yet');
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
    const path = folder();
    await started(0, path);
    await expect(started(0, path)).rejects.toThrow(`--data: cannot open ${path}`);
    const file = join(folder(), 'file');
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

/** Puts an item; with a word, on the condition that there is none, asked to give back what the word says. */
function put({ client, table }: World, item: Item, ask?: string) {
  const gives = ask === 'absent' ? {} : { ReturnValuesOnConditionCheckFailure: ask as 'NONE' };
  const condition = { ConditionExpression: 'attribute_not_exists(rowKey)', ...gives };
  return client.send(
    new PutItemCommand({ TableName: table, Item: item, ...(ask !== undefined && condition) }),
  );
}

async function stored({ client, table }: World): Promise<Item | undefined> {
  const key = { rowKey: { S: 'a' } };
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
  const made = localClient(localEnv({ AWS_ENDPOINT_URL_DYNAMODB: endpoint }));
  onTestFinished(() => made.destroy());
  return made;
}

async function tables(engine: EmbeddedDynamoDB): Promise<string[] | undefined> {
  return (await client(engine).send(new ListTablesCommand())).TableNames;
}
