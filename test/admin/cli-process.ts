import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, inject } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { material, type StoredWorld as World } from '../support/world.ts';

/** What a process said, and how it ended; no status where it had to be killed. */
export interface Ran {
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** The folder that a user of the CLI stands in. */
export const project = join(import.meta.dirname, '../..');

/** The keys of the tests' world, as `npm start` gives its own to the CLI. */
export const sessionKeys = JSON.stringify(
  Object.fromEntries(contracts.map(({ name }) => [name, material])),
);

/** Where nothing listens: whoever asks storage for anything there ends with status 3. */
export const nowhere = {
  AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1',
  SESSION_KEYS: sessionKeys,
};

/** The environment of a CLI that works on that world. */
export function envOf({ table }: World): Record<string, string> {
  return {
    AWS_ENDPOINT_URL_DYNAMODB: inject('embedded'),
    SESSION_TABLE: table,
    SESSION_KEYS: sessionKeys,
  };
}

/** Runs the CLI in a process of its own, with that environment and nothing of this one. */
export function cli(args: readonly string[], env: Record<string, string>): Promise<Ran> {
  const file = join(project, 'cli/cli.ts');
  return run(process.execPath, [file, ...args], env);
}

/** Runs a program in the project's folder. */
export function run(
  program: string,
  args: readonly string[],
  env: Record<string, string | undefined>,
): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { cwd: project, env, timeout: 50_000 };
    const child = execFile(program, args, options, (_, stdout, stderr) => {
      resolve({ status: child.exitCode ?? undefined, stdout, stderr });
    });
  });
}

/** The one JSON object, and nothing else, that the CLI printed when it was done. */
export function printed({ status, stdout, stderr }: Ran): Record<string, unknown> {
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const value: unknown = JSON.parse(stdout);
  expect(value).toBeTypeOf('object');
  expect(stdout).toBe(`${JSON.stringify(value)}\n`);
  return { ...(value as object) };
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}
