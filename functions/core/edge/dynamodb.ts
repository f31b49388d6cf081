import { createHash, createHmac, createSecretKey } from 'node:crypto';
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

/**
 * The SDK's client, less what a refresh pays for and nobody reads: at every request the SDK copies
 * what was sent and answered for a logger that is not there, and puts the same words about itself
 * together. docs/decisions.md has what each costs.
 */
export function leanDynamoDB(config: DynamoDBClientConfig): DynamoDBClient {
  const client = new DynamoDBClient({ sha256, cacheMiddleware: true, ...config });
  client.middlewareStack.remove('loggerMiddleware');
  client.middlewareStack.remove('getUserAgentMiddleware');
  return client;
}

type Sha256 = NonNullable<DynamoDBClientConfig['sha256']>;

/**
 * SHA-256 and its HMAC as the SDK's signer calls them. The SDK's own gives node:crypto keys in bytes,
 * which take five times as long as a KeyObject or a text (keys.ts says why).
 */
const sha256 = function sha256(secret?: string | Uint8Array) {
  const key = typeof secret === 'object' ? createSecretKey(secret) : secret;
  const state = key === undefined ? createHash('sha256') : createHmac('sha256', key);
  return {
    update: (part: string | Uint8Array) => {
      state.update(part);
    },
    digest: async () => state.digest(),
  };
  // It is called with `new`, whose answer is then the object above.
} as unknown as Sha256;
