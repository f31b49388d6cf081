import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, onTestFinished } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { contracts } from '../../../functions/contracts.ts';
import { refreshHandler, type Services } from '../../../functions/core/lambda/refresh-handler.ts';
import { services as servicesIn } from '../../../functions/core/lambda/services.ts';
import { rowKey, type SessionId, sessionHash } from '../../../functions/core/session/session.ts';
import { dynamoDBTable } from '../../../functions/core/session/table.ts';
import { eos } from '../../../functions/eos/contract.ts';
import { context } from '../../../local/proxy-event.ts';
import { startProxy } from '../../properties/faults/proxy.ts';
import { documented } from '../../support/documented.ts';
import { ways } from '../../support/ways.ts';
import { apiGatewayEvent, material, test, type World } from '../../support/world.ts';
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
  test('says in time that it timed out, and hangs up', async ({ world }) => {
    const { call } = await ownCall(world, contract);
    const proxy = await startProxy('');
    const asked: IncomingMessage[] = [];
    proxy.plan(
      'sessions',
      () =>
        ({ request }) =>
          asked.push(request),
    );
    const place = { endpoint: proxy.endpoint, region: 'local' };
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const client = new DynamoDBClient({ ...place, credentials });
    onTestFinished(() => {
      client.destroy();
      proxy.close();
    });
    const services = { ...world.services(contract), table: dynamoDBTable(client, 'sessions') };
    const handler = documented(contract, refreshHandler(contract, services));
    const id = randomUUID();
    // Half a second of it is kept to answer in; in the rest the SDK has long asked.
    const ending = { ...context(id), getRemainingTimeInMillis: () => 1500 };

    const answer = await handler(apiGatewayEvent(contract, { ...call, requestId: id }), ending);
    const { status, body, headers } = contract.refuse('timed-out', id);
    expect([answer.statusCode, answer.body]).toEqual([status, body]);
    expect(answer.headers).toMatchObject({ ...headers });
    expect(world.records.map(({ outcome }) => outcome)).toEqual(['timed-out']);

    const [request] = asked;
    expect(asked).toHaveLength(1);
    if (request && !request.socket.destroyed) await once(request.socket, 'close');
  });
});

describe.for(contracts)('$name with allowed origins', (contract) => {
  const origins = ['https://shop.example', 'https://www.shop.example'];

  /** The headers of a grant, a refusal and a fault to a page of an origin. */
  async function answersTo(world: World, origin: string | undefined) {
    const services: Services = { ...world.services(contract), origins };
    const { call } = await ownCall(world, contract);
    const headers = { ...call.headers, ...(origin !== undefined && { oRiGiN: origin }) };
    const handler = refreshHandler(contract, services);
    const post = (more: object) =>
      handler(apiGatewayEvent(contract, { ...call, headers, ...more }), context('a'));
    const answers = [await post({}), await post({ headers: { oRiGiN: origin ?? '' }, body: null })];
    world.outage = 'failed';
    return [...answers, await post({})];
  }

  test.for(origins)('lets pages of %s read every answer', async (origin, { world }) => {
    const answers = await answersTo(world, origin);
    const refused = contract.refuse('malformed-request', '').status;
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, refused, 500]);
    for (const { headers } of answers)
      expect(headers).toMatchObject({
        'Access-Control-Allow-Origin': origin,
        'Access-Control-Expose-Headers': 'X-Request-Id, Retry-After, Date',
        Vary: 'Origin',
        'Cache-Control': 'no-store',
      });
  });

  test.for([undefined, '', 'null', 'https://evil.example', 'https://shop.example.evil.example'])(
    'lets no page of %s read anything',
    async (origin, { world }) => {
      for (const { headers } of await answersTo(world, origin))
        expect(JSON.stringify(headers)).not.toContain('Access-Control');
    },
  );

  test('has them from ALLOWED_ORIGINS, and none without', () => {
    const keys = Object.fromEntries(contracts.map(({ serves }) => [serves, material]));
    const env = { SESSION_TABLE: 'sessions', SESSION_KEYS: JSON.stringify(keys) };
    const allowed = { ...env, ALLOWED_ORIGINS: origins.join(' ') };
    expect(servicesIn(contract, allowed).origins).toEqual(origins);
    expect(servicesIn(contract, env).origins).toEqual([]);
  });
});
