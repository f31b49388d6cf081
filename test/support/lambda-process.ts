import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A bundled Lambda in a process of its own, as the Lambda service runs it. */
export interface LambdaProcess {
  /** Calls the handler; what it throws comes back as `{ errorType }`. */
  call(event: unknown): Promise<unknown>;
  /** What it has written so far. */
  output(): string;
  stop(): Promise<void>;
}

/** Starts the module in a folder with exactly these variables. */
export function lambdaProcess(folder: string, env: Record<string, string>): LambdaProcess {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', runtime], {
    cwd: folder,
    env,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += chunk;
    });
  const answers = createInterface({ input: child.stdio[3] as NodeJS.ReadableStream });
  const lines = answers[Symbol.asyncIterator]();
  return {
    async call(event) {
      child.stdin.write(`${JSON.stringify(event)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`the Lambda ended: ${output}`);
      return JSON.parse(value);
    },
    output: () => output,
    async stop() {
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
