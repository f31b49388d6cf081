import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localClient, localEnv } from '../cli/local.ts';
import { rowKey, type SessionId } from '../functions/core/session/session.ts';
import { dynamoDBTable, type Table } from '../functions/core/session/table.ts';
import type { AdminServices } from '../functions/session-admin/command.ts';
import { commands } from '../functions/session-admin/commands.ts';
import type { Input } from '../functions/session-admin/fields.ts';
import { adminServices } from '../functions/session-admin/services.ts';
import { sampled, samples } from '../local/demo.ts';
import { createTable } from '../local/dynamodb.ts';
import { localKeyFile } from '../local/keys.ts';
import { dynamoDBLocal } from '../test/support/dynamodb-local.ts';
import { type Aws, aws } from './aws.ts';
import { type Bundle, bundle } from './bundle.ts';
import type { Measured } from './subject.ts';

/** What every measure stands on: a table on DynamoDB Local, and the bundles. */
export interface Stage {
  /** DynamoDB Local and a stand-in for Secrets Manager, over TLS. */
  readonly aws: Aws;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly floor: Bundle;
  readonly bundles: ReadonlyMap<string, Bundle>;
  /** The floor and the contracts, each with a session of its own, over plain HTTP and with keys in the environment. */
  subjects(): Promise<readonly Measured[]>;
  /** A subject as it is deployed: over TLS, its keys in Secrets Manager, and a contract primed or not. */
  deployed(subject: Measured, prime: 'on' | 'off'): Measured;
  /** A contract with a session of its own, whose claims are those of its document's sample or these. */
  measured(contract: string, claims?: string): Promise<Measured>;
  close(): Promise<void>;
}

/** @throws Error where there is no Java to run DynamoDB Local */
export async function stage(): Promise<Stage> {
  const amazon = await dynamoDBLocal();
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
  const floor = await bundle(folder, 'floor', { path: 'bench/floor.ts' });
  const bundles = new Map<string, Bundle>();
  for (const { name } of sampled)
    bundles.set(name, await bundle(folder, name, { path: `functions/${name}/handler.ts` }));

  const measured = async (name: string, claims?: string): Promise<Measured> => {
    const file = bundles.get(name)?.file ?? '';
    return { name, file, env, event: eventOf(name, await opened(admin, name, claims)) };
  };
  return {
    aws: tls,
    env,
    floor,
    bundles,
    measured,
    async subjects() {
      const held = await opened(admin, 'eos');
      const own = {
        FLOOR_ROW: rowKey('eos', String(held.sessionId) as SessionId),
        FLOOR_SECRET: await digestOf(table, String(held.sessionId)),
        FLOOR_KEY: 'floor-0123456789abcdefghijklmnopqrstuvwxyz',
      };
      const event = eventOf('eos', held);
      return [
        { name: 'floor', file: floor.file, env: { ...env, ...own }, event },
        ...(await Promise.all(sampled.map(({ name }) => measured(name)))),
      ];
    },
    deployed(subject, prime) {
      for (const [name, all] of Object.entries<Record<string, string>>(JSON.parse(keys)))
        for (const [kind, text] of Object.entries(all)) tls.secrets.set(`${name}/${kind}`, text);
      const ids = Object.entries<object>(JSON.parse(keys)).map(([name, all]) => [
        name,
        Object.fromEntries(Object.keys(all).map((kind) => [kind, `${name}/${kind}`])),
      ]);
      const own = {
        SESSION_KEYS: undefined,
        SESSION_SECRETS: JSON.stringify(Object.fromEntries(ids)),
        FLOOR_SECRET_ID: 's360/signing',
        PRIME: prime,
      };
      return { ...subject, env: { ...subject.env, ...tls.env, ...own } };
    },
    async close() {
      tls.close();
      await amazon.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Opens a session and gives what its client holds. */
async function opened(
  admin: AdminServices,
  contract: string,
  claims?: string,
): Promise<Record<string, unknown>> {
  const sample: Input = samples[contract as keyof typeof samples];
  const input = { ...sample, sessionId: undefined, ...(claims && { claims }) };
  const answer = await commands.open(input, admin);
  if (answer.outcome !== 'done') throw new Error(JSON.stringify(answer));
  return { ...answer.result };
}

/** The secret's digest as the row keeps it: the floor has no keys to make it from. */
async function digestOf(table: Table, id: string): Promise<string> {
  const row = await table.get(rowKey('eos', id as SessionId));
  return String(row?.secret);
}

/** The contract's event of `events/`, with a credential of this session. */
function eventOf(contract: string, held: Readonly<Record<string, unknown>>): object {
  const text = readFileSync(join(import.meta.dirname, `../events/${contract}.json`), 'utf8');
  const { headers, ...event } = JSON.parse(text);
  const { sessionId, secureCode, sessionToken, accessToken } = held;
  if (contract === 'ccstore')
    return { ...event, headers: { ...headers, Authorization: `Bearer ${accessToken}` } };
  const body =
    contract === 'eos'
      ? `sessionId=${sessionId}&secureCode=${secureCode}`
      : JSON.stringify({ sessionToken, sessionId });
  return { ...event, headers, body };
}
