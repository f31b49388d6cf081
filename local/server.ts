import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { contracts } from '../functions/contracts.ts';
import { sessionRegistry } from '../functions/core/session/registry.ts';
import { systemClock } from '../functions/core/time.ts';
import { environmentKeys } from '../functions/core/token/keys.ts';
import { enter, keyFile, localEnv } from '../functions/session-admin/local.ts';
import { demoApiKey, openDemos } from './demo.ts';
import { createTable, embeddedDynamoDB } from './dynamodb.ts';
import { gateway, type Route } from './gateway.ts';
import { localKeyFile } from './keys.ts';

try {
  await start();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

/** Serves the contracts on this machine until it is interrupted. */
async function start(): Promise<void> {
  const { values } = parseArgs({ options: { data: { type: 'string' } } });
  const given = process.env.AWS_ENDPOINT_URL_DYNAMODB;
  const database = given
    ? undefined
    : await onPort('DYNAMODB_PORT', 8000, (port) => embeddedDynamoDB(port, values.data));
  const env = localEnv({
    SESSION_KEYS: localKeyFile(keyFile),
    ...process.env,
    ...(database && { DYNAMODB_PORT: new URL(database.endpoint).port }),
  });
  enter(env);
  const client = new DynamoDBClient({});
  const table = env.SESSION_TABLE ?? '';
  await createTable(client, table);

  const server = createServer(gateway(await routes(), new Set([demoApiKey])));
  const port = await onPort('PORT', 3000, (wanted) => listening(server, wanted));
  const demos = await openDemos({
    registry: sessionRegistry(client, table),
    keys: (contract) => environmentKeys(env, contract)(),
    clock: systemClock,
    wait: async () => undefined,
  });
  const origin = `http://127.0.0.1:${port}`;
  console.log(
    `session-refresh listens on ${origin}, its table on ${env.AWS_ENDPOINT_URL_DYNAMODB}\n`,
  );
  for (const { contract, curl } of demos) console.log(`${contract}\n${curl(origin)}\n`);
  console.log(`More sessions, here as in every shell:\n${howToOpen(env)}\n`);

  await interrupted();
  server.close().closeAllConnections();
  client.destroy();
  await database?.close();
}

/** The very handlers that are deployed. */
function routes(): Promise<Route[]> {
  return Promise.all(
    contracts.map(async (contract) => {
      const { handler } = await import(`../functions/${contract.name}/handler.ts`);
      return { contract, handler };
    }),
  );
}

/**
 * Starts something on the port that a variable names.
 * @throws Error of one line where the port is taken or is none
 */
async function onPort<Started>(
  variable: string,
  usual: number,
  begin: (port: number) => Promise<Started>,
): Promise<Started> {
  const port = Number(process.env[variable] || usual);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`${variable} is not a port`);
  try {
    return await begin(port);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new Error(
      `port ${port} is taken; ${variable} names another: ${variable}=${port + 1} npm start`,
    );
  }
}

function listening(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** The CLI's command line, with the variable that tells it where this server's table is. */
function howToOpen({ AWS_ENDPOINT_URL_DYNAMODB, DYNAMODB_PORT }: typeof process.env): string {
  const elsewhere = DYNAMODB_PORT
    ? DYNAMODB_PORT !== '8000' && `DYNAMODB_PORT=${DYNAMODB_PORT} `
    : `AWS_ENDPOINT_URL_DYNAMODB=${AWS_ENDPOINT_URL_DYNAMODB} `;
  return `${elsewhere || ''}npm run -s sessions -- open eos`;
}

function interrupted(): Promise<unknown> {
  return Promise.race(
    ['SIGINT', 'SIGTERM'].map((signal) => new Promise((resolve) => process.once(signal, resolve))),
  );
}
