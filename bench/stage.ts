import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localClient, localEnv } from '../cli/local.ts';
import { rowKey, type SessionId } from '../functions/core/session/session.ts';
import { dynamoDBTable } from '../functions/core/session/table.ts';
import { adminServices } from '../functions/session-admin/services.ts';
import { eventOf, openSession, sampled } from '../local/demo.ts';
import { createTable } from '../local/dynamodb.ts';
import { localKeyFile } from '../local/keys.ts';
import { dynamoDBLocal } from '../test/support/processes.ts';
import { type Aws, aws } from './aws.ts';
import { bundle } from './bundle.ts';
import type { Measured } from './subject.ts';

/** What every measure stands on: a table on DynamoDB Local, and the bundles. */
export interface Stage {
  /** DynamoDB Local and a stand-in for Secrets Manager, over TLS. */
  readonly aws: Aws;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly floor: Measured;
  /** The contracts. Like the floor, they speak plain HTTP and have their keys in the environment. */
  readonly contracts: readonly Measured[];
  /** A subject as it is deployed: over TLS, its keys in Secrets Manager, and primed or not. */
  deployed(subject: Measured, prime: 'on' | 'off'): Measured;
  close(): Promise<void>;
}

/** Starts DynamoDB Local, unless the environment has an endpoint. @throws Error if there is no Java */
export async function stage(): Promise<Stage> {
  const { AWS_ENDPOINT_URL_DYNAMODB: endpoint } = process.env;
  const amazon = endpoint ? { endpoint, close: () => undefined } : await dynamoDBLocal();
  if (!amazon) throw new Error('the benches need Java 17 or later, for DynamoDB Local');
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const keys = localKeyFile(join(folder, 'keys.json'));
  const env = localEnv({
    SESSION_KEYS: keys,
    SESSION_TABLE: 'sessions',
    AWS_ENDPOINT_URL_DYNAMODB: amazon.endpoint,
  });
  const tls = await aws(folder, amazon.endpoint);
  const client = localClient(env);
  await createTable(client, 'sessions');
  const table = dynamoDBTable(client, 'sessions');
  const admin = adminServices(env, undefined, table);

  const contracts: Measured[] = [];
  for (const contract of sampled) {
    const { name } = contract;
    const file = await bundle(folder, name, `functions/${name}/handler.ts`);
    const event = eventOf({ contract, held: await openSession(name, admin) });
    contracts.push({ name, file, env, event });
  }
  const row = rowKey('eos', String((await openSession('eos', admin)).sessionId) as SessionId);
  const own = {
    FLOOR_ROW: row,
    // The secret's digest as the row has it: the floor has no key to make it from.
    FLOOR_SECRET: String((await table.get(row))?.secret),
    FLOOR_KEY: 'floor-0123456789abcdefghijklmnopqrstuvwxyz',
  };
  const file = await bundle(folder, 'floor', 'bench/floor.ts');

  const secretIds: Record<string, Record<string, string>> = {};
  for (const [contract, secrets] of Object.entries<Record<string, string>>(JSON.parse(keys)))
    for (const [kind, text] of Object.entries(secrets)) {
      tls.secrets.set(`${contract}/${kind}`, text);
      secretIds[contract] = { ...secretIds[contract], [kind]: `${contract}/${kind}` };
    }
  const deployed = {
    ...tls.env,
    SESSION_KEYS: undefined,
    SESSION_SECRETS: JSON.stringify(secretIds),
    FLOOR_SECRET_ID: 's360/signing',
  };
  return {
    aws: tls,
    env,
    floor: { name: 'floor', file, env: { ...env, ...own }, event: {} },
    contracts,
    deployed: (subject, PRIME) => ({ ...subject, env: { ...subject.env, ...deployed, PRIME } }),
    async close() {
      tls.close();
      await amazon.close();
      rmSync(folder, { recursive: true });
    },
  };
}
