import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { embeddedDynamoDB } from '../../local/dynamodb.ts';
import { dynamoDBLocal } from './processes.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the embedded DynamoDB answers. */
    embedded: string;
    /** Where Amazon's DynamoDB Local answers; empty where there is no Java 17 to run it. */
    dynamoDBLocal: string;
  }
}

/**
 * Starts both engines once, for all test files, and gives every test a folder for temporary files
 * (`tmpdir()`) that goes with the run. `REQUIRE_DYNAMODB_LOCAL=1` makes Java a must; `EMBEDDED_ONLY=1`,
 * for mutants, starts one.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const scratch = mkdtempSync(join(tmpdir(), 'tests-'));
  process.env.TMPDIR = scratch;
  const amazon = process.env.EMBEDDED_ONLY ? undefined : await dynamoDBLocal();
  if (!amazon && process.env.REQUIRE_DYNAMODB_LOCAL)
    throw new Error('DynamoDB Local needs Java 17 or later');
  const embedded = await embeddedDynamoDB(0);
  project.provide('embedded', embedded.endpoint);
  project.provide('dynamoDBLocal', amazon?.endpoint ?? '');
  if (!amazon)
    console.warn('\nSKIPPED: every test on DynamoDB Local, which needs Java 17 or later\n');
  return async () => {
    amazon?.close();
    await embedded.close();
    rmSync(scratch, { recursive: true, force: true });
  };
}
