import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { keyFile, type LocalEnv, localClient, localEnv } from '../cli/local.ts';
import { dynamoDBTable } from '../functions/core/session/table.ts';
import { adminServices } from '../functions/session-admin/services.ts';
import { demoApiKey, openDemos } from './demo.ts';
import { createTable, embeddedDynamoDB } from './dynamodb.ts';
import { sessionsIn } from './explorer/all-sessions.ts';
import { explorer } from './explorer/explorer.ts';
import { gateway } from './gateway.ts';
import { localKeyFile } from './keys.ts';
import { listener } from './listener.ts';
import { logLines, terminalPaint } from './log-line.ts';
import { help, type Options, readOptions } from './options.ts';
import { recentRequests } from './recent.ts';
import { routes } from './routes.ts';
import { screen } from './screen.ts';

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
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') console.log(help);
  else stop = await start(options);
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

/** Serves the contracts on this machine. Returns what stops it. */
async function start({ data, origins }: Options): Promise<() => Promise<void>> {
  const log = logLines(process.env.LOG_LEVEL, console.log, () => new Date(), terminalPaint);
  const given = process.env.AWS_ENDPOINT_URL_DYNAMODB;
  const database = given
    ? undefined
    : await onPort('DYNAMODB_PORT', 8000, (port) =>
        embeddedDynamoDB(port, data, process.env.DYNAMODB_HOST || undefined),
      );
  const env = localEnv({
    SESSION_KEYS: localKeyFile(keyFile),
    ...process.env,
    ...(database && { DYNAMODB_PORT: new URL(database.endpoint).port }),
    ...(origins.length > 0 && { ALLOWED_ORIGINS: origins.join(' ') }),
  });
  const client = localClient(env);
  await createTable(client, env.SESSION_TABLE);
  const table = dynamoDBTable(client, env.SESSION_TABLE);

  const recent = recentRequests(log);
  const admin = adminServices(env, undefined, table);
  const apis = gateway({
    routes: routes(env, table, recent.record),
    apiKeys: new Set([demoApiKey]),
    origins,
    tell: recent.refusal,
  });
  const find = sessionsIn(client, env.SESSION_TABLE);
  const pages = explorer({ services: admin, find, request: recent.find }, listener(apis));
  const server = createServer(pages);
  const port = await onPort('PORT', 3000, (wanted) => listening(server, wanted));
  const ready = {
    origin: `http://127.0.0.1:${port}`,
    table: env.AWS_ENDPOINT_URL_DYNAMODB,
    inMemory: database !== undefined && data === undefined,
    demos: await openDemos(admin),
    origins,
    openCommand: openCommand(env, database !== undefined),
  };
  console.log(screen(ready));

  return async () => {
    server.close().closeAllConnections();
    client.destroy();
    await database?.close();
  };
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
  const text = process.env[variable] || String(usual);
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`${variable}: "${text}" is not a port; expected 0 to 65535`);
  try {
    return await begin(port);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new Error(
      `port ${port} is in use; choose another with ${variable}: ${variable}=${port + 1} npm start`,
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

/** The CLI's command, with the variables that lead it to this server's table. */
function openCommand(env: LocalEnv, embedded: boolean): string {
  const { DYNAMODB_PORT, SESSION_TABLE, AWS_ENDPOINT_URL_DYNAMODB } = env;
  const where = embedded
    ? { DYNAMODB_PORT, SESSION_TABLE }
    : { AWS_ENDPOINT_URL_DYNAMODB, SESSION_TABLE };
  const usual = new Set(['8000', 'sessions']);
  const variables = Object.entries(where).filter(([, value]) => value && !usual.has(value));
  const words = variables.map(([name, value]) => `${name}=${value} `);
  return `${words.join('')}npm run -s sessions -- open eos`;
}
