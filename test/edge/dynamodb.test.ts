import {
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { leanDynamoDB } from '../../functions/core/edge/dynamodb.ts';

type Step = Parameters<DynamoDBClient['middlewareStack']['addRelativeTo']>[0];

afterEach(() => {
  vi.useRealTimers();
});

/** The headers that a client sends; its wire fails. */
async function headersOf(
  make: (config: DynamoDBClientConfig) => DynamoDBClient,
  config: DynamoDBClientConfig = {},
): Promise<Record<string, string>> {
  let sent: Record<string, string> = {};
  const client = make({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'token' },
    maxAttempts: 1,
    requestHandler: {
      handle: async ({ headers }: { headers: Record<string, string> }) => {
        sent = headers;
        throw new Error('the wire is down');
      },
    },
    ...config,
  });
  // The request's random name is signed too.
  const named = ((next: (args: object) => unknown) => (args: { request: unknown }) => {
    const { headers } = args.request as { headers: Record<string, string> };
    headers['amz-sdk-invocation-id'] = 'one';
    return next(args);
  }) as Step;
  client.middlewareStack.addRelativeTo(named, {
    relation: 'before',
    toMiddleware: 'httpSigningMiddleware',
  });
  const get = new GetItemCommand({ TableName: 'sessions', Key: { rowKey: { S: 'eos#ü' } } });
  await expect(client.send(get)).rejects.toThrow('the wire is down');
  return sent;
}

/** The client as the SDK makes it, but without what it says about itself, a part of which is signed. */
function plain(config: DynamoDBClientConfig): DynamoDBClient {
  const client = new DynamoDBClient(config);
  client.middlewareStack.remove('getUserAgentMiddleware');
  return client;
}

describe('leanDynamoDB', () => {
  test("signs as the SDK's own client does", async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 15, 12) });
    const lean = await headersOf(leanDynamoDB);
    expect(lean).toEqual(await headersOf(plain));
    expect(lean.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=id\/20260115\/eu-west-1/);
  });

  test('signs differently by another key', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 15, 12) });
    const credentials = { accessKeyId: 'id', secretAccessKey: 'other', sessionToken: 'token' };
    const [one, other] = [
      await headersOf(leanDynamoDB),
      await headersOf(leanDynamoDB, { credentials }),
    ];
    expect(one.authorization).not.toBe(other.authorization);
  });

  test('says nothing about itself', async () => {
    expect(
      Object.keys(await headersOf(leanDynamoDB)).filter((name) => /agent/i.test(name)),
    ).toEqual([]);
  });
});
