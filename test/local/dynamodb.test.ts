import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import {
  DeleteTableCommand,
  type DynamoDBClient,
  ListTablesCommand,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, onTestFinished, test } from 'vitest';
import { localClient, localEnv } from '../../cli/local.ts';
import { createTable, type EmbeddedDynamoDB, embeddedDynamoDB } from '../../local/dynamodb.ts';
import { anonymous, loggedIn, rowOf } from '../support/session.ts';
import { onBothEngines } from '../support/world.ts';
import { folder } from './processes.ts';

const rowKey = rowOf('eos', 'a');

// test/store/table.test.ts has more of what ALL_OLD gives.
onBothEngines('a conditional write that is refused', (test) => {
  /** An item of every type. */
  const old = {
    rowKey: { S: rowKey },
    text: { S: 'نعم' },
    count: { N: '-0.5' },
    bytes: { B: new Uint8Array([0, 255]) },
    list: { L: [{ NULL: true as const }, { BOOL: false }] },
    map: { M: { inner: { SS: ['b'] } } },
  };

  test.for([
    { ask: 'ALL_OLD', gives: old },
    { ask: 'NONE', gives: undefined },
    { ask: undefined, gives: undefined },
  ] as const)('gives $gives with $ask', async ({ ask, gives }, { world: { client, table } }) => {
    await client.send(new PutItemCommand({ TableName: table, Item: old }));
    const asked = {
      TableName: table,
      ConditionExpression: 'attribute_not_exists(rowKey)',
      ...(ask && { ReturnValuesOnConditionCheckFailure: ask }),
    };
    const Key = { rowKey: old.rowKey };
    const update = new UpdateItemCommand({ ...asked, Key, UpdateExpression: 'REMOVE absent' });
    const put = (more: object) => client.send(new PutItemCommand({ ...asked, Item: old, ...more }));
    const refused = { name: 'ConditionalCheckFailedException', Item: gives };
    await expect(client.send(update)).rejects.toMatchObject(refused);
    await expect(put({})).rejects.toMatchObject(refused);
    const wrong = put({ ReturnValuesOnConditionCheckFailure: 'ALL_NEW' });
    await expect(wrong).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

onBothEngines('createTable', (test) => {
  test('makes the index by subject, which holds keys alone', async ({ world }) => {
    const { subject } = loggedIn(rowKey);
    for (const row of [loggedIn(rowKey), anonymous(rowOf('eos', 'b'))]) await world.rows.put(row);
    const index = { TableName: world.table, IndexName: 'bySubject' };
    const { Items } = await world.client.send(new ScanCommand(index));
    expect(Items).toEqual([{ rowKey: { S: rowKey }, subject: { S: subject } }]);
  });

  test('may race with another, and leaves an existing table as it is', async ({ world }) => {
    await world.rows.put(loggedIn(rowKey));
    const raced = `${world.table}-raced`;
    await Promise.all([world.table, raced, raced].map((name) => createTable(world.client, name)));
    await world.client.send(new DeleteTableCommand({ TableName: raced }));
    expect(await world.rows.get(rowKey)).toEqual(loggedIn(rowKey));
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
    for (const at of [undefined, path]) {
      const first = await started(0, at);
      await createTable(client(first), 'sessions');
      await first.close();
      expect(await tables(await started(0, at))).toEqual(at ? ['sessions'] : []);
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
