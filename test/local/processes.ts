import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { systemClock } from '../../functions/core/time.ts';
import { cli, printed } from '../admin/in-process.ts';
import { guard } from '../support/processes.ts';

/** The project's own folder. */
export const project = join(import.meta.dirname, '../..');

type Env = Readonly<Record<string, string>>;
type AtEnd = (end: () => Promise<void>) => unknown;

type Running = ReturnType<typeof run>;

/**
 * Runs a command line of the project, or of a copy of it, in an environment that has nothing of this one's
 * but PATH and HOME, and a cache of compiled code. The process is killed with its test, or when `atEnd` calls back.
 */
export function run(
  command: readonly string[],
  env: Env = {},
  cwd = project,
  atEnd: AtEnd = onTestFinished,
) {
  const [file = '', ...args] = command;
  const { PATH = '', HOME = '' } = process.env;
  // A group of its own, as in a terminal: a signal to all of it spares the tests.
  const child = spawn(file, args, {
    cwd,
    // The first process compiles what the others load.
    env: { PATH, HOME, NODE_COMPILE_CACHE: join(tmpdir(), 'compiled'), ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  guard(child, { detached: true });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }));
  const group = -(child.pid ?? Number.NaN);
  atEnd(async () => {
    try {
      process.kill(group, 'SIGKILL');
    } catch {
      // Nothing of it is left.
    }
    await ended;
  });
  return {
    /** Sends a signal: to this process, or as a terminal does, to all that it started too. */
    kill: (signal: NodeJS.Signals, to?: 'all') =>
      to ? process.kill(group, signal) : child.kill(signal),
    /** What it has said once that holds a text which is yet to come; rejects where it ends first. */
    said: (text: string) =>
      new Promise<string>((resolve, reject) => {
        child.stdout.on('data', () => stdout.includes(text) && resolve(stdout));
        ended.then(() => reject(new Error(`it never said '${text}': ${stdout}${stderr}`)));
      }),
    /** Once it has ended: how, and all that it said. */
    ended,
  };
}

/** Starts the server on free ports, unless the environment names others. */
export function serve(env: Env = {}, args: readonly string[] = [], atEnd?: AtEnd): Running {
  const ports = { PORT: '0', DYNAMODB_PORT: '0' };
  const command = [process.execPath, 'local/server.ts', ...args];
  return run(command, { ...ports, ...env }, project, atEnd);
}

/** One server for all tests of a file or a suite. */
export function startedForAll(env: Env = {}, ...args: string[]): () => Started {
  const ends: (() => Promise<void>)[] = [];
  let server: Started;
  beforeAll(async () => {
    server = await listening(serve(env, args, (end) => ends.push(end)));
  });
  afterAll(() => Promise.all(ends.map((end) => end())));
  return () => server;
}

export type Started = Awaited<ReturnType<typeof listening>>;

/** A server's addresses, and the lines that it gives to paste, once it has printed them. */
export async function listening(running: Running) {
  const greeting = await running.said('lists the options.\n\n');
  const [, origin = '', database = ''] =
    /^session-refresh listens on (\S+), its table on (\S+)$/m.exec(greeting) ?? [];
  const pairs = greeting.matchAll(/^(\w+): POST .*\n(curl .*)$/gm);
  const curls = new Map([...pairs].map(([, contract = '', line = '']) => [contract, line]));
  const [howToOpen = ''] = /^.*npm run -s sessions -- open eos$/m.exec(greeting) ?? [];
  const port = Number(new URL(origin).port);
  return { ...running, origin, port, database, curls, howToOpen, greeting };
}

/** Runs a command of the CLI, in this process, against the table that a server named; its answer must be a JSON object. */
export async function sessions({ database }: Pick<Started, 'database'>, ...args: string[]) {
  const DYNAMODB_PORT = new URL(database).port;
  return printed(await cli(args, { DYNAMODB_PORT }, { clock: systemClock }));
}

/** A folder that lasts as long as its test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'session-refresh-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}
