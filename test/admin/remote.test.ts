import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished } from 'vitest';
import { test, type World } from '../support/world.ts';
import { cli, printed } from './cli-process.ts';

/** Lambda's HTTP API as far as the CLI calls it, in front of the world's commands. */
async function lambdaStandIn({ run }: World) {
  const called: unknown[] = [];
  const server = createServer(async (request, response) => {
    const { command, ...input } = JSON.parse(await text(request));
    called.push({ path: request.url, command, input });
    if (input.contract === 'broken') {
      response.setHeader('X-Amz-Function-Error', 'Unhandled');
      response.end('{"errorType":"TimeoutError","errorMessage":"with a secret in it"}');
    } else response.end(JSON.stringify(await run(command, input)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const env = {
    AWS_ENDPOINT_URL_LAMBDA: `http://127.0.0.1:${port}`,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  return { env, called };
}

describe('npm run sessions with a deployed function', () => {
  test('calls the one that --function names, and prints what it would print here', async ({
    world,
  }) => {
    const { env, called } = await lambdaStandIn(world);
    const open = ['open', 'eos', '--id', 'far', '--secret', '20004007594', '--function', 'admin'];
    const held = printed(await cli(open, env));
    expect(held).toMatchObject({ contract: 'eos', sessionId: 'far', secureCode: '20004007594' });
    expect(called).toEqual([
      {
        path: '/2015-03-31/functions/admin/invocations',
        command: 'open',
        input: { contract: 'eos', sessionId: 'far', secret: '20004007594' },
      },
    ]);
  });

  test('calls the one that SESSION_ADMIN_FUNCTION names, with the same exit status', async ({
    world,
  }) => {
    const { env } = await lambdaStandIn(world);
    const named = { ...env, SESSION_ADMIN_FUNCTION: 'admin' };
    expect(await cli(['revoke', 'eos', 'nobody'], named)).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^refused: unknown-session: .+`list`.+\n$/),
    });
    expect((await cli(['list', 'eos', ''], named)).status).toBe(2);
  });

  test('says in one line that the function failed, and quotes nothing of it', async ({ world }) => {
    const { env } = await lambdaStandIn(world);
    const ran = await cli(['show', 'broken', 'id', '--function', 'admin'], env);
    expect(ran).toEqual({
      status: 3,
      stdout: '',
      stderr: 'admin failed: TimeoutError; its log says more\n',
    });
  });

  test('says in one line that AWS can not be reached', async () => {
    const ran = await cli(['show', 'eos', 'id', '--function', 'admin'], {
      AWS_ENDPOINT_URL_LAMBDA: 'http://127.0.0.1:1',
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    });
    expect(ran).toMatchObject({ status: 3, stdout: '' });
    expect(ran.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(ran.stderr).toMatch(/^.+; it takes credentials of AWS that may call admin, .+\n$/);
  });
});
