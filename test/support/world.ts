import { randomUUID } from 'node:crypto';
import { DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  PutCommand,
  ScanCommand,
} from '@aws-sdk/lib-dynamodb';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { test as base, describe, inject } from 'vitest';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { deriveKeys, type KeyMaterial, type Keys } from '../../functions/core/keys/keys.ts';
import type { RequestRecord } from '../../functions/core/lambda/record.ts';
import { type RefreshLambda, refreshHandler } from '../../functions/core/lambda/refresh-handler.ts';
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
  type RequestOptions,
  StorageTimedOut,
  StorageUnavailable,
  type Table,
} from '../../functions/core/session/table.ts';
import { type EpochSeconds, epochSeconds, systemTimer } from '../../functions/core/time.ts';
import type { AdminServices, Answer } from '../../functions/session-admin/command.ts';
import { commands } from '../../functions/session-admin/commands.ts';
import type { Input } from '../../functions/session-admin/fields.ts';
import { createTable } from '../../local/dynamodb.ts';
import { context, proxyEvent } from '../../local/proxy-event.ts';
import { documented } from './documented.ts';
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
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into an answer without knowing its shape
  readonly json: any;
}

/** The real handlers and commands over a table of their own. Only the clock and an outage are fakes. */
export interface World extends Wire {
  now: EpochSeconds;
  readonly rows: Table;
  readonly admin: AdminServices;
  /** Policies of a stage, by the contract whose sessions they are for, in the place of its own. */
  readonly policies: Map<string, Policy>;
  /** Every record that the handlers wrote. */
  readonly records: RequestRecord[];
  keys(contract: Contract): Keys;
  /** Runs a command of session-admin. */
  run(name: keyof typeof commands, input: Input): Promise<Answer>;
  /** Opens a session that the contract refreshes, and gives what its client holds. */
  open(contract: Contract, input?: Omit<Input, 'contract'>): Promise<Held>;
  /**
   * Calls the contract's handler as API Gateway would.
   * @throws Error where the answer is not in the contract's OpenAPI document
   */
  post(contract: Contract, call: WireCall): Promise<WireAnswer>;
  /** The row as it is in the table. */
  row(contract: Contract, id: string): Promise<Session | undefined>;
  /** The row's item, whatever is wrong with it. */
  item(contract: Contract, id: string): Promise<Item | undefined>;
  /** Every item of the table. */
  items(): Promise<readonly Item[]>;
  /** Sets attributes of a row as no code of ours would; undefined removes one. */
  damage(contract: Contract, id: string, set: Item): Promise<void>;
  /** Deletes a row, as its TTL does. */
  purge(contract: Contract, id: string): Promise<void>;
}

/** The way to the storage. */
export interface Wire {
  /** Every storage request since the world began or `requests.length = 0`, by its command's name. */
  readonly requests: string[];
  /** How every storage request ends from now on; undefined where the storage answers. */
  outage: Outage | undefined;
}

export type Outage = 'unavailable' | 'timed-out' | 'failed';

/** A world whose storage is an engine, reached over HTTP by the client that is deployed. */
export interface StoredWorld extends World {
  readonly client: DynamoDBClient;
  /** Where its engine answers. */
  readonly endpoint: string;
  readonly table: string;
  close(): Promise<void>;
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

/** A table, and what only the tests do to it. */
interface Storage {
  readonly rows: Table;
  items(): Promise<readonly Item[]>;
  /** Puts an item there whatever was there; undefined deletes it. */
  replace(rowKey: RowKey, item: Item | undefined): Promise<void>;
}

/** A world in memory: no socket and no other process. */
export function memoryWorld(): World {
  const wire: Wire = { requests: [], outage: undefined };
  const table = memoryTable();
  const ask = async <Result>(
    command: string,
    request: () => Promise<Result>,
    { watch = (asked) => asked }: RequestOptions = {},
  ): Promise<Result> => {
    const answered = async () => {
      wire.requests.push(command);
      if (wire.outage) throw storageErrors[wire.outage]();
      return { result: await request() };
    };
    return (await watch(answered())).result;
  };
  return worldOn(wire, {
    rows: {
      update: (write, options) =>
        ask('UpdateItemCommand', () => table.update(write, options), options),
      get: (key, options) => ask('GetItemCommand', () => table.get(key, options), options),
      put: (item, replace) => ask('PutItemCommand', () => table.put(item, replace)),
      bySubject: (subject, from) => ask('QueryCommand', () => table.bySubject(subject, from)),
    },
    items: async () => [...table.items.values()],
    async replace(key, item) {
      if (item) table.items.set(key, item);
      else table.items.delete(key);
    },
  });
}

/** What the table throws, and below it the SDK. */
const storageErrors = {
  unavailable: () => new StorageUnavailable('the wire is cut'),
  'timed-out': () => new StorageTimedOut('the wire is slow'),
  failed: () => new TypeError('a bug'),
} as const satisfies Record<Outage, () => Error>;

const sdkErrors = {
  unavailable: () => Object.assign(new Error('the wire is cut'), { code: 'ECONNREFUSED' }),
  'timed-out': () => Object.assign(new Error('the wire is slow'), { name: 'TimeoutError' }),
  failed: () => new TypeError('a bug'),
} as const satisfies Record<Outage, () => Error>;

/** A world over a fresh table on the engine that answers there. */
export async function makeWorld(endpoint: string): Promise<StoredWorld> {
  const place = {
    endpoint,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  // The deployed client's options, but that a busy machine is no outage.
  const client = new DynamoDBClient({ ...clientOptions, requestHandler: {}, ...place });
  const other = new DynamoDBClient(place);
  const documents = DynamoDBDocumentClient.from(other, {
    marshallOptions: { removeUndefinedValues: true },
  });
  const TableName = `sessions-${randomUUID()}`;
  await createTable(other, TableName);
  const wire: Wire = { requests: [], outage: undefined };
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        wire.requests.push(String(commandName));
        return next(args);
      },
    // Behind the retries: what is counted is what goes over the wire.
    { step: 'finalizeRequest', priority: 'low' },
  );
  client.middlewareStack.add(
    (next) => async (args) => {
      if (wire.outage) throw sdkErrors[wire.outage]();
      return next(args);
    },
    { step: 'initialize' },
  );
  const world = worldOn(wire, {
    rows: dynamoDBTable(client, TableName),
    items: async () => (await documents.send(new ScanCommand({ TableName }))).Items ?? [],
    async replace(rowKey, Item) {
      if (Item) await documents.send(new PutCommand({ TableName, Item }));
      else await documents.send(new DeleteCommand({ TableName, Key: { rowKey } }));
    },
  });
  const close = async () => {
    await other.send(new DeleteTableCommand({ TableName }));
    other.destroy();
    client.destroy();
  };
  return Object.assign(world, { client, endpoint, table: TableName, close });
}

function worldOn(wire: Wire, { rows, items, replace }: Storage): World {
  const records: RequestRecord[] = [];
  const policies = new Map<string, Policy>();
  const keys = new Map<string, Keys>();
  const handlers = new Map<string, RefreshLambda>();
  const keyOf = (contract: Contract, id: string) => rowKey(contract.serves, id as SessionId);
  const policyOf = (contract: Contract) => policies.get(contract.serves) ?? contract.policy;
  const itemAt = async (key: RowKey) => (await items()).find((one) => one.rowKey === key);

  const handlerOf = (contract: Contract) => {
    const known = handlers.get(contract.name);
    if (known) return known;
    const made = refreshHandler(contract, {
      table: rows,
      keys: async () => world.keys(contract),
      clock: () => world.now,
      timer: systemTimer,
      get policy() {
        return policyOf(contract);
      },
      write: (record) => records.push(record),
    });
    const handler = documented(contract, made);
    handlers.set(contract.name, handler);
    return handler;
  };

  const world: World = Object.assign(wire, {
    now: noon,
    rows,
    items,
    policies,
    records,
    admin: {
      table: rows,
      keys: async (contract: Contract) => world.keys(contract),
      policy: policyOf,
      clock: () => world.now,
      wait: async () => undefined,
    },
    keys(contract: Contract) {
      const known = keys.get(contract.serves) ?? deriveKeys(contract.serves, material);
      keys.set(contract.serves, known);
      return known;
    },
    run: (name: keyof typeof commands, input: Input) => commands[name](input, world.admin),
    async open(contract: Contract, input?: Omit<Input, 'contract'>) {
      const answer = await world.run('open', { ...input, contract: contract.serves });
      if (answer.outcome !== 'done') throw new Error(JSON.stringify(answer));
      return answer.result as Held;
    },
    async post(contract: Contract, call: WireCall) {
      const event = apiGatewayEvent(contract, call);
      const result = await handlerOf(contract)(event, {
        ...context(event.requestContext.requestId),
        // A busy machine is no reason to time out.
        getRemainingTimeInMillis: () => 600_000,
      });
      const { statusCode: status, headers = {}, body: text } = result;
      return { status, headers, text, json: text === '' ? undefined : JSON.parse(text) };
    },
    async row(contract: Contract, id: string) {
      const item = await itemAt(keyOf(contract, id));
      return item && toSession(item);
    },
    item: (contract: Contract, id: string) => itemAt(keyOf(contract, id)),
    async damage(contract: Contract, id: string, set: Item) {
      const key = keyOf(contract, id);
      const whole = Object.entries({ ...(await itemAt(key)), ...set });
      await replace(key, Object.fromEntries(whole.filter(([, value]) => value !== undefined)));
    },
    purge: (contract: Contract, id: string) => replace(keyOf(contract, id), undefined),
  });
  return world;
}

/** The event that API Gateway makes of a call. */
export function apiGatewayEvent(
  contract: Contract,
  { headers = {}, query = {}, body, isBase64Encoded = false, requestId = randomUUID() }: WireCall,
): APIGatewayProxyEvent {
  const [, stage = ''] = contract.path.split('/');
  const rawHeaders = Object.entries(headers).flat();
  const event = proxyEvent(
    { method: 'POST', rawHeaders, sourceIp: '127.0.0.1' },
    {
      path: contract.path,
      stage,
      query: new Map(Object.entries(query)),
      body: body ?? '',
      requestId,
    },
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
