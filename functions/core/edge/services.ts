import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Env, required } from '../env.ts';
import { sessionStore } from '../session/store.ts';
import { systemClock } from '../time.ts';
import { environmentKeys } from '../token/keys.ts';
import type { Contract } from './contract.ts';
import type { Services } from './refresh-handler.ts';

/**
 * What a contract runs on, from the environment: `SESSION_TABLE`, `SESSION_KEYS` and what the SDK
 * itself reads (`AWS_REGION`, `AWS_ENDPOINT_URL_DYNAMODB`, credentials).
 * @throws Error naming the variable that is missing: no handler starts without its keys
 */
export function services(contract: Contract, env: Env = process.env): Services {
  const table = required(env, 'SESSION_TABLE', 'RefreshApi, or `npm start`,');
  return {
    store: sessionStore(dynamoDB(), table),
    keys: environmentKeys(env, contract),
    clock: systemClock,
    policy: contract.policy,
    write: (record) => console.log(JSON.stringify(record)),
  };
}

/** Three tries of a second each end before the Lambda does; DynamoDB answers in milliseconds. */
function dynamoDB(): DynamoDBClient {
  return new DynamoDBClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 500, requestTimeout: 1000, throwOnRequestTimeout: true },
  });
}
