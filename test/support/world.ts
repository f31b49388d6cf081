import { randomUUID } from 'node:crypto';
import { DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { test as base, describe, inject } from 'vitest';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { deriveKeys, type KeyMaterial, type Keys } from '../../functions/core/keys/keys.ts';
import type { RequestRecord } from '../../functions/core/lambda/record.ts';
import { type RefreshLambda, refreshHandler } from '../../functions/core/lambda/refresh-handler.ts';
import type { Policy } from '../../functions/core/session/policy.ts';
import { toSession } from '../../functions/core/session/row.ts';
import { rowKey, type Session, type SessionId } from '../../functions/core/session/session.ts';
import { dynamoDBTable, type Table } from '../../functions/core/session/table.ts';
import { type EpochSeconds, epochSeconds, systemTimer } from '../../functions/core/time.ts';
import type { AdminServices, Answer } from '../../functions/session-admin/command.ts';
import { commands } from '../../functions/session-admin/commands.ts';
import type { Input } from '../../functions/session-admin/fields.ts';
import { createTable } from '../../local/dynamodb.ts';
import { context } from '../../local/proxy-event.ts';
import { documented } from './documented.ts';

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

/** The real handlers, commands and store over a table of their own; only the clock is a fake. */
export interface World {
  now: EpochSeconds;
  readonly client: DynamoDBClient;
  /** Where its engine answers. */
  readonly endpoint: string;
  readonly table: string;
  readonly rows: Table;
  readonly admin: AdminServices;
  /** Every storage request since the world began or `requests.length = 0`, by its command's name. */
  readonly requests: string[];
  /** Policies of a stage, by contract, in the place of the contracts' own. */
  readonly policies: Map<string, Policy>;
  /** Every record that the handlers wrote. */
  readonly records: RequestRecord[];
  keys(contract: Contract): Keys;
  /** Runs a command of session-admin. */
  run(name: keyof typeof commands, input: Input): Promise<Answer>;
  /** Opens a session and gives what its client holds. */
  open(contract: Contract, input?: Omit<Input, 'contract'>): Promise<Held>;
  /**
   * Calls the contract's handler as API Gateway would.
   * @throws Error where the answer is not in the contract's OpenAPI document
   */
  post(contract: Contract, call: WireCall): Promise<WireAnswer>;
  /** The row as it is in the table. */
  row(contract: Contract, id: string): Promise<Session | undefined>;
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

/** A world over a fresh table on the engine that answers there. */
export async function makeWorld(endpoint: string): Promise<World> {
  const client = new DynamoDBClient({
    endpoint,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const table = `sessions-${randomUUID()}`;
  await createTable(client, table);
  const requests: string[] = [];
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        requests.push(String(commandName));
        return next(args);
      },
    // Behind the retries: what is counted is what goes over the wire.
    { step: 'finalizeRequest', priority: 'low' },
  );
  const rows = dynamoDBTable(client, table);
  const records: RequestRecord[] = [];
  const keys = new Map<string, Keys>();
  const handlers = new Map<string, RefreshLambda>();

  const world: World = {
    now: noon,
    client,
    endpoint,
    table,
    rows,
    requests,
    policies: new Map(),
    records,
    admin: {
      table: rows,
      keys: async (contract) => world.keys(contract),
      policy: (contract) => world.policies.get(contract.serves) ?? contract.policy,
      clock: () => world.now,
      wait: async () => undefined,
    },
    keys(contract) {
      const known = keys.get(contract.serves) ?? deriveKeys(contract.serves, material);
      keys.set(contract.serves, known);
      return known;
    },
    run: (name, input) => commands[name](input, world.admin),
    async open(contract, input) {
      const answer = await commands.open({ ...input, contract: contract.serves }, world.admin);
      if (answer.outcome !== 'done') throw new Error(JSON.stringify(answer));
      return answer.result as Held;
    },
    async post(contract, call) {
      const handler =
        handlers.get(contract.name) ??
        documented(
          contract,
          refreshHandler(contract, {
            table: rows,
            keys: async () => world.keys(contract),
            clock: () => world.now,
            timer: systemTimer,
            get policy() {
              return world.policies.get(contract.serves) ?? contract.policy;
            },
            write: (record) => records.push(record),
          }),
        );
      handlers.set(contract.name, handler);
      const event = apiGatewayEvent(contract, call);
      const result = await handler(event, {
        ...context(event.requestContext.requestId),
        // A busy machine is no reason to time out.
        getRemainingTimeInMillis: () => 600_000,
      });
      return {
        status: result.statusCode,
        headers: result.headers ?? {},
        text: result.body,
        json: result.body === '' ? undefined : JSON.parse(result.body),
      };
    },
    async row(contract, id) {
      const item = await rows.get(rowKey(contract.serves, id as SessionId));
      return item && toSession(item);
    },
  };
  return world;
}

/** The event that API Gateway makes of a call. */
export function apiGatewayEvent(
  contract: Contract,
  { headers = {}, query, body = null, isBase64Encoded = false, requestId = randomUUID() }: WireCall,
): APIGatewayProxyEvent {
  const [, stage = ''] = contract.path.split('/');
  const resource = contract.path.slice(stage.length + 1);
  const single = Object.entries(query ?? {}).map(([name, values]) => [name, values.at(-1)]);
  return {
    resource,
    path: resource,
    httpMethod: 'POST',
    headers,
    multiValueHeaders: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, [value]]),
    ),
    queryStringParameters: query ? Object.fromEntries(single) : null,
    multiValueQueryStringParameters: query ?? null,
    pathParameters: null,
    stageVariables: null,
    body,
    isBase64Encoded,
    requestContext: {
      path: contract.path,
      resourcePath: resource,
      stage,
      httpMethod: 'POST',
      requestId,
    } as APIGatewayProxyEvent['requestContext'],
  };
}

/** `test` with a world on the embedded engine. */
export const test = worldTest(() => inject('embedded'));

/**
 * A suite that runs on the embedded engine and on Amazon's own DynamoDB Local; where there is no Java
 * for the second, its tests are shown as skipped.
 */
export function onBothEngines(title: string, suite: (test: WorldTest) => void): void {
  describe(`${title} [embedded DynamoDB]`, () => suite(test));
  const amazon = inject('dynamoDBLocal');
  describe.skipIf(!amazon)(`${title} [DynamoDB Local]`, () => suite(worldTest(() => amazon)));
}

export type WorldTest = ReturnType<typeof worldTest>;

function worldTest(endpoint: () => string) {
  return base.extend<{ world: World }>({
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's needs from this pattern
    world: async ({}, use) => {
      const world = await makeWorld(endpoint());
      await use(world);
      await world.client.send(new DeleteTableCommand({ TableName: world.table }));
      world.client.destroy();
    },
  });
}
