import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Env } from '../functions/core/env.ts';

/**
 * The file in which `npm start` keeps its keys. It is created once, only its owner can read it, and
 * git ignores it.
 */
export const keyFile = join(import.meta.dirname, '../.local/keys.json');

/** The environment variables of a handler or command on this machine. */
export type LocalEnv = Env & {
  readonly SESSION_TABLE: string;
  readonly AWS_ENDPOINT_URL_DYNAMODB: string;
};

/**
 * The environment of a handler or command on this machine: `env`, with the table that `npm start`
 * serves as the default. That table never receives the credentials of an AWS account.
 */
export function localEnv(env: Env): LocalEnv {
  const local = { AWS_REGION: 'local', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
  const table = { ...env, SESSION_TABLE: env.SESSION_TABLE || 'sessions' };
  const endpoint = env.AWS_ENDPOINT_URL_DYNAMODB;
  return endpoint
    ? { ...local, ...table, AWS_ENDPOINT_URL_DYNAMODB: endpoint }
    : {
        ...table,
        ...local,
        AWS_SESSION_TOKEN: undefined,
        AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${env.DYNAMODB_PORT || 8000}`,
      };
}

/** Whether the table of an environment is served on this machine, and not by AWS. */
export function isOnThisMachine({ AWS_ENDPOINT_URL_DYNAMODB: endpoint }: LocalEnv): boolean {
  return (
    URL.canParse(endpoint) &&
    ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(endpoint).hostname)
  );
}

/**
 * A DynamoDB client of the local table. It uses only the given environment, not that of the
 * process.
 */
export function localClient(env: LocalEnv): DynamoDBClient {
  return new DynamoDBClient({
    endpoint: env.AWS_ENDPOINT_URL_DYNAMODB,
    region: env.AWS_REGION ?? 'local',
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? 'local',
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? 'local',
      ...(env.AWS_SESSION_TOKEN && { sessionToken: env.AWS_SESSION_TOKEN }),
    },
  });
}

/**
 * The local keys in the format of `SESSION_KEYS`; `undefined` if `npm start` has not created them
 * yet.
 */
export function localKeys(): string | undefined {
  try {
    return readFileSync(keyFile, 'utf8');
  } catch {
    return undefined;
  }
}
