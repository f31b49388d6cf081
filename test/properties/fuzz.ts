import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import fc from 'fast-check';
import { expect } from 'vitest';
import { sessionOwners } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import type { RequestRecord } from '../../functions/core/lambda/record.ts';
import { refreshHandler } from '../../functions/core/lambda/refresh-handler.ts';
import { systemTimer } from '../../functions/core/time.ts';
import { context } from '../../local/proxy-event.ts';
import { documented } from '../support/documented.ts';
import { apiGatewayEvent, type World } from '../support/world.ts';
import { type Call, type Known, marker, ownCall } from './fuzz-inputs.ts';

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

/** The heap may grow by that many bytes: far less than a byte of every input. */
const mostGrowth = 8 * 1024 * 1024;

const batch = 50;

/** One session of each contract, all of one id, as the fuzz of one of them knows them. */
export async function openAll(world: World, contract: Contract): Promise<Known> {
  const id = 'A.session_of-the.fuzz';
  const secrets = new Map(sessionOwners.map(({ name }) => [name, `9271-of-${name}`]));
  for (const one of sessionOwners)
    await world.open(one, { sessionId: id, secret: secrets.get(one.name) });
  const secret = secrets.get(contract.serves) ?? '';
  return { id, secret, strange: [...secrets.values()].filter((other) => other !== secret) };
}

/** Sends all inputs through one warm handler, judges every answer, and sees that some were refreshed. */
export async function fuzz({ world, contract, known, calls, inputs }: Fuzz): Promise<void> {
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
  const answerOf = (call: Call): Promise<Outcome> => {
    const lane: Lane = { records: [] };
    const event = eventOf(contract, call);
    return lanes.run(lane, async () => {
      const result = await handler(event, { ...context(randomUUID()), getRemainingTimeInMillis });
      return { ...lane, result };
    });
  };

  const own = ownCall(world, contract, known);
  const rows = await copyOf(world);
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
      storageRequests += outcome.records[0]?.storageRequests ?? 0;
    }
    world.requests.length = 0;
    if (number === Math.floor(batches / 2)) halfway = heap();
  }
  const growth = heap() - halfway;
  const after = await answerOf(own);
  expect(problem({ contract, known, call: own, outcome: after, right })).toBeUndefined();
  // The clock stood still: every refresh wrote what was there.
  expect(await copyOf(world)).toEqual(rows);
  expect(growth).toBeLessThan(mostGrowth);
  expect(storageRequests).toBeGreaterThan(inputs / 10);
  expect(refreshed).toBeGreaterThan(inputs / 100);
}

interface Lane {
  readonly records: RequestRecord[];
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

async function copyOf(world: World): Promise<unknown> {
  return structuredClone(await world.items());
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

/** What came of a call. */
interface Outcome {
  readonly result: APIGatewayProxyResult;
  readonly records: readonly RequestRecord[];
}

/** An outcome, and what it is judged by. */
interface Judged {
  readonly contract: Contract;
  readonly known: Known;
  readonly call: Call;
  readonly outcome: Outcome;
  /** What the session's own request is answered. */
  readonly right: Outcome;
}

/** What is wrong with an outcome; nothing where nothing is. */
function problem(judged: Judged): string | undefined {
  return laws.find(({ holds }) => !holds(judged))?.what;
}

interface Law {
  readonly what: string;
  readonly holds: (judged: Judged) => boolean;
}

const ours = new Set<string | undefined>(['failed', 'unavailable', 'timed-out']);

/** What holds of every outcome. The sentence says what it is where it does not hold. */
const laws: readonly Law[] = [
  { what: 'a 5xx', holds: ({ outcome: { result } }) => result.statusCode < 500 },
  { what: 'not one record', holds: ({ outcome: { records } }) => records.length === 1 },
  {
    what: 'a fault of ours',
    holds: ({ outcome }) => !ours.has(recordOf(outcome).outcome) && !recordOf(outcome).error,
  },
  {
    what: 'more than one storage request',
    holds: ({ outcome }) => recordOf(outcome).storageRequests <= 1,
  },
  {
    what: 'a refresh that nobody was entitled to, or one that was refused',
    holds: ({ call, outcome: { result }, known }) => {
      if (result.statusCode !== 200) return call.right !== 'yes';
      return call.right === 'yes' || (call.right === 'perhaps' && mayHold(call, known));
    },
  },
  {
    what: 'an answer that is not the one of its outcome',
    holds({ contract, outcome, right }) {
      const { outcome: reason, requestId } = recordOf(outcome);
      if (reason === 'refreshed') return grantedText(outcome) === grantedText(right);
      if (reason === undefined) return false;
      const { status, body } = contract.refuse(reason, requestId);
      return outcome.result.statusCode === status && outcome.result.body === body;
    },
  },
  {
    what: 'a body that is no JSON object',
    holds: ({ outcome: { result } }) => /^\{.+\}$/.test(result.body) && !!JSON.parse(result.body),
  },
  {
    what: 'headers that are not the ones of every answer',
    holds({ contract, outcome }) {
      const { outcome: reason, clientRequestId, requestId } = recordOf(outcome);
      const own =
        reason === undefined || reason === 'refreshed'
          ? {}
          : contract.refuse(reason, requestId).headers;
      const all = {
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': 'no-store',
        'X-Request-Id': clientRequestId,
        ...own,
      };
      return JSON.stringify(outcome.result.headers) === JSON.stringify(all);
    },
  },
  {
    what: 'a request id that is not sane',
    holds({ outcome }) {
      const { requestId, clientRequestId } = recordOf(outcome);
      return (
        /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(requestId) &&
        /^[A-Za-z0-9._:-]{1,128}$/.test(clientRequestId)
      );
    },
  },
  {
    what: 'an echo of what was sent',
    holds: ({ outcome: { result } }) => !JSON.stringify(result).includes(marker),
  },
  {
    what: 'a record that tells what was sent',
    holds({ outcome, known }) {
      const written = JSON.stringify(recordOf(outcome));
      return ![marker, known.id, known.secret, ...known.strange].some((text) =>
        written.includes(text),
      );
    },
  },
];

function recordOf({ records: [record] }: Outcome): RequestRecord {
  if (!record) throw new Error('nothing was recorded');
  return record;
}

/** An answer to a refresh without what differs every time: its id, and what is random in its token. */
function grantedText({ result: { body } }: Outcome): string {
  const { esbUUID: _, data, ...rest } = JSON.parse(body);
  if (data === undefined) return JSON.stringify(rest);
  const { context, ...claims } = JSON.parse(
    Buffer.from(data.accessToken.split('.')[1], 'base64url').toString(),
  );
  delete context.sso.sessionTokenEncrypted;
  return JSON.stringify({ rest, claims, context });
}

/** Whether a spoilt call still has the whole credential in it, in whatever way it is written. */
function mayHold(call: Call, { id, secret }: Known): boolean {
  const { headers, query = [], body, base64 } = call;
  const written = base64 ? Buffer.from(body ?? '', 'base64').toString() : (body ?? '');
  const tokens = headers.flatMap(([, value]) => value.split(/[ .]/));
  const said = [
    written,
    JSON.stringify(query),
    ...tokens.map((part) => Buffer.from(part, 'base64').toString()),
  ].join('\n');
  return said.includes(id) && said.includes(secret);
}
