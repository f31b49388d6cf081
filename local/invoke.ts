import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { type LocalEnv, localClient, localEnv, localKeys } from '../cli/local.ts';
import { contracts } from '../functions/contracts.ts';
import type { Contract } from '../functions/core/contract/contract.ts';
import { dynamoDBTable } from '../functions/core/session/table.ts';
import { adminServices } from '../functions/session-admin/services.ts';
import { eventOf, openSession } from './demo.ts';

const help = `Runs the handler of one Lambda on the table of \`npm start\`, without Docker, and
prints its answer and its log.

Usage: npm run invoke CONTRACT [-- --event FILE]

  CONTRACT        ${contracts.map(({ name }) => name).join(', ')}
  --event FILE    Use this API Gateway proxy event. Without it, a session is opened
                  and the event refreshes it.

Examples:
  npm run invoke eos
  npm run invoke eos -- --event events/eos.json`;

try {
  const asked = readArguments(process.argv.slice(2));
  if (asked === undefined) console.log(help);
  else await invoke(asked.contract, asked.file);
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

/** The contract and the event's file; nothing where help is asked for. */
function readArguments(args: string[]) {
  const options = { event: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  if (values.help || args.length === 0) return undefined;
  const contract = contracts.find(({ name }) => name === positionals[0]);
  if (!contract || positionals.length > 1)
    throw new Error(
      `"${positionals.join(' ')}" is not a contract; expected ${contracts.map(({ name }) => name).join(', ')}`,
    );
  return { contract, file: values.event };
}

async function invoke(contract: Contract, file: string | undefined): Promise<void> {
  const env = localEnv({ SESSION_KEYS: localKeys(), ...process.env });
  if (!env.SESSION_KEYS) throw new Error('there are no local keys; start `npm start` once');
  const event = file ? eventIn(file) : await refreshEvent(contract, env);
  const { answer, log } = await inWorker(contract, event, env);
  console.log(`${JSON.stringify(answer, null, 2)}\n\nLog:\n${log.trimEnd()}`);
}

/** @throws Error that names the file, where it holds no JSON */
function eventIn(file: string): APIGatewayProxyEvent {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new Error(`--event: cannot read ${file} as JSON`);
  }
}

/** The event of a refresh of a session that is opened for it. */
async function refreshEvent(contract: Contract, env: LocalEnv): Promise<APIGatewayProxyEvent> {
  const client = localClient(env);
  const table = dynamoDBTable(client, env.SESSION_TABLE);
  const held = await openSession(contract.serves, adminServices(env, undefined, table)).catch(
    (error: unknown) => {
      const where = env.AWS_ENDPOINT_URL_DYNAMODB;
      throw new Error(`the table at ${where} does not answer; is \`npm start\` running?`, {
        cause: error,
      });
    },
  );
  client.destroy();
  return eventOf({ contract, held });
}

/**
 * Runs the contract's handler file, as AWS does, in a worker: it gets this environment and no other, and
 * what it writes to stdout is its log.
 */
async function inWorker(contract: Contract, event: APIGatewayProxyEvent, env: LocalEnv) {
  const handler = new URL(`../functions/${contract.name}/handler.ts`, import.meta.url).href;
  const context = new URL('./proxy-event.ts', import.meta.url).href;
  const code = `
    const { parentPort, workerData: { handler, context, event } } = require('node:worker_threads');
    Promise.all([import(handler), import(context)]).then(async ([lambda, local]) => {
      parentPort.postMessage(await lambda.handler(event, local.context(event.requestContext?.requestId ?? '')));
    });`;
  const workerData = { handler, context, event };
  const worker = new Worker(code, { eval: true, env: { ...env }, workerData, stdout: true });
  let log = '';
  worker.stdout.setEncoding('utf8').on('data', (text) => {
    log += text;
  });
  const answer = await new Promise<APIGatewayProxyResult>((resolve, reject) => {
    worker.once('message', resolve).once('error', reject);
  });
  await new Promise((resolve) => {
    worker.stdout.once('end', resolve);
    void worker.terminate();
  });
  return { answer, log };
}
