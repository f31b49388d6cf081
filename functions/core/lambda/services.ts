import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Contract } from '../contract/contract.ts';
import { type Env, required } from '../env.ts';
import { environmentKeys, type KeySource } from '../keys/keys.ts';
import { secretsManager } from '../keys/secrets-manager.ts';
import { type SecretIds, storedKeys } from '../keys/stored-keys.ts';
import { type Policy, policyProblem } from '../session/policy.ts';
import { dynamoDBTable, type Table } from '../session/table.ts';
import { systemClock, systemTimer } from '../time.ts';
import { cloudWatchLog } from './log.ts';
import type { PrimingServices } from './prime.ts';

/**
 * Makes what a contract's Lambda needs from the environment variables `SESSION_TABLE`;
 * `SESSION_SECRETS`, or `SESSION_KEYS` on a developer's machine; `SESSION_POLICIES`,
 * `ALLOWED_ORIGINS` and `METRICS_NAMESPACE` if the stage sets them; and those that the SDK reads
 * (`AWS_REGION`, `AWS_ENDPOINT_URL_DYNAMODB`, credentials). `table` replaces the table that those
 * variables name.
 * @throws Error that names a missing variable. A handler does not start without its keys
 */
export function services(
  contract: Contract,
  env: Env = process.env,
  table: Table = sessionTable(env),
): PrimingServices {
  const namespace = env.METRICS_NAMESPACE || 'session-refresh';
  const { write, rehearse, notice } = cloudWatchLog(contract.name, namespace);
  const keys = keySource(contract, env, (error) => notice('keys-unread', error));
  return {
    table,
    keys,
    clock: systemClock,
    timer: systemTimer,
    policy: policyIn(env, contract),
    origins: env.ALLOWED_ORIGINS?.split(' ') ?? [],
    write,
    rehearse,
  };
}

/**
 * The session table. Three attempts of one second each end before the Lambda times out. DynamoDB
 * usually answers in milliseconds.
 */
export function sessionTable(env: Env): Table {
  const name = required(env, 'SESSION_TABLE', 'RefreshApi, or `npm start`,');
  return dynamoDBTable(new DynamoDBClient(clientOptions), name);
}

/**
 * The time limits of one attempt of a request to AWS, in milliseconds: until it is connected, until
 * the answer begins, and between two chunks of the answer. Only `socketTimeout` ends an answer
 * whose body stalls.
 */
const timeouts = {
  connectionTimeout: 500,
  requestTimeout: 1000,
  socketTimeout: 1000,
  throwOnRequestTimeout: true,
};

/** The options of the DynamoDB client. The tests use the same options. */
export const clientOptions = { maxAttempts: 3, requestHandler: timeouts } as const;

/**
 * The source of a contract's keys: Secrets Manager if deployed, otherwise `SESSION_KEYS`. `unread`
 * is called each time that a background read fails.
 */
export function keySource(
  contract: Contract,
  env: Env,
  unread: (error: unknown) => void,
): KeySource {
  if (!env.SESSION_SECRETS) return environmentKeys(env, contract);
  const ids: Partial<SecretIds> = JSON.parse(env.SESSION_SECRETS)[contract.serves] ?? {};
  const { root, signing } = ids;
  if (!root || (contract.signs && !signing))
    throw new Error(`SESSION_SECRETS lacks some of ${contract.serves}; infra/keys.ts sets them`);
  return storedKeys({
    contract: contract.serves,
    ids: { root, ...(contract.signs && signing && { signing }) },
    read: secretsManager(timeouts),
    onReadError: unread,
    clock: systemClock,
  });
}

/**
 * Returns the policy for the sessions of a contract: the contract's own policy, with the members
 * that `SESSION_POLICIES` sets. That variable is JSON: `{ "<contract>": {…} }`.
 * @throws Error with a sentence that names what is wrong
 */
export function policyIn({ SESSION_POLICIES }: Env, contract: Contract): Policy {
  const { serves, policy } = contract;
  const given: Policy = { ...policy, ...JSON.parse(SESSION_POLICIES || '{}')[serves] };
  const problem = policyProblem(given, contract);
  if (problem) throw new Error(`SESSION_POLICIES: ${serves}: ${problem}`);
  return given;
}
