import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import {
  CreateTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';

const require = createRequire(import.meta.url);

/** A DynamoDB inside this process. */
export interface EmbeddedDynamoDB {
  readonly endpoint: string;
  close(): Promise<void>;
}

/**
 * Starts an embedded DynamoDB on 127.0.0.1; port 0 takes a free one. With a folder it keeps its
 * tables there, without one in memory.
 * @throws Error with the code EADDRINUSE where the port is taken
 */
export async function embeddedDynamoDB(port: number, folder?: string): Promise<EmbeddedDynamoDB> {
  returnOldOnRefusal();
  const options = { createTableMs: 0, ...(folder && { path: folder }) };
  const server: Server = require('dynalite')(options);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${taken}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        // Its clients keep their connections open, and close() would wait for them.
        server.closeAllConnections();
      }),
  };
}

/** dynalite 4 drops `ReturnValuesOnConditionCheckFailure`; DynamoDB answers it (dynalite#182). */
function returnOldOnRefusal(): void {
  const db = require('dynalite/db');
  if (patched.has(db)) return;
  patched.add(db);
  for (const action of ['putItem', 'updateItem'])
    require(`dynalite/validations/${action}`).types.ReturnValuesOnConditionCheckFailure = {
      type: 'String',
      enum: ['ALL_OLD', 'NONE'],
    };
  const check = db.checkConditional;
  db.checkConditional = (data: Record<string, unknown>, item: unknown) => {
    const refused = check(data, item);
    if (refused && item && data.ReturnValuesOnConditionCheckFailure === 'ALL_OLD')
      refused.body.Item = item;
    return refused;
  };
}

const patched = new WeakSet<object>();

/** Creates the sessions' table where there is none, as infra/session-table.ts deploys it. */
export async function createTable(client: DynamoDBClient, table: string): Promise<void> {
  try {
    await client.send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'rowKey', AttributeType: 'S' },
          { AttributeName: 'subject', AttributeType: 'S' },
        ],
        KeySchema: [{ AttributeName: 'rowKey', KeyType: 'HASH' }],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'bySubject',
            KeySchema: [{ AttributeName: 'subject', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'KEYS_ONLY' },
          },
        ],
      }),
    );
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 1 }, { TableName: table });
}
