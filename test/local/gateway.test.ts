import { describe, expect, test } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { contracts } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import type { Fault } from '../../functions/core/contract/fault.ts';
import { refreshHandler } from '../../functions/core/lambda/refresh-handler.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { demoApiKey } from '../../local/demo.ts';
import type { GatewaySettings } from '../../local/gateway.ts';
import { simulations } from '../../local/simulations.ts';
import { type World, test as worldTest } from '../support/world.ts';
import {
  ask,
  realRoutes,
  recorded,
  recorder,
  refreshOf,
  refusal,
  routesTo,
  type Sent,
  servicesOf,
  uuid,
} from './wire.ts';

/** What a client of any contract sends. */
const keyed = { API_KEY: demoApiKey };

/** Asks a gateway whose Lambdas write down what they are called with. */
async function tried(sent: Sent, more: Partial<GatewaySettings> = {}) {
  const { routes, events, contexts } = recorder();
  return { answer: await ask(routes, sent, more), events, contexts };
}

describe("the local gateway's proxy event", () => {
  test('holds a request as API Gateway hands it over', async () => {
    const { events } = await tried({
      path: '/client/refresh?b=2&a=1&a=3',
      headers: { hOsT: 'local', 'X-CUSTOM': ['one', 'two'] },
      body: 'sessionId=نعم',
    });
    expect(events).toEqual([
      {
        resource: '/refresh',
        path: '/refresh',
        httpMethod: 'POST',
        headers: { hOsT: 'local', 'X-CUSTOM': 'two' },
        multiValueHeaders: { hOsT: ['local'], 'X-CUSTOM': ['one', 'two'] },
        queryStringParameters: { a: '3', b: '2' },
        multiValueQueryStringParameters: { a: ['1', '3'], b: ['2'] },
        pathParameters: null,
        stageVariables: null,
        body: 'sessionId=نعم',
        isBase64Encoded: false,
        requestContext: expect.objectContaining({
          path: '/client/refresh',
          stage: 'client',
          resourcePath: '/refresh',
          httpMethod: 'POST',
          protocol: 'HTTP/1.1',
          requestId: expect.stringMatching(uuid),
          identity: expect.objectContaining({ sourceIp: '127.0.0.1', apiKey: null }),
        }),
      },
    ]);
  });

  test.for(contracts)('names stage and resource of $path', async ({ path }) => {
    const [, stage = '', ...rest] = path.split('/');
    const resource = `/${rest.join('/')}`;
    const requestContext = { path, stage, resourcePath: resource };
    const { events } = await tried({ path, headers: keyed });
    expect(events).toMatchObject([{ path: resource, resource, requestContext }]);
  });

  test.for([
    { what: 'no query', query: '', values: null },
    { what: 'an empty query', query: '?', values: null },
    { what: 'separators alone', query: '?&&', values: null },
    { what: 'a name without a value', query: '?a', values: { a: [''] } },
    { what: 'a value with =', query: '?a=b=c', values: { a: ['b=c'] } },
    { what: 'a value with ?', query: '?a=b?c', values: { a: ['b?c'] } },
    { what: 'names in either case', query: '?a=1&A=2', values: { a: ['1'], A: ['2'] } },
    { what: 'escapes, once', query: '?%61=%2541%26', values: { a: ['%41&'] } },
    { what: '+ as a space', query: '?a+b=c+d%2B', values: { 'a b': ['c d+'] } },
    { what: 'UTF-8', query: '?a=%D9%86%D8%B9%D9%85', values: { a: ['نعم'] } },
    { what: 'a NUL', query: '?a=%00', values: { a: ['\0'] } },
    { what: 'a name three times', query: '?a=1&a=&a=2', values: { a: ['1', '', '2'] } },
    { what: '__proto__', query: '?__proto__=x', values: { ['__proto__']: ['x'] } },
  ])('decodes a query with $what', async ({ query, values }) => {
    const { events } = await tried({ path: eos.path + query });
    const last = values && Object.entries(values).map(([name, all]) => [name, all.at(-1)]);
    expect(events[0]?.multiValueQueryStringParameters).toEqual(values);
    expect(events[0]?.queryStringParameters).toEqual(last && Object.fromEntries(last));
  });

  test('has an id of its own, which context, answer and s360’s esbUUID have too', async () => {
    const all = [await tried({ path: eos.path }), await tried({ path: eos.path })];
    const ids = all.map(({ events }) => events[0]?.requestContext.requestId);
    expect(new Set(ids).size).toBe(2);
    expect(all.map(({ contexts }) => contexts[0]?.awsRequestId)).toEqual(ids);
    expect(all.map(({ answer }) => answer.headers['x-amzn-requestid'])).toEqual(ids);
  });
});

describe('the answer of a Lambda', () => {
  test('reaches the client with its own status, headers and body', async () => {
    const { answer } = await tried({ path: eos.path, headers: { 'X-Request-Id': 'the client’s' } });
    expect(answer).toMatchObject({
      status: 202,
      text: recorded.body,
      headers: { 'x-request-id': 'of the Lambda', 'cache-control': 'no-store' },
    });
  });

  const failures = [
    { what: 'rejects', lambda: () => Promise.reject(new Error('secret')) },
    { what: 'throws', lambda: () => JSON.parse('secret') },
    // API Gateway calls both a malformed proxy response.
    { what: 'answers nothing', lambda: async () => undefined as never },
    { what: 'answers without a status', lambda: async () => ({}) as never },
  ].flatMap((row) => contracts.map((contract) => ({ ...row, contract })));

  test.for(failures)('that $what is unavailable in the words of $contract.name', async (row) => {
    const { lambda, contract } = row;
    const answer = await ask(routesTo(lambda), { path: contract.path, headers: keyed });
    expect(answer).toEqual(refusal(contract, 'unavailable', answer));
  });
});

/** A contract, how its API refuses a request, and what is special about that. */
type Refused = readonly [contract: Contract, fault: Fault, sent: Partial<Sent>];

const methods = ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'];
const broken = ['?%', '?a=%zz', '?%2=1', '?a=%E0%A4', '?a=%FF', '?a=%ED%A0%80', '?a=1&b=%u0041'];
const refused = [
  ...methods.flatMap((method) =>
    contracts.map((contract): Refused => [contract, 'unknown-route', { method }]),
  ),
  ...['', '/hello', '/refresh/more', '/Refresh', '/refresh%20', '/../client/refresh']
    .concat('/ccstore/v1/refresh')
    .map((rest): Refused => [eos, 'unknown-route', { path: `/client${rest}` }]),
  ...['/idp/', '/idp/sso/v2/refresh'].map((path): Refused => [s360, 'unknown-route', { path }]),
  ...['', 'a'.repeat(24), `${demoApiKey}a`, demoApiKey.toUpperCase(), '__proto__'].map(
    (key): Refused => [s360, 'unknown-client', { headers: { api_key: key } }],
  ),
  ...[{}, { 'x-api-key': demoApiKey }].flatMap((headers) =>
    ['', `?api_key=${demoApiKey}`, '?%zz'].map(
      (query): Refused => [s360, 'unknown-client', { headers, path: s360.path + query }],
    ),
  ),
  ...broken.flatMap((query) =>
    [eos, s360].map((one): Refused => [one, 'malformed-request', { path: one.path + query }]),
  ),
].map(([contract, fault, sent]) => ({ contract, fault, sent, what: JSON.stringify(sent) }));

describe('API Gateway’s own answer', () => {
  test.for(refused)(
    'of $contract.name to $what is $fault, and its Lambda is not called',
    async ({ contract, fault, sent }) => {
      const { answer, events } = await tried({ path: contract.path, headers: keyed, ...sent });
      expect([answer, events]).toEqual([refusal(contract, fault, answer), []]);
    },
  );

  const nowhere = ['/', '//client/refresh', '/CLIENT/refresh', '/client%2Frefresh', '/refresh']
    .concat('/nobody/refresh?secureCode=20004007594&%zz')
    .map((path) => ({ method: 'POST', path }));
  test.for([...nowhere, { method: 'GET', path: '/' }, { method: 'OPTIONS', path: '*' }])(
    'to $method $path, where no API is, has the known routes',
    async (sent) => {
      const { answer, events } = await tried({ ...sent, headers: keyed });
      const routes = contracts.map((contract) => `POST ${contract.path}`);
      const text = JSON.stringify({ message: 'Not found', routes });
      expect(answer).toMatchObject({ status: 404, text, headers: { 'cache-control': 'no-store' } });
      expect(events).toEqual([]);
    },
  );

  test.for([eos, s360])('has the X-Request-Id that the client of $name sent', async (contract) => {
    const client = '45C25B96-2C83-4b2b-ab82-0a60ed24a4ee, any thing';
    const headers = { ...keyed, 'X-REQUEST-ID': client };
    const { answer } = await tried({ path: `${contract.path}?%`, headers });
    expect(answer).toEqual(refusal(contract, 'malformed-request', answer, client));
  });
});

describe('the header api_key', () => {
  test.for(['api_key', 'API_KEY', 'Api_Key'])('of s360 is taken as %s', async (name) => {
    const headers = { [name]: demoApiKey };
    const { answer, events } = await tried({ path: s360.path, headers });
    expect([answer.status, events]).toMatchObject([202, [{ headers }]]);
  });

  const open = contracts.filter(({ apiKey }) => apiKey === 'none');
  test.for(open)('is not asked for by $name', async ({ path }) => {
    for (const headers of [{}, { api_key: 'unknown' }])
      expect((await tried({ path, headers })).events).toHaveLength(1);
  });
});

describe('a query with a broken escape', () => {
  // "So only `Authorization` counts: any body …, any content type, any query."
  worldTest('is ignored by ccstore', async ({ world }) => {
    const { accessToken } = await world.open(ccstore);
    const headers = { Authorization: `Bearer ${accessToken}` };
    for (const query of ['?grant_type=client_credentials', '?%', '?a=%zz']) {
      const answer = await ask(realRoutes(world), { path: ccstore.path + query, headers });
      expect(answer.status).toBe(200);
    }
  });
});

describe('CORS with --origin', () => {
  const origins = ['http://localhost:5173', 'https://shop.example'];
  const own = { Origin: 'https://shop.example' };
  // What ours needs, and what Oracle Commerce's storefront may send.
  const sendable = ['Authorization', 'Content-Type', 'X-Request-Id', 'api_key', 'X-CCProfileType']
    .concat(['X-CCAsset-Language', 'X-CCPriceListGroup', 'X-CCOrganization', 'X-CCAgentContext'])
    .concat(['X-CCViewport', 'x-ccsite', 'X-CCVisitId', 'X-CCVisitorId', 'X-OCStateData']);

  test.for(contracts)('answers the preflight of $name', async ({ path }) => {
    for (const [origin, allowed] of [
      ...origins.map((origin) => [origin, origin] as const),
      // As the deployed method does: another origin is answered with one that is not its own.
      ['https://evil.example', origins[0]] as const,
    ]) {
      const headers = { Origin: origin, 'Access-Control-Request-Method': 'POST' };
      const sent = { method: 'OPTIONS', path, headers };
      const { answer, events } = await tried(sent, { origins });
      expect(answer).toMatchObject({ status: 204, text: '' });
      expect(answer.headers).toMatchObject({
        vary: 'Origin',
        'access-control-allow-origin': allowed,
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': sendable.join(),
      });
      expect(events).toEqual([]);
    }
  });

  worldTest('lets such pages read every answer, and is absent without it', async ({ world }) => {
    const refresh = await refreshOf(world);
    const sent = [
      { ...refresh, headers: { ...refresh.headers, ...own } },
      ...contracts.flatMap(({ path }) => [
        { path, headers: { ...own, ...keyed } },
        { path: `${path}/more`, headers: own },
      ]),
      { path: s360.path, headers: own },
      { path: '/nowhere', headers: own },
    ];
    for (const one of sent) {
      const { headers } = await ask(realRoutes(world, { origins }), one, { origins });
      expect(headers['access-control-allow-origin']).toBeOneOf(['*', own.Origin]);
      expect(headers['access-control-expose-headers'] ?? '').toContain('Retry-After');
      const without = await ask(realRoutes(world), one);
      expect(Object.keys(without.headers).join()).not.toContain('access-control');
    }
  });
});

describe('X-Local-Simulate', () => {
  /** Sends `eos` a refresh with the header; the handler is the real one. */
  async function simulated(world: World, words: string, secureCode = '20004007594') {
    const services = servicesOf(world, eos);
    const route = { contract: eos, handler: refreshHandler(eos, services) };
    const routes = [{ ...route, simulate: simulations(eos, services) }];
    const headers = { 'X-Local-Simulate': words };
    const path = `/client/refresh?sessionId=one&secureCode=${secureCode}`;
    return ask(routes, { path, headers });
  }

  worldTest.for([
    { words: 'later=1799', status: 200, outcome: 'refreshed' },
    { words: 'later=1801', status: 403, outcome: 'idle-too-long' },
    { words: 'later=43200', status: 403, outcome: 'lifetime-over' },
    { words: 'storage=down', status: 503, outcome: 'unavailable' },
    { words: 'rotation=10; later=5', status: 200, outcome: 'refreshed' },
    { words: 'rate=over', status: 429, outcome: undefined },
    { words: 'later=', status: 400, outcome: undefined },
    { words: 'constructor', status: 400, outcome: undefined },
  ])('$words gives $status', async ({ words, status, outcome }, { world }) => {
    await world.open(eos, { sessionId: 'one', secret: '20004007594' });
    const answer = await simulated(world, words);
    expect(answer.status).toBe(status);
    expect(world.records.map((record) => record.outcome)).toEqual(outcome ? [outcome] : []);
    if (status === 400) expect(answer.text).toContain('later=SECONDS, rotation=GRACE');
  });

  worldTest('shows how the reuse of a replaced secret ends a session', async ({ world }) => {
    await world.open(eos, { sessionId: 'one', secret: '20004007594' });
    const first = await simulated(world, 'rotation=10');
    const second = JSON.parse(first.text).secureCode;
    await simulated(world, 'rotation=10; later=60', second);
    const reused = await simulated(world, 'rotation=10; later=120');
    expect(reused.status).toBe(403);
    expect(world.records.at(-1)?.outcome).toBe('reused-secret');
    expect((await world.row(eos, 'one'))?.revokedAt).toBeGreaterThan(0);
  });
});
