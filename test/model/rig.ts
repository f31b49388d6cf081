import { randomUUID } from 'node:crypto';
import { BatchWriteItemCommand, DeleteItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { contracts } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/edge/contract.ts';
import type { RequestRecord } from '../../functions/core/edge/record.ts';
import { refreshHandler } from '../../functions/core/edge/refresh-handler.ts';
import type { Policy } from '../../functions/core/session/policy.ts';
import { toSession } from '../../functions/core/session/row.ts';
import type { RowKey, Session } from '../../functions/core/session/session.ts';
import { epochSeconds, systemTimer } from '../../functions/core/time.ts';
import { deriveKeys, type Keys } from '../../functions/core/token/keys.ts';
import {
  type AdminServices,
  type Answer,
  commands,
} from '../../functions/session-admin/commands.ts';
import type { Input } from '../../functions/session-admin/fields.ts';
import { context } from '../../local/proxy-event.ts';
import { type Item, keyOf } from '../session/rows.ts';
import { documented } from '../support/documented.ts';
import { apiGatewayEvent, material, type WireCall, type World } from '../support/world.ts';
import type { Book } from './book.ts';
import { plain } from './wire.ts';

/** The real handlers and commands, whose clock, keys and policies are what the book says just now. */
export interface Rig {
  readonly world: World;
  keys(contract: Contract): Keys;
  run(name: keyof typeof commands, input: Input): Promise<Answer>;
  post(contract: Contract, call: WireCall): Promise<Posted>;
  /** Every row, by its key. */
  table(): Promise<Map<string, Session>>;
  /** What DynamoDB's TTL does, whenever it likes. */
  purge(key: string): Promise<void>;
}

/** An answer, and what it took. */
export interface Posted {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into an answer without knowing its shape
  readonly json: any;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
  /** The whole of it, its ids aside. */
  readonly plain: string;
  readonly outcome: RequestRecord['outcome'];
  readonly requests: readonly string[];
}

/** A Lambda of every contract. */
export function makeRig(world: World, book: Book): Rig {
  const records: RequestRecord[] = [];
  const keys = (contract: Contract) => {
    const age = book.keyAge(contract);
    const signing = `${age}-${material.signing}`;
    const previous = age > 0 && { previousSigning: `${age - 1}-${material.signing}` };
    return deriveKeys(contract.name, { root: material.root, signing, ...previous });
  };
  const clock = () => epochSeconds(book.now);
  const handlers = new Map(
    contracts.map((contract) => [
      contract,
      documented(
        contract,
        refreshHandler(contract, {
          store: world.store,
          keys: async () => keys(contract),
          clock,
          timer: systemTimer,
          get policy(): Policy {
            return book.policy(contract);
          },
          write: (record) => records.push(record),
        }),
      ),
    ]),
  );
  const admin: AdminServices = {
    ...world.admin,
    keys: async (contract) => keys(contract),
    policy: (contract) => book.policy(contract),
    clock,
  };
  return {
    world,
    keys,
    run: (name, input) => commands[name](input, admin),
    async post(contract, call) {
      const requestId = randomUUID();
      const handler = handlers.get(contract);
      if (!handler) throw new Error(`no handler of ${contract.name}`);
      world.requests.length = 0;
      const result = await handler(apiGatewayEvent(contract, { ...call, requestId }), {
        ...context(requestId),
        getRemainingTimeInMillis: () => 600_000,
      });
      const headers = result.headers ?? {};
      const { statusCode: status, body: text } = result;
      const json = JSON.parse(text);
      const answer = { status, headers, text, json };
      const outcome = records.pop()?.outcome ?? 'failed';
      book.met(outcome);
      return { ...answer, plain: plain(answer, requestId), outcome, requests: [...world.requests] };
    },
    async table() {
      const rows = (await items(world)).map((item) => toSession(unmarshall(item)));
      return new Map(rows.map((row) => [row.rowKey, row]));
    },
    async purge(key) {
      const Key = keyOf(key as RowKey);
      await world.client.send(new DeleteItemCommand({ TableName: world.table, Key }));
    },
  };
}

/** Leaves the table empty for the next run. */
export async function clear(world: World): Promise<void> {
  const rows = (await items(world)).map((item) => toSession(unmarshall(item)));
  if (rows.length === 0) return;
  const requests = rows.map(({ rowKey }) => ({ DeleteRequest: { Key: keyOf(rowKey) } }));
  await world.client.send(new BatchWriteItemCommand({ RequestItems: { [world.table]: requests } }));
}

async function items({ client, table }: World): Promise<Item[]> {
  const scan = new ScanCommand({ TableName: table, ConsistentRead: true });
  const { Items = [], LastEvaluatedKey } = await client.send(scan);
  if (LastEvaluatedKey) throw new Error('more rows than a page holds');
  return Items;
}
