import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { Share } from './share.ts';

/** A bundled handler to be measured: its module, its variables, and the event it is called with. */
export interface Measured {
  readonly name: string;
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly event: object;
}

/** What some calls took, or the start. */
export interface Taken {
  /** Of the whole process, every thread of it. */
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly rssMB: number;
  readonly heapMB: number;
  /** Of each call, while they are few. */
  readonly eachMs: readonly number[];
}

/** A handler in a process of its own. */
export interface Subject {
  /** From the process's beginning until its module has loaded. */
  readonly init: Taken;
  /** Calls it so many times, in so many lanes. */
  run(calls: number, lanes?: number): Promise<Taken>;
  stop(): Promise<void>;
}

/**
 * Starts a handler in a share of the CPU, which is all of it by default. What it writes goes into a pipe,
 * as on Lambda.
 * @throws Error where a call is not answered with 200
 */
export async function subject(
  { name, file, env, event }: Measured,
  { flags = [], group }: { readonly flags?: readonly string[]; readonly group?: Share } = {},
): Promise<Subject> {
  const child = spawn(process.execPath, [...flags, '--input-type=module', '--eval', runtime], {
    env: { ...env, BENCH_FILE: pathToFileURL(file).href, BENCH_EVENT: JSON.stringify(event) },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) group?.add(child.pid);
  child.stdout.resume();
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const answers = createInterface({ input: child.stdio[3] as NodeJS.ReadableStream });
  const lines = answers[Symbol.asyncIterator]();
  const next = async (): Promise<Taken> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${name} ended: ${errors}`);
    return JSON.parse(value);
  };
  return {
    init: await next(),
    run(calls, lanes = 1) {
      child.stdin.write(`${calls} ${lanes}\n`);
      return next();
    },
    async stop() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

/** Plain JavaScript with one import, so that what is measured is the handler. */
const runtime = `
import { writeSync } from 'node:fs';
const { BENCH_FILE, BENCH_EVENT } = process.env;
const { handler } = await import(BENCH_FILE);
const call = async () => {
  const ends = Date.now() + 5000;
  const context = { awsRequestId: 'a', getRemainingTimeInMillis: () => ends - Date.now() };
  const { statusCode, body } = await handler(JSON.parse(BENCH_EVENT), context);
  if (statusCode !== 200) throw new Error(statusCode + ' ' + body);
};
const tell = (wallMs, { user, system }, eachMs = []) => {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const cpuMs = (user + system) / 1000;
  writeSync(3, JSON.stringify({ cpuMs, wallMs, rssMB: rss / 1e6, heapMB: heapUsed / 1e6, eachMs }) + '\\n');
};
tell(performance.now(), process.cpuUsage());
for await (const line of process.stdin) {
  const [calls, lanes] = String(line).split(' ').map(Number);
  const cpu = process.cpuUsage();
  const began = performance.now();
  const eachMs = [];
  const lane = async () => {
    for (let done = 0; done < calls / lanes; done += 1) {
      const asked = performance.now();
      await call();
      if (calls <= 1000) eachMs.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  tell(performance.now() - began, process.cpuUsage(cpu), eachMs);
}
process.exit(0);
`;
