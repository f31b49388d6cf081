import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, onTestFinished } from 'vitest';
import { main } from '../../cli/main.ts';
import type { Terminal } from '../../cli/terminal.ts';
import { sessionOwners } from '../../functions/contracts.ts';
import { material, noon, type StoredWorld as World } from '../support/world.ts';

/** The keys of the tests' world, as `npm start` gives its own to the CLI. */
export const sessionKeys = JSON.stringify(
  Object.fromEntries(sessionOwners.map(({ name }) => [name, material])),
);

/** An address at which nothing listens: a command that asks storage for anything ends with status 3. */
export const nowhere = {
  AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1',
  SESSION_KEYS: sessionKeys,
};

/** The environment of a CLI that works on that world. */
export function envOf({ endpoint, table }: World): Record<string, string> {
  return { ...nowhere, AWS_ENDPOINT_URL_DYNAMODB: endpoint, SESSION_TABLE: table };
}

/** What a test says of the terminal that a command runs in. */
interface Setting extends Partial<Omit<Terminal, 'stdin' | 'person'>> {
  readonly stdin?: string;
  readonly person?: boolean;
}

/** Runs a command line, or its words, in this process, as in a shell with that environment and no other. */
export async function cli(
  line: string | readonly string[],
  env: Readonly<Record<string, string>>,
  { stdin = '', person = false, ...other }: Setting = {},
) {
  const [stdout, stderr]: [string[], string[]] = [[], []];
  const status = await main(typeof line === 'string' ? line.split(' ') : line, {
    env,
    stdin: Readable.from([Buffer.from(stdin)]),
    out: (text) => void stdout.push(text),
    err: (text) => void stderr.push(text),
    person: { out: person, err: person },
    colour: { out: false, err: false },
    clock: () => noon,
    timer: () => 0,
    // No command here takes a second, and no wait takes any time.
    sleep: async (_, signal) => {
      if (signal) await new Promise((__, ended) => signal.addEventListener('abort', ended));
    },
    ...other,
  });
  return { status, stdout: stdout.join(''), stderr: stderr.join('') };
}

/** The one JSON object, and nothing else, that a command printed when it was done. */
export function printed({
  status,
  stdout,
  stderr,
}: Awaited<ReturnType<typeof cli>>): Record<string, unknown> {
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const value: unknown = JSON.parse(stdout);
  expect(stdout).toBe(`${JSON.stringify(value)}\n`);
  return { ...(value as object) };
}

/** A file of these contents, in a folder that goes with the test. */
export function fileOf(contents: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'sessions-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'sessions.jsonl');
  writeFileSync(file, contents);
  return file;
}

/** The words of a line as a shell reads it, and what is piped into it. */
export function shellWords(line: string) {
  const [, stdin, typed = line] = /^echo '(.*)' \|\n(.*)$/s.exec(line) ?? [];
  const words = typed.trim().match(/'[^']*'|\S+/g) ?? [];
  const bare = words.map((word) => word.replace(/^'|'$/g, ''));
  return { prompt: bare.slice(0, 5).join(' '), args: bare.slice(5), stdin: stdin ?? '' };
}
