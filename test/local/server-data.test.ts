import { randomUUID } from 'node:crypto';
import { DeleteTableCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { folder, run, type Started, sessions, started, takenPort } from './processes.ts';
import { type Got, send } from './wire.ts';

describe('npm start -- --data DIR', () => {
  test.for(['SIGTERM', 'SIGKILL'] as const)('keeps a session over an end by %s', async (signal) => {
    const data = folder();
    const first = await started({}, '--data', data);
    const held = await sessions(first, 'open', 'eos', '--subject', 'ann', '--secret', 'hunter2');
    first.kill(signal);
    await first.ended;

    const second = await started({}, '--data', data);
    expect((await refresh(second, String(held.sessionId), 'hunter2')).status).toBe(200);
    const { sessions: anns } = await sessions(second, 'list', 'eos', 'ann');
    expect(anns).toMatchObject([{ sessionId: held.sessionId, state: 'active' }]);
  });

  test('keeps a revocation over a restart', async () => {
    const data = folder();
    const first = await started({}, '--data', data);
    const { sessionId } = await sessions(first, 'open', 'eos', '--secret', 'hunter2');
    await sessions(first, 'revoke', 'eos', String(sessionId));
    first.kill('SIGTERM');
    await first.ended;

    const second = await started({}, '--data', data);
    expect((await refresh(second, String(sessionId), 'hunter2')).status).toBe(403);
  });

  test('has lines of curl that are answered where the ids of the documents are taken', async () => {
    const data = folder();
    const first = await started({}, '--data', data);
    first.kill('SIGTERM');
    await first.ended;

    const { curls, ...second } = await started({}, '--data', data);
    expect(curls.size).toBe(3);
    expect(curls.get('eos')).not.toContain('9a0b6679-c460-41a3-b26c-26e0d69538c6');
    for (const line of curls.values()) {
      const { stdout } = await run(['bash', '-c', `${line} -o /dev/null -w '%{http_code}'`]).ended;
      expect(stdout).toBe('200');
    }
    // The session of the first start lives on beside it.
    const old = await refresh(second, '9a0b6679-c460-41a3-b26c-26e0d69538c6', '20004007594');
    expect(old.status).toBe(200);
  });
});

describe('npm start with AWS_ENDPOINT_URL_DYNAMODB', () => {
  test('serves that table, which outlives it, and starts no other engine', async () => {
    const { env, client } = elsewhere();
    const DYNAMODB_PORT = String(await takenPort());
    const server = await started({ ...env, DYNAMODB_PORT });
    expect(server.database).toBe(inject('embedded'));
    const held = await opened(env);
    expect((await refresh(server, held.sessionId, held.secureCode)).status).toBe(200);
    server.kill('SIGINT');
    expect(await server.ended).toMatchObject({ code: 0, stderr: '' });

    const rowKey = { S: `eos#${held.sessionId}` };
    const get = new GetItemCommand({ TableName: env.SESSION_TABLE, Key: { rowKey } });
    expect((await client.send(get)).Item?.rowKey).toEqual(rowKey);
  });

  test.for([{ more: {} }, { more: { DYNAMODB_PORT: '8000' } }])(
    'prints the line that opens more sessions there from any shell, $more',
    async ({ more }) => {
      const { env } = elsewhere();
      const server = await started({ ...env, ...more });
      const { stdout } = await run(['bash', '-c', server.howToOpen]).ended;
      const { sessionId, secureCode } = JSON.parse(stdout);
      expect((await refresh(server, sessionId, secureCode)).status).toBe(200);
    },
  );
});

function refresh(server: Pick<Started, 'port'>, id: string, secureCode: string): Promise<Got> {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const body = `sessionId=${id}&secureCode=${secureCode}`;
  return send(server, { path: '/client/refresh', headers, body });
}

/** A session of `eos` that the CLI opens in an environment. */
async function opened(env: Readonly<Record<string, string>>) {
  const cli = [process.execPath, 'cli/cli.ts', 'open', 'eos'];
  const { stdout } = await run(cli, env).ended;
  return JSON.parse(stdout) as { sessionId: string; secureCode: string };
}

/** A table of its own on the engine that the tests share, deleted with its test. */
function elsewhere() {
  const env = {
    AWS_ENDPOINT_URL_DYNAMODB: inject('embedded'),
    SESSION_TABLE: `sessions-${randomUUID()}`,
  };
  const client = new DynamoDBClient({
    endpoint: env.AWS_ENDPOINT_URL_DYNAMODB,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  onTestFinished(async () => {
    await client.send(new DeleteTableCommand({ TableName: env.SESSION_TABLE }));
    client.destroy();
  });
  return { env, client };
}
