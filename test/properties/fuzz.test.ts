import { createSecretKey } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { APIGatewayProxyResult } from 'aws-lambda';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { contracts, sessionOwners } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { signPaddedJwt, verifyPaddedJwt } from '../../functions/core/keys/padded-jwt.ts';
import { refreshHandler } from '../../functions/core/lambda/refresh-handler.ts';
import { gateway } from '../../local/gateway.ts';
import { realRoutes } from '../local/wire.ts';
import { documented } from '../support/documented.ts';
import { apiGatewayEvent, material, noon, patient, test, type World } from '../support/world.ts';
import {
  type Call,
  edited,
  either,
  type Known,
  marker,
  nearCalls,
  ownCall,
  raw,
  spoilt,
} from './fuzz-inputs.ts';

// A failure prints its smallest input, and the seed: `SEED=… npx vitest run test/properties/fuzz` repeats it.

const effort = Number(process.env.EFFORT ?? 1);
const timeout = 240_000 * Math.max(effort, 1);
const seed = process.env.SEED ? { seed: Number(process.env.SEED) } : {};

describe('a handler that is sent anything', () => {
  const rows = contracts.map((contract) => ({ contract, name: contract.name }));

  test.for(rows)(
    'of $name answers in its own words, and refreshes whoever may',
    { timeout },
    async ({ contract }, { world }) => {
      const known = await openAll(world, contract);
      const own = ownCall(world, contract, known);
      const answerOf = answering(world, contract);
      const granted = grantedText((await answerOf(own)).result);
      const rowsBefore = structuredClone(await world.items());
      let refreshed = 0;
      let storageRequests = 0;
      const check = async (call: Call) => {
        const answer = await answerOf(call);
        judge(contract, known, granted, call, answer);
        refreshed += answer.result.statusCode === 200 ? 1 : 0;
        storageRequests += answer.record.storageRequests;
      };
      // `ccstoreui` differs from `ccstore` in its refusals alone.
      const numRuns = (contract.name === contract.serves ? 1500 : 200) * effort;
      const near = nearCalls(world, contract, known);
      const calls = either([3, near], [2, spoilt(near)], [contract.body === 'none' ? 9 : 14, raw]);
      const inputs = fc.asyncProperty(calls, check);
      await fc.assert(inputs, { numRuns, ...seed });
      const halfway = heap();
      await fc.assert(inputs, { numRuns, ...seed });
      const growth = heap() - halfway;

      await check(own);
      // The clock stood still: every refresh wrote what was there.
      expect(await world.items()).toEqual(rowsBefore);
      // Far less than a byte of every input.
      expect(growth).toBeLessThan(8 * 1024 * 1024);
      expect(storageRequests).toBeGreaterThan(numRuns / 10);
      expect(refreshed).toBeGreaterThan(numRuns / 100);
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

/** One warm Lambda of a contract. It throws if an answer is not in the contract's document. */
function answering(world: World, contract: Contract) {
  const handler = documented(contract, refreshHandler(contract, world.services(contract)));
  return async ({ without, ...call }: Call) => {
    const event = apiGatewayEvent(contract, call);
    const result = await handler({ ...event, ...without } as typeof event, patient('a'));
    const [record, ...more] = world.records.splice(0);
    if (!record || more.length > 0) throw new Error('there must be one record');
    return { result, record };
  };
}

type Answer = Awaited<ReturnType<ReturnType<typeof answering>>>;

/** Throws where an answer to a call, or its record, breaks a law. */
function judge(
  contract: Contract,
  known: Known,
  granted: string,
  call: Call,
  { result, record }: Answer,
): void {
  const { outcome, requestId, clientRequestId, storageRequests } = record;
  const written = JSON.stringify(record);
  expect(result.statusCode).toBeLessThan(500);
  // Nothing here rotates.
  if (outcome === 'settling' || record.error) throw new Error(written);
  expect(storageRequests).toBeLessThanOrEqual(1);

  // The session's own request refreshes, and no other does.
  const refused = outcome === 'refreshed' ? undefined : contract.refuse(outcome, requestId);
  if (call.right !== 'perhaps') expect(!refused).toBe(call.right === 'yes');
  else if (!refused) expect(mayHold(call, known)).toBe(true);

  // The answer is the one of its outcome.
  const { status: statusCode, body } = refused ?? { status: 200, body: granted };
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Request-Id': clientRequestId,
    ...refused?.headers,
  };
  const comparable = refused ? result : { ...result, body: grantedText(result) };
  expect(comparable).toEqual({ statusCode, headers, body, isBase64Encoded: false });

  expect(requestId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(clientRequestId).toMatch(/^[A-Za-z0-9._:-]{1,128}$/);
  // No answer echoes what was sent, and no record tells it.
  expect(JSON.stringify(result)).not.toContain(marker);
  for (const hidden of [marker, known.id, known.secret, ...known.strange])
    expect(written).not.toContain(hidden);
}

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
function mayHold(call: Call, { id, secret }: Known): boolean {
  const { headers = {}, query, body, isBase64Encoded } = call;
  const written = isBase64Encoded ? Buffer.from(body ?? '', 'base64').toString() : body;
  const parts = Object.values(headers).flatMap((value) => value.split(/[ .]/));
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
      const lines = Object.entries(call.headers ?? {});
      const rawHeaders = lines.filter(([name]) => !/^x-request-id$/i.test(name)).flat();
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
  const key = createSecretKey(material.signing ?? '', 'utf8');
  const tokens = ['one', 'other'].map((sid) =>
    signPaddedJwt(`{"exp":${noon + 930},"sub":"110558","sid":"${sid}","sec":"~>~?~??>"}`, key),
  );
  const [token = ''] = tokens;
  const parts = fc.constantFrom(...tokens.flatMap((one) => one.split('.')), '', 'e30=', 'bnVsbA==');
  const joined = fc.array(parts, { minLength: 1, maxLength: 5 }).map((some) => some.join('.'));

  test('is taken as it was written, and no other is', { timeout }, () => {
    const good = new Map(tokens.map((one) => [bare(one), verifyPaddedJwt(one, [key])]));
    const numRuns = 6000 * effort;
    let taken = 0;
    const law = fc.property(either([3, edited(token)], [1, joined]), (mutant) => {
      const read = verifyPaddedJwt(mutant, [key]);
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

/** A token without what a verifier may overlook: which alphabet, and whether it is padded. */
function bare(token: string): string {
  const standard = token.replaceAll('-', '+').replaceAll('_', '/');
  return standard.replace(/=+(?=\.|$)/g, '');
}
