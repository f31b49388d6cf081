import { describe, expect } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { cloudWatchLog } from '../../functions/core/lambda/log.ts';
import { refreshHandler } from '../../functions/core/lambda/refresh-handler.ts';
import { systemTimer } from '../../functions/core/time.ts';
import { demoApiKey } from '../../local/demo.ts';
import { capturedOutput } from '../support/output.ts';
import { test, type World } from '../support/world.ts';
import { refreshOf, type Sent, send, serve } from './wire.ts';

/** A gateway before handlers that write as the deployed ones do. */
function deployedAlike(world: World) {
  return serve(
    contracts.map((contract) => ({
      contract,
      handler: refreshHandler(contract, {
        table: world.rows,
        keys: async () => world.keys(contract),
        clock: () => world.now,
        timer: systemTimer,
        policy: contract.policy,
        write: cloudWatchLog(contract.name, 'Stack').write,
      }),
    })),
  );
}

/** The id of a request in each place where it can be found. */
async function traced(world: World, sent: Sent) {
  const served = await deployedAlike(world);
  const output = capturedOutput();
  const { status, headers, text } = await send(served, sent);
  const parsed = output.lines().map((line) => JSON.parse(line));
  const [line] = parsed.filter(({ _aws }) => _aws);
  return { status, headers, text, line };
}

describe('a request', () => {
  test('is found by its client’s id in its answer and its log line', async ({ world }) => {
    const sent = await refreshOf(world);
    const named = { ...sent, headers: { ...sent.headers, 'X-Request-Id': 'trace-7' } };
    const { status, headers, line } = await traced(world, named);
    expect(status).toBe(200);
    expect(headers['x-request-id']).toBe('trace-7');
    expect(line).toMatchObject({
      outcome: 'refreshed',
      refreshed: 1,
      clientRequestId: 'trace-7',
      requestId: headers['x-amzn-requestid'],
      extendedRequestId: expect.stringMatching(/^[\w+/]+=*$/),
    });
  });

  test('that its client did not name is found by the gateway’s id', async ({ world }) => {
    const { headers, line } = await traced(world, await refreshOf(world));
    const id = headers['x-amzn-requestid'];
    expect(headers['x-request-id']).toBe(id);
    expect(line).toMatchObject({ requestId: id });
    expect(line).not.toHaveProperty('clientRequestId');
  });

  test('that is refused has the same id in its body, where the contract has a place', async ({
    world,
  }) => {
    const { text, headers, line } = await traced(world, {
      path: '/idp/sso/v1/refresh',
      headers: { api_key: demoApiKey, 'Content-Type': 'application/json' },
      body: '{"sessionId":"nobody","sessionToken":"nothing"}',
    });
    expect(JSON.parse(text).esbUUID).toBe(headers['x-amzn-requestid']);
    expect(line).toMatchObject({ outcome: 'unknown-session', requestId: JSON.parse(text).esbUUID });
  });

  test.for([
    { what: 'too long', id: 'x'.repeat(129) },
    { what: 'of other characters', id: '","level":"ERROR","a":"' },
    { what: 'with an escape of a terminal', id: '\u009b31m' },
  ])('whose id is hostile ($what) is found by the gateway’s alone', async ({ id }, { world }) => {
    const sent = await refreshOf(world);
    const { headers, line } = await traced(world, {
      ...sent,
      headers: { ...sent.headers, 'X-Request-Id': id },
    });
    expect(headers['x-request-id']).toBe(headers['x-amzn-requestid']);
    expect(JSON.stringify(line)).not.toContain(id.slice(0, 20));
    expect(line).toMatchObject({ requestId: headers['x-amzn-requestid'] });
    expect(line).not.toHaveProperty('level');
  });
});
