import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { faultOf } from '../functions/core/lambda/errors.ts';
import { dynamoDBTable } from '../functions/core/session/table.ts';
import { systemClock } from '../functions/core/time.ts';
import type { Answer } from '../functions/session-admin/command.ts';
import { commands } from '../functions/session-admin/commands.ts';
import type { Input } from '../functions/session-admin/fields.ts';
import { adminServices } from '../functions/session-admin/services.ts';
import { answerText } from './answer-text.ts';
import { localClient, localEnv, localKeys } from './local.ts';
import { nextStep } from './next-step.ts';
import { printable } from './table.ts';
import { help, overview, type Usage, usages } from './usage.ts';

type Name = keyof typeof usages;

/** What a command line asks for. */
interface Asked {
  readonly input: Input;
  /** The deployed Lambda that shall run it; without one it runs on what `npm start` serves. */
  readonly lambda: string | undefined;
  /** Whether the answer shall be JSON, wherever it goes. */
  readonly json: boolean;
}

process.exitCode = await main(process.argv.slice(2), process.stdout.isTTY);

/** Runs one command; its result goes to stdout, everything else to stderr. */
async function main([name, ...args]: string[], terminal: boolean): Promise<number> {
  if (name === '--help' || name === '-h') return print(overview);
  if (name === undefined || !Object.hasOwn(usages, name))
    return complain(
      `there is no such command; there are ${Object.keys(commands).join(', ')}, and --help`,
      2,
    );
  const usage: Usage = usages[name as Name];
  const asked = readArguments(usage, args);
  if (asked === 'help') return print(help(usage));
  if (typeof asked === 'string') return complain(`${asked}\nusage: ${usage.line}`, 2);
  try {
    return tell(await run(name as Name, asked), usage, terminal && !asked.json);
  } catch (error) {
    return complain(unreachable(error, asked), 3);
  }
}

function tell(answer: Answer, usage: Usage, toPerson: boolean): number {
  switch (answer.outcome) {
    case 'done':
      return print(
        toPerson ? answerText(answer.result, systemClock()) : JSON.stringify(answer.result),
      );
    case 'refused':
      return complain(`refused: ${answer.reason}: ${nextStep(answer.reason)}`, 1);
    case 'invalid':
      return complain(`${answer.problem}\nusage: ${usage.line}`, 2);
  }
}

/** The command line as a command's input, or what is wrong with it. */
function readArguments(
  { positionals: names, options }: Usage,
  args: string[],
): Asked | 'help' | string {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        ...Object.fromEntries(options.map(({ name, type }) => [name, { type }])),
        function: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) return 'help';
    if (positionals.length !== names.length) return `it takes ${names.join(' and ')}`;
    const given: Readonly<Record<string, unknown>> = values;
    const input: Record<string, unknown> = {};
    for (const [at, name] of names.entries()) input[name] = positionals[at];
    for (const option of options) input[option.input] = read(option.input, given[option.name]);
    const lambda = values.function || process.env.SESSION_ADMIN_FUNCTION;
    return { input, lambda, json: values.json === true };
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).replaceAll('\n', ' ');
  }
}

function read(name: string, value: unknown): unknown {
  if (name === 'tokenLifetime' && value !== undefined)
    return /^\d+$/.test(String(value)) ? Number(value) : value;
  if (name === 'claims' && typeof value === 'string' && value.startsWith('@'))
    return readFileSync(value.slice(1), 'utf8');
  return value;
}

async function run(name: Name, { input, lambda }: Asked): Promise<Answer> {
  if (lambda) {
    // Only who asks for it pays for loading it.
    const { remotely } = await import('./remote.ts');
    return remotely(lambda, name, input);
  }
  const env = localEnv({ SESSION_KEYS: localKeys(), ...process.env });
  const table = dynamoDBTable(localClient(env), env.SESSION_TABLE);
  return commands[name](input, adminServices(env, undefined, table));
}

/** One line on what can be done about sessions that can't be reached. */
function unreachable(error: unknown, { lambda }: Asked): string {
  const { AWS_ENDPOINT_URL_DYNAMODB: endpoint } = localEnv(process.env);
  if (!lambda && faultOf(error) !== 'failed')
    return `the sessions can't be reached at ${endpoint}; is \`npm start\` running? (AWS_ENDPOINT_URL_DYNAMODB or DYNAMODB_PORT say where)`;
  return error instanceof Error ? error.message : String(error);
}

function print(text: string): number {
  console.log(text);
  return 0;
}

function complain(text: string, status: number): number {
  console.error(text.split('\n').map(printable).join('\n'));
  return status;
}
