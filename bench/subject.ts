import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
  readonly heapMB: number;
  /** Of each call, 400 at most. */
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
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  if (child.pid !== undefined) group?.add(child.pid);
  child.stdout?.resume();
  const ended = once(child, 'exit');
  const next = async (): Promise<Taken> => {
    const [taken] = await Promise.race([once(child, 'message'), ended]);
    if (typeof taken !== 'object' || taken === null) throw new Error(`${name} ended`);
    return taken;
  };
  return {
    init: await next(),
    run(calls, lanes = 1) {
      child.send({ calls, lanes });
      return next();
    },
    async stop() {
      child.disconnect();
      await ended;
    },
  };
}

/** Plain JavaScript without an import, so that what is measured is the handler. */
const runtime = `
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
  const heapMB = process.memoryUsage().heapUsed / 1e6;
  process.send({ cpuMs: (user + system) / 1000, wallMs, heapMB, eachMs });
};
process.on('disconnect', () => process.exit());
process.on('message', async ({ calls, lanes }) => {
  const [cpu, began, eachMs] = [process.cpuUsage(), performance.now(), []];
  const lane = async () => {
    for (let done = 0; done < calls / lanes; done += 1) {
      const asked = performance.now();
      await call();
      if (eachMs.length < 400) eachMs.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  tell(performance.now() - began, process.cpuUsage(cpu), eachMs);
});
tell(performance.now(), process.cpuUsage());
`;
