import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { contracts } from '../../../functions/contracts.ts';
import { refreshHandler } from '../../../functions/core/lambda/refresh-handler.ts';
import { services as servicesIn } from '../../../functions/core/lambda/services.ts';
import { rowKey, type SessionId, sessionHash } from '../../../functions/core/session/session.ts';
import type { RequestOptions } from '../../../functions/core/session/table.ts';
import { eos } from '../../../functions/eos/contract.ts';
import { context } from '../../../local/proxy-event.ts';
import { ways } from '../../support/ways.ts';
import { apiGatewayEvent, material, test, type WireCall, type World } from '../../support/world.ts';
import { ownCall } from './situations.ts';

const sessionId = 'whose-id-is-hashed';
const secret = 'whose-secret-is-digested';

const always = {
  coldStart: true,
  storageRequests: 1,
  storageMs: expect.any(Number),
  totalMs: expect.any(Number),
};

describe.for(ways)('the record of a request, $what', ({ contract, send }) => {
  const { name, serves } = contract;
  const hash = (world: World) =>
    sessionHash(world.keys(contract).log, rowKey(serves, sessionId as SessionId));

  test('names the request, the outcome and the session’s hash, and nothing else', async ({
    world,
  }) => {
    const { accessToken } = await world.open(contract, { sessionId, secret });
    const { headers, query, ...rest } = send(world, sessionId, secret);
    const [requestId, clientRequestId] = [randomUUID(), 'trace-7'];
    await world.post(contract, {
      ...rest,
      headers: { ...headers, 'X-Request-Id': clientRequestId, api_key: 'a-key' },
      query: { ...query, utm: ['queried'] },
      requestId,
    });
    const more = { requestId, clientRequestId, session: hash(world) };
    expect(world.records).toEqual([
      { ...always, contract: name, outcome: 'refreshed', status: 200, ...more },
    ]);
    const written = JSON.stringify([world.records, await world.items()]);
    for (const hidden of [secret, accessToken]) if (hidden) expect(written).not.toContain(hidden);
  });

  test('names why it was refused, and the kind and the place of an error', async ({ world }) => {
    await world.open(contract, { sessionId, secret });
    await world.run('revoke', { contract: serves, sessionId });
    await world.post(contract, send(world, sessionId, secret));
    await world.post(contract, {});
    world.outage = 'failed';
    await world.post(contract, send(world, sessionId, secret));
    const [revoked, malformed, failed, ...more] = world.records;
    expect(revoked).toMatchObject({ outcome: 'revoked', session: hash(world) });
    expect(malformed).toMatchObject({ outcome: 'malformed-request', coldStart: false });
    expect(malformed).not.toHaveProperty('session');
    expect(failed).toMatchObject({ outcome: 'failed', status: 500, session: hash(world) });
    expect(failed?.error).toMatchObject({ name: 'TypeError' });
    expect(failed?.error?.at.join()).toContain('world.ts');
    expect(more).toEqual([]);
  });
});

describe.for([eos, ccstore])('$name before a storage that never answers', (contract) => {
  test('says in time that it timed out, and aborts its request', async ({ world }) => {
    const { call } = await ownCall(world, contract);
    const signals: (AbortSignal | undefined)[] = [];
    const silent = (_: unknown, { signal }: RequestOptions = {}) => {
      signals.push(signal);
      return new Promise<never>(() => undefined);
    };
    const table = { ...world.rows, update: silent, get: silent };
    const handler = refreshHandler(contract, { ...world.services(contract), table });
    const id = randomUUID();
    // Half a second of it is kept to answer in.
    const ending = { ...context(id), getRemainingTimeInMillis: () => 550 };
    const event = apiGatewayEvent(contract, { ...call, requestId: id });
    const { status: statusCode, body, headers } = contract.refuse('timed-out', id);
    expect(await handler(event, ending)).toMatchObject({ statusCode, body, headers });
    expect(world.records.map(({ outcome }) => outcome)).toEqual(['timed-out']);
    // What the SDK does then is in test/properties/faults/storage.test.ts and test/store/table.test.ts.
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
  });
});

describe.for(contracts)('$name with allowed origins', (contract) => {
  const origins = ['https://shop.example', 'https://www.shop.example'];

  /** The answers to a page of an origin: a grant, a refusal and a fault. */
  async function answersTo(world: World, origin: string | undefined) {
    const { call } = await ownCall(world, contract);
    const handler = refreshHandler(contract, { ...world.services(contract), origins });
    const oRiGiN = origin === undefined ? {} : { oRiGiN: origin };
    const own = { ...call, headers: { ...call.headers, ...oRiGiN } };
    const post = (sent: WireCall) => handler(apiGatewayEvent(contract, sent), context('a'));
    const answers = [await post(own), await post({ headers: oRiGiN })];
    world.outage = 'failed';
    return [...answers, await post(own)];
  }

  test.for(origins)('lets pages of %s read every answer', async (origin, { world }) => {
    const refused = contract.refuse('malformed-request', '').status;
    const headers = {
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Expose-Headers': 'X-Request-Id, Retry-After, Date',
      Vary: 'Origin',
      'Cache-Control': 'no-store',
    };
    expect(await answersTo(world, origin)).toMatchObject(
      [200, refused, 500].map((statusCode) => ({ statusCode, headers })),
    );
  });

  test.for([undefined, '', 'null', 'https://evil.example', 'https://shop.example.evil.example'])(
    'lets no page of %s read anything',
    async (origin, { world }) => {
      const answers = await answersTo(world, origin);
      expect(JSON.stringify(answers)).not.toContain('Access-Control');
    },
  );

  test('has them from ALLOWED_ORIGINS, and none without', () => {
    const keys = { [contract.serves]: material };
    const env = { SESSION_TABLE: 'sessions', SESSION_KEYS: JSON.stringify(keys) };
    const allowed = { ...env, ALLOWED_ORIGINS: origins.join(' ') };
    expect(servicesIn(contract, allowed).origins).toEqual(origins);
    expect(servicesIn(contract, env).origins).toEqual([]);
  });
});
