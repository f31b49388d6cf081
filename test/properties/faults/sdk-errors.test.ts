import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { test as base, describe, expect } from 'vitest';
import { KeysUnavailable } from '../../../functions/core/keys/keys.ts';
import { faultOf } from '../../../functions/core/lambda/errors.ts';
import { dynamoDBTable, StorageUnavailable } from '../../../functions/core/session/table.ts';
import { rowOf } from '../../support/session.ts';

interface Options {
  readonly signal?: AbortSignal;
  /** How long the SDK waits for an answer; where that is not the point, longer than any takes. */
  readonly millis?: number;
}

interface Broken {
  /** What the SDK throws when DynamoDB answers so. */
  errorOf(answer: RequestListener, options?: Options): Promise<unknown>;
}

/** The real SDK over a real socket; only what answers there is not DynamoDB. */
const test = base.extend<{ broken: Broken }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's needs from this pattern
  broken: async ({}, use) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await use({
      async errorOf(answer, options) {
        server.removeAllListeners('request').on('request', answer);
        return errorAt(`http://127.0.0.1:${port}`, options);
      },
    });
    server.close().closeAllConnections();
  },
});

async function errorAt(
  endpoint: string,
  { signal, millis = 30_000 }: Options = {},
): Promise<unknown> {
  const client = new DynamoDBClient({
    endpoint,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
    requestHandler: { requestTimeout: millis, throwOnRequestTimeout: true },
  });
  try {
    return await dynamoDBTable(client, 'sessions').get(rowOf('eos', 'a'), { signal });
  } catch (error) {
    return error;
  } finally {
    client.destroy();
  }
}

/** An answer of DynamoDB's, or of whatever stands in its place. */
function answer(status: number, body: string): RequestListener {
  return (request, response) => {
    request.resume().on('end', () => {
      response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.0' }).end(body);
    });
  };
}

function error(type: string): string {
  return JSON.stringify({ __type: type, message: 'of no concern' });
}

const dynamoDB = 'com.amazonaws.dynamodb.v20120810#';
const coral = 'com.amazon.coral';

describe('faultOf', () => {
  test.for([
    {
      what: 'a throttled table',
      status: 400,
      body: error(`${dynamoDB}ProvisionedThroughputExceededException`),
    },
    { what: 'a throttled account', status: 400, body: error(`${dynamoDB}RequestLimitExceeded`) },
    { what: 'throttling', status: 400, body: error(`${coral}.availability#ThrottlingException`) },
    { what: 'a broken DynamoDB', status: 500, body: error(`${dynamoDB}InternalServerError`) },
    { what: 'an absent table', status: 400, body: error(`${dynamoDB}ResourceNotFoundException`) },
    { what: 'a missing right', status: 400, body: error(`${coral}.service#AccessDeniedException`) },
    { what: 'expired credentials', status: 400, body: error(`${coral}#ExpiredTokenException`) },
    { what: 'a 503 of something else', status: 503, body: '<html>no</html>' },
    { what: 'a 500 without a word', status: 500, body: '' },
    { what: 'a 200 of something else', status: 200, body: '<html>yes</html>' },
    { what: 'a 200 cut short', status: 200, body: '{"Item":{"rowK' },
  ])('calls $what unavailable', async ({ status, body }, { broken }) => {
    expect(faultOf(await broken.errorOf(answer(status, body)))).toBe('unavailable');
  });

  test('calls an answer that breaks off unavailable', async ({ broken }) => {
    const cut: RequestListener = (request, response) => {
      response.writeHead(200, { 'Content-Length': 100 }).write('{"Item":');
      setTimeout(() => request.socket.destroy(), 20);
    };
    expect(faultOf(await broken.errorOf(cut))).toBe('unavailable');
  });

  test('calls a port where nobody listens unavailable', async () => {
    expect(faultOf(await errorAt('http://127.0.0.1:1'))).toBe('unavailable');
  });

  test('calls a connection that is cut something to retry', async ({ broken }) => {
    // The SDK takes ECONNRESET for a timeout; either way the client's session is as it was.
    const error = await broken.errorOf((request) => request.socket.destroy());
    expect(error).toBeInstanceOf(Error);
    expect(['unavailable', 'timed-out']).toContain(faultOf(error));
  });

  test('calls an answer that never comes timed out', async ({ broken }) => {
    expect(faultOf(await broken.errorOf(() => undefined, { millis: 50 }))).toBe('timed-out');
  });

  test('calls a request that was ended early timed out', async ({ broken }) => {
    const ended = new AbortController();
    const error = await broken.errorOf(() => ended.abort(), { signal: ended.signal });
    expect(error).toMatchObject({ cause: { name: 'AbortError' } });
    expect(faultOf(error)).toBe('timed-out');
  });

  test('calls keys that cannot be had unavailable, whatever the reason', () => {
    expect(faultOf(new KeysUnavailable(new TypeError('a bug')))).toBe('unavailable');
  });

  test.for([
    { what: 'a request that is invalid', type: `${coral}.validate#ValidationException` },
    { what: 'a request that nobody can read', type: `${coral}.service#SerializationException` },
  ])('calls $what a failure of ours', async ({ type }, { broken }) => {
    const thrown = await broken.errorOf(answer(400, error(type)));
    expect(thrown).toHaveProperty('$metadata');
    expect(faultOf(thrown)).toBe('failed');
  });

  test.for([
    { what: 'a TypeError', thrown: new TypeError('undefined is not a function') },
    { what: 'a plain Error', thrown: new Error('unavailable') },
    { what: 'an Error of an unknown code', thrown: coded('ERR_INVALID_ARG_TYPE') },
    { what: 'an Error that talks of a timeout', thrown: new Error('TimeoutError: ETIMEDOUT') },
    { what: 'a string', thrown: 'TimeoutError' },
    { what: 'undefined', thrown: undefined },
    { what: 'null', thrown: null },
    { what: 'an object like an error of the SDK', thrown: { name: 'AbortError', $metadata: {} } },
  ])('calls $what a failure of ours', ({ thrown }) => {
    expect(faultOf(thrown)).toBe('failed');
  });

  test.for([
    'ECONNREFUSED',
    'ECONNRESET',
    'ECONNABORTED',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ENOTFOUND',
    'EPIPE',
    'ETIMEDOUT',
  ])('calls a wire that is down unavailable: %s', async (code) => {
    const handle = () => Promise.reject(coded(code));
    const client = new DynamoDBClient({
      region: 'local',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
      requestHandler: { handle },
    });
    const error: unknown = await dynamoDBTable(client, 'sessions')
      .get(rowOf('eos', 'a'))
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(StorageUnavailable);
    // The SDK calls a cut connection a timeout.
    expect(['unavailable', 'timed-out']).toContain(faultOf(error));
  });
});

function coded(code: string): Error {
  return Object.assign(new Error('of no concern'), { code });
}
