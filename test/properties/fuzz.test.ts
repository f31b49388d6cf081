import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { APIGatewayProxyResult } from 'aws-lambda';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { contracts, sessionOwners } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { signPaddedJwt, verifyPaddedJwt } from '../../functions/core/keys/padded-jwt.ts';
import type { RequestRecord } from '../../functions/core/lambda/record.ts';
import { refreshHandler } from '../../functions/core/lambda/refresh-handler.ts';
import { systemTimer } from '../../functions/core/time.ts';
import { gateway } from '../../local/gateway.ts';
import { context } from '../../local/proxy-event.ts';
import { realRoutes } from '../local/wire.ts';
import { documented } from '../support/documented.ts';
import { signed, tokenTimes } from '../support/ways.ts';
import { apiGatewayEvent, material, noon, test, type World } from '../support/world.ts';
import {
  type Call,
  type Known,
  marker,
  nearCalls,
  ownCall,
  raw,
  spoilt,
  withToken,
} from './fuzz-inputs.ts';
import { bare, mutated } from './fuzz-tokens.ts';

// A failure prints its smallest input, and the seed: `SEED=… npx vitest run test/properties/fuzz` repeats it.

const effort = Number(process.env.EFFORT ?? 1);
const timeout = 240_000 * Math.max(effort, 1);
const seed = process.env.SEED ? { seed: Number(process.env.SEED) } : {};
const signing = material.signing ?? '';

describe('a handler that is sent anything', () => {
  const rows = contracts.map((contract) => ({ contract, name: contract.name }));

  test.for(rows)(
    'of $name answers in its own words, and refreshes whoever may',
    { timeout },
    async ({ contract }, { world }) => {
      const known = await openAll(world, contract);
      const own = ownCall(world, contract, known);
      const answerOf = answering(world, contract);
      const right = await answerOf(own);
      const rowsBefore = structuredClone(await world.items());
      let refreshed = 0;
      let storageRequests = 0;
      const check = async (call: Call) => {
        const answer = await answerOf(call);
        const wrong = problem({ contract, known, call, right, ...answer });
        if (wrong) throw new Error(`${wrong}\n${JSON.stringify(answer).slice(0, 5000)}`);
        refreshed += answer.result.statusCode === 200 ? 1 : 0;
        storageRequests += answer.record.storageRequests;
      };
      // `ccstoreui` differs from `ccstore` in its refusals alone.
      const numRuns = (contract.name === contract.serves ? 1500 : 200) * effort;
      const inputs = fc.asyncProperty(callsOf(world, contract, known), check);
      await fc.assert(inputs, { numRuns, ...seed });
      const halfway = heap();
      await fc.assert(inputs, { numRuns, ...seed });
      const growth = heap() - halfway;

      await check(own);
      // The clock stood still: every refresh wrote what was there.
      expect(await world.items()).toEqual(rowsBefore);
      // Far less than a byte of every input.
      expect(growth).toBeLessThan(8 * 1024 * 1024);
      expect(storageRequests).toBeGreaterThan(numRuns / 5);
      expect(refreshed).toBeGreaterThan(numRuns / 50);
    },
  );
});

/** One session of each contract, all of one id, as the fuzz of one of them knows them. */
async function openAll(world: World, contract: Contract): Promise<Known> {
  const id = 'A.session_of-the.fuzz';
  const secretOf = ({ name }: { readonly name: string }) => `9271-of-${name}`;
  for (const owner of sessionOwners)
    await world.open(owner, { sessionId: id, secret: secretOf(owner) });
  const secret = secretOf({ name: contract.serves });
  return { id, secret, strange: sessionOwners.map(secretOf).filter((other) => other !== secret) };
}

function callsOf(world: World, contract: Contract, known: Known): fc.Arbitrary<Call> {
  const near = nearCalls(world, contract, known);
  const tokens = contract.body === 'none';
  return fc.oneof(
    { weight: 3, arbitrary: near },
    { weight: tokens ? 1 : 2, arbitrary: spoilt(near) },
    ...(tokens ? [{ weight: 5, arbitrary: forgeries(world, known) }] : []),
    { weight: tokens ? 9 : 14, arbitrary: raw },
  );
}

/** Requests with tokens that are made of good ones. */
function forgeries(world: World, { id: sid, secret: sec }: Known): fc.Arbitrary<Call> {
  const token = signed(world, { ...tokenTimes(world), sid, sec });
  const other = signed(world, { ...tokenTimes(world), sid: 'nobody', sec });
  const tokens = mutated([token, other], signing, [material.root, 'secret']);
  // Blanks around a token are the header's.
  const isGood = (text: string) => bare(text.replace(/^ +| +$/g, '')) === bare(token);
  return withToken(tokens.map((text) => ({ text, right: isGood(text) ? 'perhaps' : 'no' })));
}

/** An answer, and the one record that was written for it. */
interface Answer {
  readonly result: APIGatewayProxyResult;
  readonly record: RequestRecord;
}

/** One warm Lambda of a contract. It throws if an answer is not in the contract's document. */
function answering(world: World, contract: Contract): (call: Call) => Promise<Answer> {
  const records: RequestRecord[] = [];
  const lambda = refreshHandler(contract, {
    table: world.rows,
    keys: async () => world.keys(contract),
    clock: () => world.now,
    timer: systemTimer,
    policy: contract.policy,
    write: (record) => records.push(record),
  });
  const handler = documented(contract, lambda);
  // A busy machine is no reason to time out.
  const patient = { ...context('a'), getRemainingTimeInMillis: () => 600_000 };
  return async ({ headers, query = [], body = null, base64 = false, without = [] }) => {
    world.requests.length = 0;
    const call = { headers: Object.fromEntries(headers), query: Object.fromEntries(query), body };
    const event = apiGatewayEvent(contract, { ...call, isBase64Encoded: base64 });
    const result = await handler({ ...event, ...Object.fromEntries(without) }, patient);
    const [record, ...more] = records.splice(0);
    if (!record || more.length > 0) throw new Error('there must be one record');
    return { result, record };
  };
}

/** An answer, and what it is judged by. */
interface Judged extends Answer {
  readonly contract: Contract;
  readonly known: Known;
  readonly call: Call;
  /** What the session's own request is answered. */
  readonly right: Answer;
}

/** The law that an answer breaks; nothing where it breaks none. */
function problem(judged: Judged): string | undefined {
  return Object.entries(laws).find(([, holds]) => !holds(judged))?.[0];
}

const outages: readonly string[] = ['failed', 'unavailable', 'timed-out'];

const laws: Readonly<Record<string, (judged: Judged) => boolean>> = {
  'no status is a 5xx': ({ result }) => result.statusCode < 500,
  'no record has an outage or an error': ({ record }) =>
    !outages.includes(record.outcome) && !record.error,
  'one storage request is enough': ({ record }) => record.storageRequests <= 1,
  'the session’s own request refreshes, and no other does': ({ call, result, known }) =>
    result.statusCode === 200
      ? call.right === 'yes' || (call.right === 'perhaps' && mayHold(call, known))
      : call.right !== 'yes',
  'the answer is the one of its outcome': ({ contract, result, record, right }) => {
    if (record.outcome === 'refreshed') return grantedText(result) === grantedText(right.result);
    const { status, body } = contract.refuse(record.outcome, record.requestId);
    return result.statusCode === status && result.body === body;
  },
  'the headers are those of every answer': ({ contract, result, record }) => {
    const { outcome, clientRequestId, requestId } = record;
    const all = {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Request-Id': clientRequestId,
      ...(outcome !== 'refreshed' && contract.refuse(outcome, requestId).headers),
    };
    return JSON.stringify(result.headers) === JSON.stringify(all);
  },
  'request ids are sane': ({ record: { requestId, clientRequestId } }) =>
    /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(requestId) &&
    /^[A-Za-z0-9._:-]{1,128}$/.test(clientRequestId),
  'no answer echoes what was sent': ({ result }) => !JSON.stringify(result).includes(marker),
  'no record tells what was sent': ({ record, known }) => {
    const written = JSON.stringify(record);
    return [marker, known.id, known.secret, ...known.strange].every(
      (one) => !written.includes(one),
    );
  },
};

/** An answer to a refresh without what differs every time: its id, and what is random in its token. */
function grantedText({ body }: APIGatewayProxyResult): string {
  const { esbUUID: _, data, ...rest } = JSON.parse(body);
  if (data === undefined) return JSON.stringify(rest);
  const payload = Buffer.from(data.accessToken.split('.')[1], 'base64url').toString();
  const { context, ...claims } = JSON.parse(payload);
  delete context.sso.sessionTokenEncrypted;
  return JSON.stringify({ rest, claims, context });
}

/** Whether a spoilt call still has the whole credential in it, in whatever way it is written. */
function mayHold({ headers, query = [], body, base64 }: Call, { id, secret }: Known): boolean {
  const written = base64 ? Buffer.from(body ?? '', 'base64').toString() : body;
  const parts = headers.flatMap(([, value]) => value.split(/[ .]/));
  const decoded = parts.map((part) => Buffer.from(part, 'base64').toString());
  const said = [written, JSON.stringify(query), ...decoded].join('\n');
  return said.includes(id) && said.includes(secret);
}

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

function heap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

describe('the local gateway that is sent anything', () => {
  test('answers no 5xx, and echoes nothing but the name of the request', { timeout }, async ({
    world,
  }) => {
    const answer = gateway({ routes: realRoutes(world), apiKeys: new Set(['key']) });
    const requests = fc.record({
      call: raw,
      path: fc.constantFrom('/', '/%zz', '//', ...contracts.map(({ path }) => path)),
      query: fc.constantFrom('', '?', '?a=%zz', `?sessionId=${marker}&=&a=%41`),
      method: fc.constantFrom('POST', 'POST', 'GET', 'OPTIONS', 'post', ''),
      whole: fc.boolean(),
    });
    const law = fc.asyncProperty(requests, async ({ call, path, query, method, whole }) => {
      const rawHeaders = call.headers.filter(([name]) => !/^x-request-id$/i.test(name)).flat();
      const body = whole ? (call.body ?? '') : undefined;
      const request = { method, target: path + query, rawHeaders, body, sourceIp: '127.0.0.1' };
      const answered = await answer(request);
      expect(answered.statusCode).toBeLessThan(500);
      expect(JSON.stringify(answered)).not.toContain(marker);
    });
    await fc.assert(law, { numRuns: 500 * effort, ...seed });
  });
});

describe('a token of ccstore', () => {
  const before = 'signing-before-of-the-tests-0123456789abcdefghijklmnopqrstuvwxyz';
  const keys = [signing, before].map((text) => createSecretKey(text, 'utf8'));
  /** Keys that are about, and sign nothing. */
  const { publicKey } = generateKeyPairSync('ed25519');
  const wrong = [
    material.root,
    String(publicKey.export({ type: 'spki', format: 'pem' })),
    JSON.stringify(publicKey.export({ format: 'jwk' })),
    `${signing} `,
    signing.slice(0, -1),
    Buffer.from(signing).toString('base64'),
    'secret',
    '\0',
  ];
  const payload = (sid: string) =>
    `{"exp":${noon + 930},"sub":"110558","iss":"storefrontUI","iat":${noon},"sid":"${sid}","sec":"~>~?~??>${sid}"}`;

  test.for([
    { what: 'the current key', text: signing },
    { what: 'the previous key', text: before },
  ])('of $what is taken as it was written, and no other is', { timeout }, ({ text }) => {
    const key = createSecretKey(text, 'utf8');
    const token = signPaddedJwt(payload('one'), key);
    const other = signPaddedJwt(payload('other'), key);
    const good = new Map([token, other].map((one) => [bare(one), verifyPaddedJwt(one, [key])]));
    const numRuns = 6000 * effort;
    let taken = 0;
    const law = fc.property(mutated([token, other], text, wrong), (mutant) => {
      const read = verifyPaddedJwt(mutant, keys);
      if (read === undefined) return;
      taken += 1;
      // An accepted token has exactly the bytes of a good token, and the same claims.
      expect(read).toStrictEqual(good.get(bare(mutant)));
    });
    fc.assert(law, { numRuns, ...seed });
    // Some mutants are the token itself; were there none, nothing would show that any could be taken.
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(numRuns / 5);
  });
});
