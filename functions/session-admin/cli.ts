import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { faultOf } from '../core/edge/fault.ts';
import { type Answer, commands } from './commands.ts';
import type { Input } from './fields.ts';
import { enter, localEnv, localKeys } from './local.ts';
import { adminServices } from './services.ts';
import { overview, type Usage, usages } from './usage.ts';

type Name = keyof typeof commands;

/** What a command line asks for. */
interface Asked {
  readonly input: Input;
  /** The deployed Lambda that shall run it; without one it runs on what `npm start` serves. */
  readonly lambda: string | undefined;
}

process.exitCode = await main(process.argv.slice(2));

/** Runs one command; its result goes to stdout, everything else to stderr. */
async function main([name, ...args]: string[]): Promise<number> {
  if (name === '--help' || name === '-h') return print(overview);
  if (name === undefined || !Object.hasOwn(commands, name))
    return complain('there is no such command; --help lists them all', 2);
  const usage: Usage = usages[name as Name];
  const asked = readArguments(usage, args);
  if (asked === 'help') return print(`npm run -s sessions -- ${usage.line}\n\n${usage.help}`);
  if (typeof asked === 'string') return complain(`${asked}\nusage: ${usage.line}`, 2);
  try {
    return tell(await run(name as Name, asked), usage);
  } catch (error) {
    return complain(unreachable(error, asked), 3);
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
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) return 'help';
    if (positionals.length !== names.length) return `it takes ${names.join(' and ')}`;
    const given: Readonly<Record<string, unknown>> = values;
    const input: Record<string, unknown> = {};
    for (const [at, name] of names.entries()) input[name] = positionals[at];
    for (const option of options) input[option.input] = read(option.input, given[option.name]);
    return { input, lambda: values.function || process.env.SESSION_ADMIN_FUNCTION };
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
  enter(localEnv({ SESSION_KEYS: localKeys(), ...process.env }));
  return commands[name](input, adminServices());
}

/** One line on what can be done about sessions that can't be reached. */
function unreachable(error: unknown, { lambda }: Asked): string {
  const { AWS_ENDPOINT_URL_DYNAMODB: endpoint } = process.env;
  if (!lambda && faultOf(error) !== 'failed')
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
