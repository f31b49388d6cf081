import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createTable, type EmbeddedDynamoDB, embeddedDynamoDB } from '../../local/dynamodb.ts';

describe('embeddedDynamoDB', () => {
  test('takes a free port of this machine alone where 0 is asked for', async () => {
    const [one, two] = [await started(), await started()];
    expect(one.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d+$/);
    expect(two.endpoint).not.toBe(one.endpoint);
  });

  test('takes the port that it is given', async () => {
    const first = await started();
    await first.close();
    const again = await started(portOf(first));
    expect(again.endpoint).toBe(first.endpoint);
  });

  test.for([
    { what: 'something else', occupied: taken },
    { what: 'another of it', occupied: async () => portOf(await started()) },
  ])('refuses a port that $what has', async ({ occupied }) => {
    await expect(started(await occupied())).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  test('shares no table with another', async () => {
    const [one, two] = [await started(), await started()];
    await createTable(client(one), 'sessions');
    expect(await tables(one)).toEqual(['sessions']);
    expect(await tables(two)).toEqual([]);
  });

  test('forgets its tables without a folder, and keeps them in one', async () => {
    const path = join(await folder(), 'not/made/yet');
    for (const [at, kept] of [
      [undefined, []],
      [path, ['sessions']],
    ] as const) {
      const first = await started(0, at);
      await createTable(client(first), 'sessions');
      await first.close();
      expect(await tables(await started(0, at))).toEqual(kept);
    }
  });

  test('refuses a folder that another has open', async () => {
    const path = await folder();
    await started(0, path);
    await expect(started(0, path)).rejects.toThrow(path);
  });

  test('refuses a file for a folder', async () => {
    const path = join(await folder(), 'file');
    await writeFile(path, '');
    await expect(started(0, path)).rejects.toThrow(path);
  });

  test('closes in spite of open connections, and they end', async () => {
    const engine = await started();
    const idle = connect(portOf(engine), '127.0.0.1');
    await once(idle, 'connect');
    expect(await tables(engine)).toEqual([]);
    const ended = once(idle.resume(), 'close');
    await engine.close();
    await ended;
    await expect(once(connect(portOf(engine), '127.0.0.1'), 'connect')).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });
});

/** An engine that is closed with its test, if not before. */
async function started(port = 0, path?: string): Promise<EmbeddedDynamoDB> {
  const engine = await embeddedDynamoDB(port, path);
  onTestFinished(() => engine.close().catch(() => undefined));
  return engine;
}

function portOf({ endpoint }: EmbeddedDynamoDB): number {
  return Number(new URL(endpoint).port);
}

/** A client whose connections stay open until its test ends. */
function client({ endpoint }: EmbeddedDynamoDB): DynamoDBClient {
  const made = new DynamoDBClient({
    endpoint,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  onTestFinished(() => made.destroy());
  return made;
}

async function tables(engine: EmbeddedDynamoDB): Promise<string[] | undefined> {
  return (await client(engine).send(new ListTablesCommand())).TableNames;
}

async function taken(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'session-refresh-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}
