import type { APIGatewayProxyResult } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { contracts } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import type { Fault } from '../../functions/core/contract/fault.ts';
import { refreshHandler } from '../../functions/core/lambda/refresh-handler.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { demoApiKey } from '../../local/demo.ts';
import { type GatewaySettings, gateway } from '../../local/gateway.ts';
import { simulations } from '../../local/simulations.ts';
import { type World, test as worldTest } from '../support/world.ts';
import { recorded, recorder, routesTo, type Sent } from './wire.ts';

/** What a client of any contract sends. */
const keyed = { API_KEY: demoApiKey };

/** Asks a gateway, without a socket. By default its Lambdas write down what they are called with. */
async function ask(sent: Sent, settings: Partial<GatewaySettings> = {}) {
  const { routes, calls } = recorder();
  const { method = 'POST', path, headers = {}, body = '' } = sent;
  const rawHeaders = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().flatMap((value) => [name, value]),
  );
  const request = { method, target: path, rawHeaders, body: String(body), sourceIp: '127.0.0.1' };
  const answers = gateway({ routes, apiKeys: new Set([demoApiKey]), ...settings });
  return { answer: await answers(request), calls, event: calls[0]?.event };
}

const idOf = ({ headers }: APIGatewayProxyResult) => String(headers?.['x-amzn-RequestId']);

/** A contract's own refusal as API Gateway gives it, under the id that it gave the request. */
function refusal(
  contract: Contract,
  fault: Fault,
  answer: APIGatewayProxyResult,
  more = {},
): APIGatewayProxyResult {
  const { status: statusCode, body, headers } = contract.refuse(fault, idOf(answer));
  const own = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers };
  return { statusCode, body, headers: { ...own, 'x-amzn-RequestId': idOf(answer), ...more } };
}

describe("the local gateway's proxy event", () => {
  test('holds a request as API Gateway hands it over, under an id of its own', async () => {
    const headers = { hOsT: 'local', 'X-CUSTOM': ['one', 'two'] };
    const sent = { path: '/client/refresh?b=2&a=1&a=3', headers, body: 'sessionId=نعم' };
    const { answer, event, calls } = await ask(sent);
    expect(event).toEqual({
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
        requestId: idOf(answer),
        identity: expect.objectContaining({ sourceIp: '127.0.0.1', apiKey: null }),
      }),
    });
    expect(idOf(answer)).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(calls[0]?.context.awsRequestId).toBe(idOf(answer));
    expect(idOf((await ask(sent)).answer)).not.toBe(idOf(answer));
  });

  test.for(contracts)('names stage and resource of $path', async ({ path }) => {
    const [, stage = '', ...rest] = path.split('/');
    const resource = `/${rest.join('/')}`;
    const requestContext = { path, stage, resourcePath: resource };
    const { event } = await ask({ path, headers: keyed });
    expect(event).toMatchObject({ path: resource, resource, requestContext });
  });

  test.for([
    { what: 'no query', query: '', values: null },
    { what: 'separators alone', query: '?&&', values: null },
    { what: 'a name without a value', query: '?a', values: { a: [''] } },
    { what: 'a value with =', query: '?a=b=c', values: { a: ['b=c'] } },
    { what: 'a value with ?', query: '?a=b?c', values: { a: ['b?c'] } },
    { what: 'names in either case', query: '?a=1&A=2', values: { a: ['1'], A: ['2'] } },
    { what: 'escapes, once', query: '?%61=%2541%26', values: { a: ['%41&'] } },
    { what: 'UTF-8', query: '?a=%D9%86%D8%B9%D9%85', values: { a: ['نعم'] } },
    { what: '+ as a space', query: '?a+b=c+d%2B', values: { 'a b': ['c d+'] } },
    { what: 'a name three times', query: '?a=1&a=&a=2', values: { a: ['1', '', '2'] } },
    { what: '__proto__', query: '?__proto__=x', values: { ['__proto__']: ['x'] } },
  ])('decodes a query with $what', async ({ query, values }) => {
    const { event } = await ask({ path: eos.path + query });
    const last = values && Object.entries(values).map(([name, all]) => [name, all.at(-1)]);
    expect(event?.multiValueQueryStringParameters).toEqual(values);
    expect(event?.queryStringParameters).toEqual(last && Object.fromEntries(last));
  });

  // "So only `Authorization` counts: any body …, any content type, any query."
  test('reaches ccstore in spite of a broken escape in the query and an unknown key', async () => {
    const sent = { path: `${ccstore.path}?a=%zz`, headers: { api_key: 'unknown' } };
    expect((await ask(sent)).event?.body).toBeNull();
  });
});

describe('the answer of a Lambda', () => {
  test('reaches the client with its own status, headers and body', async () => {
    const headers = { 'X-Request-Id': 'the client’s' };
    expect((await ask({ path: eos.path, headers })).answer).toMatchObject(recorded);
  });

  const failures = [
    { what: 'throws', lambda: () => JSON.parse('secret') },
    // API Gateway calls both a malformed proxy response.
    { what: 'answers nothing', lambda: async () => undefined as never },
    { what: 'answers without a status', lambda: async () => ({}) as never },
  ].flatMap((row) => contracts.map((contract) => ({ ...row, contract })));

  test.for(failures)('that $what is unavailable in the words of $contract.name', async (row) => {
    const { lambda, contract } = row;
    const routes = routesTo(lambda);
    const { answer } = await ask({ path: contract.path, headers: keyed }, { routes });
    expect(answer).toEqual(refusal(contract, 'unavailable', answer));
  });
});

/** A contract, how its API refuses a request, and what is special about that. */
type Refused = readonly [contract: Contract, fault: Fault, sent: Partial<Sent>];

const methods = ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'];
const elsewhere = ['', '/hello', '/refresh/more', '/Refresh', '/refresh%20', '/../client/refresh'];
const unknownKeys = ['', 'a'.repeat(24), `${demoApiKey}a`, demoApiKey.toUpperCase(), '__proto__'];
const broken = ['?%', '?a=%zz', '?%2=1', '?a=%E0%A4', '?a=%FF', '?a=%ED%A0%80', '?a=1&b=%u0041'];
const noKey = { 'x-api-key': demoApiKey };
const refused = [
  ...contracts.flatMap((contract) =>
    methods.map((method): Refused => [contract, 'unknown-route', { method }]),
  ),
  ...elsewhere.map((rest): Refused => [eos, 'unknown-route', { path: `/client${rest}` }]),
  ...unknownKeys.map((key): Refused => [s360, 'unknown-client', { headers: { api_key: key } }]),
  ...['', `?api_key=${demoApiKey}`, '?%zz'].map(
    (query): Refused => [s360, 'unknown-client', { headers: noKey, path: s360.path + query }],
  ),
  ...broken.map((query): Refused => [eos, 'malformed-request', { path: eos.path + query }]),
  [s360, 'malformed-request', { path: `${s360.path}?%` }] as const,
].map(([contract, fault, sent]) => ({ contract, fault, sent, what: JSON.stringify(sent) }));

describe('API Gateway’s own answer', () => {
  test.for(refused)(
    'of $contract.name to $what is $fault, and its Lambda is not called',
    async ({ contract, fault, sent }) => {
      const { answer, calls } = await ask({ path: contract.path, headers: keyed, ...sent });
      expect([answer, calls]).toEqual([refusal(contract, fault, answer), []]);
    },
  );

  const nowhere = ['//client/refresh', '/CLIENT/refresh', '/client%2Frefresh', '/refresh'];
  test.for(['/', '/nobody/refresh?secureCode=20004007594&%zz', '*', ...nowhere])(
    'to %s, where no API is, has the known routes',
    async (path) => {
      const { answer, calls } = await ask({ path, headers: keyed });
      const routes = contracts.map((contract) => `POST ${contract.path}`);
      const body = JSON.stringify({ message: 'Not found', routes });
      const headers = { 'Cache-Control': 'no-store' };
      expect([answer, calls]).toMatchObject([{ statusCode: 404, body, headers }, []]);
    },
  );

  test.for([eos, s360])('has the X-Request-Id that the client of $name sent', async (contract) => {
    const own = { 'X-Request-Id': '45C25B96-2C83-4b2b-ab82-0a60ed24a4ee, any thing' };
    const { answer } = await ask({ path: `${contract.path}?%`, headers: { ...keyed, ...own } });
    expect(answer).toEqual(refusal(contract, 'malformed-request', answer, own));
  });
});

describe('CORS with --origin', () => {
  const [first, second] = ['http://localhost:5173', 'https://shop.example'];
  const origins = [first, second];
  // What ours needs, and what Oracle Commerce's storefront may send.
  const sendable = ['Authorization', 'Content-Type', 'X-Request-Id', 'api_key', 'X-CCProfileType']
    .concat(['X-CCAsset-Language', 'X-CCPriceListGroup', 'X-CCOrganization', 'X-CCAgentContext'])
    .concat(['X-CCViewport', 'x-ccsite', 'X-CCVisitId', 'X-CCVisitorId', 'X-OCStateData']);

  test.for(contracts)('answers the preflight of $name', async ({ path }) => {
    // As the deployed method does: another origin is answered with one that is not its own.
    for (const [origin = '', allowed] of [
      [second, second],
      ['https://evil.example', first],
    ]) {
      const sent = { method: 'OPTIONS', path, headers: { Origin: origin } };
      const { answer, calls } = await ask(sent, { origins });
      const headers = {
        Vary: 'Origin',
        'Access-Control-Allow-Origin': allowed,
        'Access-Control-Allow-Methods': 'POST',
        'Access-Control-Allow-Headers': sendable.join(),
      };
      expect([answer, calls]).toMatchObject([{ statusCode: 204, body: '', headers }, []]);
    }
  });

  // A Lambda's own answers are in test/wire/all/lambda.test.ts.
  test('lets such pages read API Gateway’s own answers, and is absent without it', async () => {
    const headers = { Origin: second };
    const exposed = {
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Expose-Headers': 'X-Request-Id, Retry-After, Date',
    };
    for (const path of ['/nowhere', s360.path, ...contracts.map(({ path }) => `${path}/more`)]) {
      const { answer } = await ask({ path, headers }, { origins });
      expect(answer.headers).toMatchObject(exposed);
      const without = await ask({ path, headers });
      expect(Object.keys(without.answer.headers ?? {}).join()).not.toContain('Access-Control');
    }
  });
});

describe('X-Local-Simulate', () => {
  /** Sends `eos` a refresh with the header; the handler is the real one. */
  async function simulated(world: World, words: string, secureCode = '20004007594') {
    const services = world.services(eos);
    const route = { contract: eos, handler: refreshHandler(eos, services) };
    const routes = [{ ...route, simulate: simulations(eos, services) }];
    const path = `/client/refresh?sessionId=one&secureCode=${secureCode}`;
    return (await ask({ path, headers: { 'X-Local-Simulate': words } }, { routes })).answer;
  }

  worldTest.for([
    { words: 'later=1799', status: 200, outcome: 'refreshed' },
    { words: 'later=1801', status: 403, outcome: 'idle-too-long' },
    { words: 'storage=down', status: 503, outcome: 'unavailable' },
    { words: 'rate=over', status: 429, outcome: undefined },
    { words: 'later=', status: 400, outcome: undefined },
  ])('$words gives $status', async ({ words, status, outcome }, { world }) => {
    await world.open(eos, { sessionId: 'one', secret: '20004007594' });
    const answer = await simulated(world, words);
    expect(answer.statusCode).toBe(status);
    expect(world.records.map((record) => record.outcome)).toEqual(outcome ? [outcome] : []);
    if (status === 400) expect(answer.body).toContain('later=SECONDS, rotation=GRACE');
  });

  worldTest('shows how the reuse of a replaced secret ends a session', async ({ world }) => {
    await world.open(eos, { sessionId: 'one', secret: '20004007594' });
    const first = await simulated(world, 'rotation=10');
    const second = JSON.parse(first.body).secureCode;
    await simulated(world, 'rotation=10; later=60', second);
    expect((await simulated(world, 'rotation=10; later=120')).statusCode).toBe(403);
    expect(world.records.at(-1)?.outcome).toBe('reused-secret');
    expect((await world.row(eos, 'one'))?.revokedAt).toBeGreaterThan(0);
  });
});
