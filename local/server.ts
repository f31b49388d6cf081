import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { keyFile, type LocalEnv, localClient, localEnv } from '../cli/local.ts';
import { contracts } from '../functions/contracts.ts';
import type { WriteRecord } from '../functions/core/lambda/record.ts';
import { refreshHandler } from '../functions/core/lambda/refresh-handler.ts';
import { services } from '../functions/core/lambda/services.ts';
import { dynamoDBTable, type Table } from '../functions/core/session/table.ts';
import { adminServices } from '../functions/session-admin/services.ts';
import { demoApiKey, openDemos } from './demo.ts';
import { createTable, embeddedDynamoDB } from './dynamodb.ts';
import { sessionsIn } from './explorer/all-sessions.ts';
import { explorer } from './explorer/explorer.ts';
import { gateway, type Route } from './gateway.ts';
import { localKeyFile } from './keys.ts';
import { logLines } from './log-line.ts';

let stop: () => Promise<unknown> = async () => undefined;
// npm passes on what the terminal sends to both, so the same signal may come twice.
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, async () => {
    const stopping = stop;
    stop = () => new Promise(() => undefined);
    await stopping();
    process.exit(0);
  });

try {
  stop = await start();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

/** Serves the contracts on this machine. Answers how to stop. */
async function start(): Promise<() => Promise<void>> {
  const { values } = parseArgs({ options: { data: { type: 'string' } } });
  const given = process.env.AWS_ENDPOINT_URL_DYNAMODB;
  const database = given
    ? undefined
    : await onPort('DYNAMODB_PORT', 8000, (port) =>
        embeddedDynamoDB(port, values.data, process.env.DYNAMODB_HOST || undefined),
      );
  const env = localEnv({
    SESSION_KEYS: localKeyFile(keyFile),
    ...process.env,
    ...(database && { DYNAMODB_PORT: new URL(database.endpoint).port }),
  });
  const client = localClient(env);
  await createTable(client, env.SESSION_TABLE);
  const table = dynamoDBTable(client, env.SESSION_TABLE);

  const log = logLines(process.env.LOG_LEVEL, console.log, () => new Date());
  const admin = adminServices(env, undefined, table);
  const apis = gateway(routes(env, table, log.record), new Set([demoApiKey]), log.refusal);
  const find = sessionsIn(client, env.SESSION_TABLE);
  const server = createServer(explorer({ services: admin, find }, apis));
  const port = await onPort('PORT', 3000, (wanted) => listening(server, wanted));
  const demos = await openDemos(admin);
  const origin = `http://127.0.0.1:${port}`;
  console.log(
    `session-refresh listens on ${origin}, its table on ${env.AWS_ENDPOINT_URL_DYNAMODB}\n`,
  );
  console.log(`Read and try all of it in a browser: ${origin}/\n`);
  for (const { contract, curl } of demos) console.log(`${contract}\n${curl(origin)}\n`);
  console.log(
    `More sessions, here as in every shell:\n${howToOpen(env, database !== undefined)}\n`,
  );

  return async () => {
    server.close().closeAllConnections();
    client.destroy();
    await database?.close();
  };
}

/** The handlers as they are deployed, but that their log is for people. */
function routes(env: LocalEnv, table: Table, write: WriteRecord): Route[] {
  return contracts.map((contract) => ({
    contract,
    handler: refreshHandler(contract, { ...services(contract, env, table), write }),
  }));
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

/** The CLI's command line, with the variables that tell it where this server's table is. */
function howToOpen(env: LocalEnv, embedded: boolean): string {
  const where = embedded
    ? { DYNAMODB_PORT: env.DYNAMODB_PORT, SESSION_TABLE: env.SESSION_TABLE }
    : {
        AWS_ENDPOINT_URL_DYNAMODB: env.AWS_ENDPOINT_URL_DYNAMODB,
        SESSION_TABLE: env.SESSION_TABLE,
      };
  const usual = new Set(['8000', 'sessions']);
  const variables = Object.entries(where).filter(([, value]) => value && !usual.has(value));
  const words = variables.map(([name, value]) => `${name}=${value} `);
  return `${words.join('')}npm run -s sessions -- open eos`;
}
