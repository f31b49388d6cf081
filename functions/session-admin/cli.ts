import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { faultOf } from '../core/edge/fault.ts';
import { sessionRegistry } from '../core/session/registry.ts';
import { systemClock } from '../core/time.ts';
import { environmentKeys } from '../core/token/keys.ts';
import { type AdminServices, type Answer, commands } from './commands.ts';
import type { Input } from './fields.ts';
import { enter, localEnv, localKeys } from './local.ts';
import { overview, type Usage, usages } from './usage.ts';

type Name = keyof typeof commands;

process.exitCode = await main(process.argv.slice(2));

/** Runs one command; its result goes to stdout, everything else to stderr. */
async function main([name, ...args]: string[]): Promise<number> {
  if (name === '--help' || name === '-h') return print(overview);
  if (name === undefined || !Object.hasOwn(commands, name))
    return complain(`there is no such command\n\n${overview}`, 2);
  const usage: Usage = usages[name as Name];
  if (args.includes('--help') || args.includes('-h'))
    return print(`npm run -s sessions -- ${usage.line}\n\n${usage.help}`);
  const input = readArguments(usage, args);
  if (typeof input === 'string') return complain(`${input}\nusage: ${usage.line}`, 2);
  try {
    return tell(await commands[name as Name](input, services()), usage);
  } catch (error) {
    return complain(unreachable(error), 3);
  }
}

function tell(answer: Answer, usage: Usage): number {
  switch (answer.outcome) {
    case 'done':
      return print(JSON.stringify(answer.result));
    case 'refused':
      return complain(`refused: ${answer.reason}`, 1);
    case 'invalid':
      return complain(`${answer.problem}\nusage: ${usage.line}`, 2);
  }
}

/** The command line as a command's input, or what is wrong with it. */
function readArguments({ positionals: names, options }: Usage, args: string[]): Input | string {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: Object.fromEntries(options.map(({ name, type }) => [name, { type }])),
    });
    if (positionals.length !== names.length) return `it takes ${names.join(' and ')}`;
    const input: Record<string, unknown> = {};
    for (const [at, name] of names.entries()) input[name] = positionals[at];
    for (const option of options) input[option.input] = read(option.input, values[option.name]);
    return input;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function read(name: string, value: unknown): unknown {
  if (name === 'tokenLifetime' && value !== undefined) return Number(value);
  if (name === 'claims' && typeof value === 'string' && value.startsWith('@'))
    return readFileSync(value.slice(1), 'utf8');
  return value;
}

/** The sessions of the table that `npm start` serves, and its keys. */
function services(): AdminServices {
  const env = localEnv({ SESSION_KEYS: localKeys(), ...process.env });
  enter(env);
  return {
    registry: sessionRegistry(new DynamoDBClient({}), env.SESSION_TABLE ?? ''),
    keys: (contract) => environmentKeys(env, contract)(),
    clock: systemClock,
    wait: (seconds) => sleep(seconds * 1000),
  };
}

/** One line on what can be done about sessions that can't be reached. */
function unreachable(error: unknown): string {
  const { AWS_ENDPOINT_URL_DYNAMODB: endpoint } = process.env;
  if (faultOf(error) !== 'failed')
    return `no table of sessions answers at ${endpoint}: \`npm start\` serves one (AWS_ENDPOINT_URL_DYNAMODB or DYNAMODB_PORT say where)`;
  return error instanceof Error ? error.message : String(error);
}

function print(text: string): number {
  console.log(text);
  return 0;
}

function complain(text: string, status: number): number {
  console.error(text);
  return status;
}
