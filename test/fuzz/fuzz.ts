import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import fc from 'fast-check';
import { expect } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import type { RequestRecord } from '../../functions/core/lambda/record.ts';
import { refreshHandler } from '../../functions/core/lambda/refresh-handler.ts';
import { systemTimer } from '../../functions/core/time.ts';
import { context } from '../../local/proxy-event.ts';
import { documented } from '../support/documented.ts';
import { apiGatewayEvent, type StoredWorld as World } from '../support/world.ts';
import { type Outcome, problem } from './answers.ts';
import { ownCall } from './calls.ts';
import type { Call, Known } from './inputs.ts';

/** How many times the usual number of inputs are tried. */
export const effort = Number(process.env.EFFORT ?? 1);

/** What the inputs are made from: a failure names it, and it gives them again. */
export const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

/** What a contract's fuzz is made of. */
export interface Fuzz {
  readonly world: World;
  readonly contract: Contract;
  readonly known: Known;
  readonly calls: fc.Arbitrary<Call>;
  readonly inputs: number;
}

/** What a fuzz did, beside finding nothing wrong. */
export interface Done {
  readonly refreshed: number;
  readonly storageRequests: number;
  /** By how many bytes the heap grew in the second half. */
  readonly growth: number;
}

/** The heap may grow by that many bytes: far less than a byte of every input. */
export const mostGrowth = 8 * 1024 * 1024;

const batch = 50;

/** One session of each contract, all of one id, as the fuzz of one of them knows them. */
export async function openAll(world: World, contract: Contract): Promise<Known> {
  const id = 'A.session_of-the.fuzz';
  const secrets = new Map(contracts.map(({ name }) => [name, `9271-of-${name}`]));
  for (const one of contracts)
    await world.open(one, { sessionId: id, secret: secrets.get(one.name) });
  const secret = secrets.get(contract.name) ?? '';
  return { id, secret, strange: [...secrets.values()].filter((other) => other !== secret) };
}

/** Sends all inputs through one warm handler, and judges every answer. */
export async function fuzz({ world, contract, known, calls, inputs }: Fuzz): Promise<Done> {
  const lanes = new AsyncLocalStorage<Lane>();
  const lambda = refreshHandler(contract, {
    table: world.rows,
    keys: async () => world.keys(contract),
    clock: () => world.now,
    timer: systemTimer,
    policy: contract.policy,
    write: (record) => lanes.getStore()?.records.push(record),
  });
  const handler = documented(contract, lambda);
  world.client.middlewareStack.add(
    (next) => (args) => {
      const lane = lanes.getStore();
      if (lane) lane.requests += 1;
      return next(args);
    },
    // Before the retries: one follows where the engine just closed a connection that was idle.
    { step: 'initialize' },
  );
  const answerOf = (call: Call): Promise<Outcome> => {
    const lane: Lane = { records: [], requests: 0 };
    const event = eventOf(contract, call);
    return lanes.run(lane, async () => {
      const result = await handler(event, { ...context(randomUUID()), getRemainingTimeInMillis });
      return { ...lane, result };
    });
  };

  const own = ownCall(world, contract, known);
  const rows = await rowsOf(world);
  const right = await answerOf(own);
  let refreshed = 0;
  let storageRequests = 0;
  let halfway = 0;
  const batches = Math.ceil(inputs / batch);
  for (let number = 0; number < batches; number += 1) {
    const sample = fc.sample(calls, { seed: seed + number, numRuns: batch });
    const outcomes = await Promise.all(sample.map(answerOf));
    for (const [at, outcome] of outcomes.entries()) {
      const call = sample[at] ?? own;
      const wrong = problem({ contract, known, call, outcome, right });
      if (wrong) expect.fail(`${wrong} (SEED=${seed}, batch ${number})\n${shown(call, outcome)}`);
      refreshed += outcome.result.statusCode === 200 ? 1 : 0;
      storageRequests += outcome.requests;
    }
    world.requests.length = 0;
    if (number === Math.floor(batches / 2)) halfway = heap();
  }
  const growth = heap() - halfway;
  const after = await answerOf(own);
  expect(problem({ contract, known, call: own, outcome: after, right })).toBeUndefined();
  // The clock stood still: every refresh wrote what was there.
  expect(await rowsOf(world)).toEqual(rows);
  return { refreshed, storageRequests, growth };
}

interface Lane {
  readonly records: RequestRecord[];
  requests: number;
}

// A busy machine is no reason to time out.
const getRemainingTimeInMillis = () => 600_000;

function eventOf(contract: Contract, call: Call): APIGatewayProxyEvent {
  const { headers, query, body = null, base64 = false, without = [] } = call;
  const event = apiGatewayEvent(contract, {
    headers: Object.fromEntries(headers),
    ...(query && { query: Object.fromEntries(query) }),
    body,
    isBase64Encoded: base64,
  });
  return { ...event, ...Object.fromEntries(without) };
}

async function rowsOf({ client, table }: World): Promise<unknown> {
  const { Items = [] } = await client.send(new ScanCommand({ TableName: table }));
  return Items.toSorted((one, other) => (one.rowKey?.S ?? '').localeCompare(other.rowKey?.S ?? ''));
}

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

function heap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

function shown(call: Call, { result, records }: Outcome): string {
  return JSON.stringify({ call, result, records }, null, 2).slice(0, 5000);
}
