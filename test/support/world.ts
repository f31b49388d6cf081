import { randomUUID } from 'node:crypto';
import { DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  PutCommand,
  ScanCommand,
} from '@aws-sdk/lib-dynamodb';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { test as base, describe, inject } from 'vitest';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { deriveKeys, type KeyMaterial, type Keys } from '../../functions/core/keys/keys.ts';
import type { RequestRecord } from '../../functions/core/lambda/record.ts';
import {
  type RefreshLambda,
  refreshHandler,
  type Services,
} from '../../functions/core/lambda/refresh-handler.ts';
import { clientOptions } from '../../functions/core/lambda/services.ts';
import type { Policy } from '../../functions/core/session/policy.ts';
import { type Item, toSession } from '../../functions/core/session/row.ts';
import {
  type RowKey,
  rowKey,
  type Session,
  type SessionId,
} from '../../functions/core/session/session.ts';
import {
  dynamoDBTable,
  StorageTimedOut,
  StorageUnavailable,
  type Table,
} from '../../functions/core/session/table.ts';
import { epochSeconds, systemTimer } from '../../functions/core/time.ts';
import type { AdminServices, Answer } from '../../functions/session-admin/command.ts';
import { commands } from '../../functions/session-admin/commands.ts';
import type { Input } from '../../functions/session-admin/fields.ts';
import { createTable } from '../../local/dynamodb.ts';
import { context, proxyEvent } from '../../local/proxy-event.ts';
import { type AnyAnswer, documented } from './documented.ts';
import { memoryTable } from './memory-table.ts';

/** Noon of a day like any other. */
export const noon = epochSeconds(Date.UTC(2026, 0, 15, 12) / 1000);

/** The secrets of every contract in the tests. */
export const material: KeyMaterial = {
  root: 'root-of-the-tests-0123456789abcdefghijklmnopqrstuvwxyz',
  signing: 'signing-of-the-tests-0123456789abcdefghijklmnopqrstuvwxyz',
};

/** A request as a client writes it. */
export interface WireCall {
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string[]>>;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
  /** API Gateway's id of the request; by default a fresh UUID. */
  readonly requestId?: string;
}

/** An answer as the client reads it. */
export interface WireAnswer extends AnyAnswer {
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into an answer without knowing its shape
  readonly json: any;
}

/** What the client of some contract holds; the fields of the other contracts are empty. */
export interface Held {
  readonly sessionId: string;
  readonly secureCode: string;
  readonly sessionToken: string;
  readonly accessToken: string;
  readonly expireTime: number;
  readonly expiresIn: number;
  readonly expiresAt: number;
}

/** The real handlers and commands over a table of their own. Only the clock and an outage are fakes. */
export type World = ReturnType<typeof worldOn>;

/** A world whose storage is an engine, reached over HTTP by the client that is deployed. */
export type StoredWorld = Awaited<ReturnType<typeof makeWorld>>;

export type Outage = keyof typeof outages;

/** A table, and what only the tests do to it. */
interface Storage {
  readonly rows: Table;
  /** Every item of the table. */
  items(): Promise<readonly Item[]>;
  /** Puts an item there whatever was there; undefined deletes it. */
  replace(rowKey: RowKey, item: Item | undefined): Promise<unknown>;
}

/** A world in memory: no socket and no other process. */
export function memoryWorld(): World {
  const { items, ...rows } = memoryTable();
  return worldOn({
    rows,
    items: async () => [...items.values()],
    replace: async (key, item) => (item ? items.set(key, item) : items.delete(key)),
  });
}

/** A world over a fresh table on the engine that answers there. */
export async function makeWorld(endpoint: string) {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const place = { endpoint, region: 'local', credentials };
  // The deployed client's options, but that a busy machine is no outage.
  const client = new DynamoDBClient({ ...clientOptions, requestHandler: {}, ...place });
  const documents = DynamoDBDocumentClient.from(client);
  const TableName = `sessions-${randomUUID()}`;
  await createTable(client, TableName);
  const world = worldOn({
    rows: dynamoDBTable(client, TableName),
    items: async () => (await documents.send(new ScanCommand({ TableName }))).Items ?? [],
    replace: (rowKey, Item) =>
      Item
        ? documents.send(new PutCommand({ TableName, Item }))
        : documents.send(new DeleteCommand({ TableName, Key: { rowKey } })),
  });
  const close = async () => {
    await client.send(new DeleteTableCommand({ TableName }));
    client.destroy();
  };
  return Object.assign(world, { client, endpoint, table: TableName, close });
}

const outages = {
  unavailable: () => new StorageUnavailable('the wire is cut'),
  'timed-out': () => new StorageTimedOut('the wire is slow'),
  failed: () => new TypeError('a bug'),
};

function worldOn({ rows: table, items, replace }: Storage) {
  const world = {
    now: noon,
    /** How every storage request ends from now on; undefined where the storage answers. */
    outage: undefined as Outage | undefined,
    /** Storage requests, without the SDK's retries, since the world began or `requests.length = 0`. */
    requests: [] as string[],
    /** Every record that the handlers wrote. */
    records: [] as RequestRecord[],
    /** Policies of a stage, by the contract whose sessions they are for, in the place of its own. */
    policies: new Map<string, Policy>(),
    // A test can give it other keys.
    keys: ({ serves }: Contract): Keys => deriveKeys(serves, material),
  };
  const ask = async (command: string) => {
    world.requests.push(command);
    if (world.outage) throw outages[world.outage]();
  };
  const rows: Table = {
    update: (write, options) => ask('UpdateItemCommand').then(() => table.update(write, options)),
    get: (key, options) => ask('GetItemCommand').then(() => table.get(key, options)),
    put: (item, replace) => ask('PutItemCommand').then(() => table.put(item, replace)),
    bySubject: (subject, from) => ask('QueryCommand').then(() => table.bySubject(subject, from)),
  };
  const handlers = new Map<string, RefreshLambda>();
  const clock = () => world.now;
  const keyOf = (contract: Contract, id: string) => rowKey(contract.serves, id as SessionId);
  const policyOf = (contract: Contract) => world.policies.get(contract.serves) ?? contract.policy;
  const admin: AdminServices = {
    table: rows,
    keys: async (contract) => world.keys(contract),
    policy: policyOf,
    clock,
    wait: async () => undefined,
  };

  /** What the contract's handler runs on. */
  const services = (contract: Contract): Services => ({
    table: rows,
    keys: async () => world.keys(contract),
    clock,
    timer: systemTimer,
    get policy() {
      return policyOf(contract);
    },
    write: (record) => world.records.push(record),
  });

  function handlerOf(contract: Contract): RefreshLambda {
    const made = refreshHandler(contract, services(contract));
    const handler = handlers.get(contract.name) ?? documented(contract, made);
    handlers.set(contract.name, handler);
    return handler;
  }

  /** The row's item, whatever is wrong with it. */
  async function item(contract: Contract, id: string): Promise<Item | undefined> {
    const key = keyOf(contract, id);
    return (await items()).find((one) => one.rowKey === key);
  }

  /** Runs a command of session-admin. */
  function run(name: keyof typeof commands, input: Input): Promise<Answer> {
    return commands[name](input, admin);
  }

  return Object.assign(world, {
    ...{ rows, items, admin, services, item, run },
    /** Opens a session that the contract refreshes, and gives what its client holds. */
    async open(contract: Contract, input?: Omit<Input, 'contract'>): Promise<Held> {
      const answer = await run('open', { ...input, contract: contract.serves });
      if (answer.outcome !== 'done') throw new Error(JSON.stringify(answer));
      return answer.result as Held;
    },
    /**
     * Calls the contract's handler as API Gateway would.
     * @throws Error where the answer is not in the contract's OpenAPI document
     */
    async post(contract: Contract, call: WireCall): Promise<WireAnswer> {
      const event = apiGatewayEvent(contract, call);
      const result = await handlerOf(contract)(event, patient(event.requestContext.requestId));
      const { statusCode: status, headers = {}, body: text } = result;
      return { status, headers, text, json: text === '' ? undefined : JSON.parse(text) };
    },
    /** The row as it is in the table. */
    async row(contract: Contract, id: string): Promise<Session | undefined> {
      const found = await item(contract, id);
      return found && toSession(found);
    },
    /** Sets attributes of a row as no code of ours would; undefined removes one. */
    async damage(contract: Contract, id: string, set: Item): Promise<void> {
      const whole = Object.entries({ ...(await item(contract, id)), ...set });
      const left = Object.fromEntries(whole.filter(([, value]) => value !== undefined));
      await replace(keyOf(contract, id), left);
    },
    /** Deletes a row, as its TTL does. */
    purge: (contract: Contract, id: string) => replace(keyOf(contract, id), undefined),
  });
}

/** The context of a Lambda that a busy machine does not time out. */
export function patient(id: string): Context {
  return { ...context(id), getRemainingTimeInMillis: () => 600_000 };
}

/** The event that API Gateway makes of a call. */
export function apiGatewayEvent(
  { path }: Contract,
  { headers = {}, query = {}, body, isBase64Encoded = false, requestId = randomUUID() }: WireCall,
): APIGatewayProxyEvent {
  const [, stage = ''] = path.split('/');
  const event = proxyEvent(
    { method: 'POST', rawHeaders: Object.entries(headers).flat(), sourceIp: '127.0.0.1' },
    { path, stage, query: new Map(Object.entries(query)), body: body ?? '', requestId },
  );
  // AWS draws it anew for every request; without it, records can be compared.
  const { extendedRequestId: _, ...requestContext } = event.requestContext;
  return { ...event, isBase64Encoded, requestContext };
}

/** `test` with a world in memory. */
export const test = base.extend<{ world: World }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's needs from this pattern
  world: async ({}, use) => use(memoryWorld()),
});

/** `test` with a world on the embedded engine: for what storage itself has a part in. */
export const storedTest = worldTest(() => inject('embedded'));

/**
 * A suite that runs on the embedded engine and on Amazon's own DynamoDB Local; where there is no Java
 * for the second, its tests are shown as skipped.
 */
export function onBothEngines(title: string, suite: (test: WorldTest) => void): void {
  describe(`${title} [embedded DynamoDB]`, () => suite(storedTest));
  const amazon = inject('dynamoDBLocal');
  describe.skipIf(!amazon)(`${title} [DynamoDB Local]`, () => suite(worldTest(() => amazon)));
}

export type WorldTest = ReturnType<typeof worldTest>;

function worldTest(endpoint: () => string) {
  return base.extend<{ world: StoredWorld }>({
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's needs from this pattern
    world: async ({}, use) => {
      const world = await makeWorld(endpoint());
      await use(world);
      await world.close();
    },
  });
}
