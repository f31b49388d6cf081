import type { IncomingMessage, Server } from 'node:http';
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
 * Starts an embedded DynamoDB. It listens on 127.0.0.1 unless `host` names another address; port 0
 * takes a free port. Tables are kept in `folder`, or in memory without one.
 * @throws Error with the code EADDRINUSE where the port is in use; Error of one line where the folder
 * cannot be opened
 */
export async function embeddedDynamoDB(
  port: number,
  folder?: string,
  host = '127.0.0.1',
): Promise<EmbeddedDynamoDB> {
  returnOldOnRefusal();
  const { server, open } = dynalite({ createTableMs: 0, ...(folder && { path: folder }) });
  try {
    await open();
  } catch {
    throw new Error(
      `--data: cannot open ${folder}: it is not a folder, or another process has it open`,
    );
  }
  server.prependListener('request', ignoreAborts);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
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

/**
 * A server of dynalite, and a function that opens its store. dynalite opens it at the first request
 * otherwise, and a failure then is an uncaught exception.
 */
function dynalite(options: object): { server: Server; open: () => Promise<unknown> } {
  const db = require('dynalite/db');
  const { create } = db;
  let open: () => Promise<unknown> = async () => undefined;
  db.create = (given: object) => {
    const store = create(given);
    open = () => store.db.open();
    return store;
  };
  try {
    return { server: require('dynalite')(options), open: () => open() };
  } finally {
    db.create = create;
  }
}

/** Ignores clients that close their connection within a request: dynalite throws on them. */
function ignoreAborts(request: IncomingMessage): void {
  const emit = request.emit.bind(request);
  request.emit = (event: string, ...args: unknown[]) => event !== 'error' && emit(event, ...args);
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

/** Creates the table of sessions, as infra/session-table.ts deploys it, unless it exists. */
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
  await waitUntilTableExists(
    { client, maxWaitTime: 10, minDelay: 0.01, maxDelay: 0.2 },
    { TableName: table },
  );
}
