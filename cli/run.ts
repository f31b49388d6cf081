import { dynamoDBTable, StorageUnavailable } from '../functions/core/session/table.ts';
import { commands } from '../functions/session-admin/commands.ts';
import { adminServices } from '../functions/session-admin/services.ts';
import { answerText, refreshPaths } from './answer-text.ts';
import { importFile } from './import.ts';
import { inputOf } from './input.ts';
import { isOnThisMachine, localClient, localEnv, localKeys } from './local.ts';
import { nextStep } from './next-step.ts';
import type { Asked } from './program.ts';
import { type Call, remotely } from './remote.ts';
import { complain, print, type Terminal } from './terminal.ts';
import { type CommandName, prompt } from './usage.ts';

/** Runs a command and returns its exit status. */
export async function run(asked: Asked, terminal: Terminal): Promise<number> {
  const { name, lambda } = asked;
  const input = inputOf(asked.given);
  if ('problem' in input) return wrongUsage(input.problem, name, terminal);
  try {
    const call = lambda ? await remotely(lambda, terminal.env) : locally(terminal);
    const answer =
      name === 'import'
        ? await importFile(input.value, call, terminal)
        : await withNotice(name, call(name, input.value), terminal);
    switch (answer.outcome) {
      case 'done':
        printResult(answer.result, asked, terminal);
        return 'failed' in answer.result && answer.result.failed !== 0 ? 1 : 0;
      case 'refused':
        complain(terminal, `${answer.reason}: ${nextStep(answer.reason)}`);
        return 1;
      case 'invalid':
        return wrongUsage(answer.problem, name, terminal);
    }
  } catch (error) {
    complain(terminal, problemOf(error, asked, terminal));
    return 3;
  }
}

function wrongUsage(problem: string, name: CommandName, terminal: Terminal): number {
  complain(terminal, problem);
  terminal.err(`usage: ${prompt} ${name} --help\n`);
  return 2;
}

function printResult(result: object, { name, json }: Asked, terminal: Terminal): void {
  const forPerson = terminal.person.out && !json;
  const text = answerText(result, terminal.clock(), terminal.colour.out);
  print(terminal, forPerson ? text : JSON.stringify(result));
  if (forPerson && (name === 'open' || name === 'login')) print(terminal, refreshPaths(result));
}

/** Calls the commands on the table that `npm start` serves, or that the environment names. */
function locally({ env: given }: Terminal): Call {
  const env = localEnv({ SESSION_KEYS: localKeys(), ...given });
  if (!env.SESSION_KEYS && !env.SESSION_SECRETS)
    throw new Error('there are no keys yet: start `npm start` once, or set SESSION_KEYS');
  const table = dynamoDBTable(localClient(env), env.SESSION_TABLE);
  const services = adminServices(env, undefined, table);
  const now = async () => undefined;
  // A table on this machine updates its index at once, so `revoke-all` does not wait.
  const ready = isOnThisMachine(env) ? { ...services, wait: now } : services;
  return (name, input) => commands[name](input, ready);
}

/** Tells a person what a command is waiting for, if it takes more than a second. */
async function withNotice<Result>(
  name: CommandName,
  result: Promise<Result>,
  { person, err, sleep }: Terminal,
): Promise<Result> {
  const notice =
    name === 'revoke-all'
      ? 'Waiting until the index shows no other session of the subject …'
      : 'Waiting for an answer …';
  const answered = new AbortController();
  const late = sleep(1, answered.signal).then(
    () => person.err && err(`${notice}\n`),
    () => undefined,
  );
  try {
    return await result;
  } finally {
    answered.abort();
    await late;
  }
}

/** One line that says what to do if the sessions cannot be reached. */
function problemOf(error: unknown, { lambda }: Asked, { env }: Terminal): string {
  if (!lambda && error instanceof StorageUnavailable) {
    const { AWS_ENDPOINT_URL_DYNAMODB: endpoint } = localEnv(env);
    return `the sessions can't be reached at ${endpoint}; is \`npm start\` running? (AWS_ENDPOINT_URL_DYNAMODB or DYNAMODB_PORT set the address)`;
  }
  return error instanceof Error ? error.message : String(error);
}
