import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { contracts } from '../../functions/contracts.ts';
import { rowKey, type SessionId, sessionHash } from '../../functions/core/session/session.ts';
import { epochSeconds } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { pass, startProxy } from '../faults/proxy.ts';
import { type LambdaProcess, lambdaProcess } from '../support/lambda-process.ts';
import { type ReleaseStandIn, releaseStandIn } from '../support/release-stand-in.ts';
import { type SecretsManagerStandIn, secretsManagerStandIn } from '../support/secrets-manager.ts';
import {
  material,
  onBothEngines,
  storedTest as test,
  type StoredWorld as World,
} from '../support/world.ts';
import { asText, type Resource } from './synthesis.ts';

const out = mkdtempSync(join(tmpdir(), 'synthesis-'));
let manager: SecretsManagerStandIn;
let template: { readonly Resources: Readonly<Record<string, Resource>> };
let lambdas: readonly [string, Resource & { Metadata: Record<string, string> }][];

beforeAll(async () => {
  execFileSync('npm', ['run', 'synth', '--', '--output', out], { stdio: 'pipe' });
  template = JSON.parse(readFileSync(join(out, 'SessionRefresh-dev.template.json'), 'utf8'));
  const { Resources } = template as { Resources: Record<string, (typeof lambdas)[0][1]> };
  lambdas = Object.entries(Resources).filter(([, { Type }]) => Type === 'AWS::Lambda::Function');
  manager = await secretsManagerStandIn();
}, 300_000);

afterAll(() => {
  manager.close();
  rmSync(out, { recursive: true });
});

/**
 * Runs a function of the template from its asset alone, with the variables that the template gives it,
 * those that Lambda adds, and where the local engines answer.
 */
async function running<Result>(
  name: string,
  { table, endpoint }: Pick<World, 'table' | 'endpoint'>,
  use: (lambda: LambdaProcess) => Promise<Result>,
  variables: Record<string, string> = {},
): Promise<Result> {
  const [, resource] =
    lambdas.find(([id]) => id.startsWith(`${name}Function`) || id.startsWith(`${name}Check`)) ?? [];
  if (!resource) throw new Error(`the template has no ${name}`);
  const folder = mkdtempSync(join(tmpdir(), 'lambda-'));
  cpSync(join(out, resource.Metadata['aws:asset:path'] ?? ''), folder, { recursive: true });
  expect(readdirSync(folder).toSorted()).toEqual(['index.mjs', 'index.mjs.map']);
  // The authorizer has none.
  const { Environment = { Variables: {} } } = resource.Properties;
  const { Variables } = Environment as { Variables: Record<string, unknown> };
  const lambda = lambdaProcess(folder, {
    ...Object.fromEntries(
      Object.entries(Variables).map(([variable, value]) => [variable, resolved(value, table)]),
    ),
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: manager.endpoint,
    ...variables,
  });
  try {
    return await use(lambda);
  } finally {
    await lambda.stop();
    rmSync(folder, { recursive: true });
  }
}

/** A variable's value, once CloudFormation has put in what it refers to. */
function resolved(value: unknown, table: string): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) throw new Error('neither text nor reference');
  if ('Fn::Join' in value) {
    const [separator, parts] = value['Fn::Join'] as [string, unknown[]];
    return parts.map((part) => resolved(part, table)).join(separator);
  }
  if (!('Ref' in value)) throw new Error(`what is ${Object.keys(value)}?`);
  const id = String(value.Ref);
  if (id.startsWith('SessionsTable')) return table;
  manager.secrets.set(id, (id.includes('root') ? material.root : material.signing) ?? '');
  return id;
}

function event(name: string): Record<string, unknown> & { headers: Record<string, string> } {
  return JSON.parse(readFileSync(`events/${name}.json`, 'utf8'));
}

async function call(lambda: LambdaProcess, given: unknown) {
  const { statusCode, headers, body } = (await lambda.call(given)) as APIGatewayProxyResult;
  return { status: statusCode, headers, body: JSON.parse(body) };
}

describe('the deployed artifact', { timeout: 60_000 }, () => {
  test('contains nothing of the explorer', () => {
    const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /\.(mjs|map)$/.test(file),
    );
    expect(files.filter((file) => file.endsWith('index.mjs')).length).toBeGreaterThanOrEqual(5);
    for (const file of files) {
      const text = readFileSync(join(out, file), 'utf8');
      expect([file, /local\/explorer\/|@scalar|createApiReference/.exec(text)?.[0]]).toEqual([
        file,
        undefined,
      ]);
    }
  });

  test('of eos answers its event with the profile', async ({ world }) => {
    world.now = epochSeconds(Date.now() / 1000);
    await world.open(eos, {
      sessionId: '9a0b6679-c460-41a3-b26c-26e0d69538c6',
      secret: '20004007594',
    });
    await running('eos', world, async (lambda) => {
      const { status, headers, body } = await call(lambda, event('eos'));
      expect(status).toBe(200);
      expect(headers).toMatchObject({ 'X-Request-Id': 'sam-eos', 'Cache-Control': 'no-store' });
      expect(Object.keys(body)).toEqual(['expireTime', 'secureCode', 'mobilityApps', 'profile']);
      expect(lambda.output()).not.toContain('20004007594');
    });
  });

  test('of eos, primed, answers its first request with one storage request of its own', async ({
    world,
  }) => {
    const trace = '1-5759e988-bd862e3fe1be46a994272793';
    const told = `Root=${trace};Parent=53995c3f42cd8ad8;Sampled=1`;
    const proxy = await startProxy(world.endpoint);
    const seen: unknown[] = [];
    proxy.plan('9a0b6679-c460-41a3-b26c-26e0d69538c6', () => (exchange) => {
      seen.push(exchange.request.headers['x-amzn-trace-id']);
      return pass(exchange);
    });
    proxy.plan('#priming', () => undefined);
    const there = { table: world.table, endpoint: proxy.endpoint };
    await running(
      'eos',
      there,
      async (lambda) => {
        expect((await call(lambda, event('eos'))).status).toBe(403);
        const [line] = lambda.output().split('\n');
        expect(JSON.parse(line ?? '')).toMatchObject({
          xray_trace_id: trace,
          storageRequests: 1,
          primed: true,
        });
      },
      { AWS_LAMBDA_FUNCTION_NAME: 'eosFunction', _X_AMZN_TRACE_ID: told },
    );
    expect(proxy.seen('#priming')).toBe(1);
    await proxy.down();
    // X-Ray follows the request into DynamoDB.
    expect(seen).toEqual([told]);
  });

  test('of eos logs its version with a failure, which a release’s alarm counts', async ({
    world,
  }) => {
    manager.mood = 'down';
    const logged = await running(
      'eos',
      world,
      async (lambda) => {
        await call(lambda, event('eos'));
        return lambda.output();
      },
      { AWS_LAMBDA_FUNCTION_VERSION: '7' },
    );
    manager.mood = 'well';
    const lines = logged
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const [failure] = lines.filter(({ outcome }) => outcome);
    const filter = Object.values(template.Resources).find(
      ({ Type }) => Type === 'AWS::Logs::MetricFilter',
    );
    const pattern = asText(filter?.Properties.FilterPattern);
    const fields = [...pattern.matchAll(/\$\.(\w+)/g)].map(([, field = '']) => field);
    expect(failure).toMatchObject({ outcome: 'unavailable', functionVersion: '7' });
    expect(Object.keys(failure)).toEqual(expect.arrayContaining([...new Set(fields)]));
  });

  test('of s360 answers its event with a token', async ({ world }) => {
    world.now = epochSeconds(Date.now() / 1000);
    await world.open(s360, { sessionId: 'sam', secret: 'sam-session-token' });
    await running('s360', world, async (lambda) => {
      const { status, body } = await call(lambda, event('s360'));
      expect(status).toBe(200);
      expect(body).toMatchObject({
        esbUUID: '51368f50-4a67-42d4-803c-ddc80c0be491',
        desc: { code: 'ESB-IDP-S0000' },
      });
      expect(body.data.accessToken.split('.')).toHaveLength(3);
    });
  });

  test('of ccstore answers its event with the next token', async ({ world }) => {
    world.now = epochSeconds(Date.now() / 1000);
    const { accessToken } = await world.open(ccstore);
    const given = event('ccstore');
    given.headers.Authorization = `Bearer ${accessToken}`;
    await running('ccstore', world, async (lambda) => {
      const { status, body } = await call(lambda, given);
      expect(status).toBe(200);
      expect(body).toMatchObject({ token_type: 'bearer', expires_in: 930 });
    });
  });

  test('of ccstore refuses its event with the placeholder as token', async ({ world }) => {
    await running('ccstore', world, async (lambda) => {
      const { status, body } = await call(lambda, event('ccstore'));
      expect([status, body.errorCode]).toEqual([401, '90002']);
    });
  });

  test('of session-admin opens a session that the one of eos refreshes', async ({ world }) => {
    let log = '';
    const opened = await running('SessionAdmin', world, async (lambda) => {
      const answer = await lambda.call({ command: 'open', contract: 'eos', subject: 'someone' });
      log = lambda.output();
      return answer;
    });
    expect(opened).toMatchObject({ outcome: 'done', result: { contract: 'eos' } });
    const { result } = opened as { result: { sessionId: string; secureCode: string } };
    const body = `sessionId=${result.sessionId}&secureCode=${result.secureCode}`;
    const { status } = await running('eos', world, (lambda) =>
      call(lambda, { ...event('eos'), body }),
    );
    expect(status).toBe(200);
    const session = sessionHash(world.keys(eos).log, rowKey('eos', result.sessionId as SessionId));
    expect(JSON.parse(log)).toMatchObject({ command: 'open', outcome: 'done', session });
  });

  test('of session-admin refuses an unknown command', async ({ world }) => {
    const answer = await running('SessionAdmin', world, (lambda) =>
      lambda.call({ command: 'constructor' }),
    );
    expect(answer).toMatchObject({ outcome: 'invalid' });
  });

  test('of the authorizer passes the key to the usage plan, for the whole stage', async ({
    world,
  }) => {
    const arn = 'arn:aws:execute-api:eu-west-1:111111111111:api';
    const answer = await running('s360Authorizer', world, (lambda) =>
      lambda.call({
        type: 'TOKEN',
        authorizationToken: '5k5a9rnknaj87kthytganapc',
        methodArn: `${arn}/idp/POST/sso/v1/refresh`,
      }),
    );
    expect(answer).toEqual({
      principalId: 'api-key',
      policyDocument: {
        Version: '2012-10-17',
        Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: `${arn}/idp/*` }],
      },
      usageIdentifierKey: '5k5a9rnknaj87kthytganapc',
    });
  });

  test.for(
    [eos, s360, ccstore].flatMap(({ name }) =>
      (['down', 'stalled'] as const).map((mood) => ({ name, mood })),
    ),
  )(
    'of $name answers 503 or 504 while Secrets Manager is $mood, and then recovers',
    async ({ name, mood }, { world }) => {
      manager.mood = mood;
      await running(name, world, async (lambda) => {
        const { status, headers } = await call(lambda, event(name));
        manager.mood = 'well';
        expect([503, 504]).toContain(status);
        expect(headers).toMatchObject({ 'Retry-After': '1' });
        expect((await call(lambda, event(name))).status).toBeLessThan(500);
      });
    },
  );
});

onBothEngines('the check of a release', (check) => {
  /** Runs the artifact of a contract's check on a build, and tells what CodeDeploy is told. */
  async function verdictOn(
    { name }: (typeof contracts)[number],
    world: World,
    invoke: (event: unknown) => Promise<unknown>,
  ): Promise<Pick<ReleaseStandIn, 'told' | 'called'> & { readonly log: string }> {
    const aws = await releaseStandIn(invoke);
    const log = await running(
      `${name}release`,
      world,
      async (lambda) => {
        await lambda.call({ DeploymentId: 'd-1', LifecycleEventHookExecutionId: 'e-1' });
        return lambda.output();
      },
      { AWS_ENDPOINT_URL_LAMBDA: aws.endpoint, AWS_ENDPOINT_URL_CODEDEPLOY: aws.endpoint },
    );
    aws.close();
    return { ...aws, log };
  }

  const tells = (status: string) => [
    { deploymentId: 'd-1', lifecycleEventHookExecutionId: 'e-1', status },
  ];

  check.for(contracts)('passes a good build of $name', async (contract, { world }) => {
    await running(contract.name, world, async (build) => {
      const { told, called, log } = await verdictOn(contract, world, (event) => build.call(event));
      expect(told).toEqual(tells('Succeeded'));
      const [version, ...more] = new Set(called);
      expect([version, more]).toEqual([expect.stringContaining('CurrentVersion'), []]);
      expect(JSON.parse(log)).toMatchObject({ contract: contract.name, status: 'Succeeded' });
      expect(build.output()).toContain('"outcome":"refreshed"');
      expect(build.output()).toContain('"outcome":"revoked"');
    });
  });

  check.for([
    {
      what: 'refuses every session',
      problem: 'a live session is answered 403',
      build: () => eos.refuse('wrong-secret', ''),
    },
    {
      what: 'fails',
      problem: 'a live session is answered 500',
      build: () => eos.refuse('failed', ''),
    },
    {
      what: 'crashes',
      problem: 'a live session is answered by a crash',
      build: () => undefined,
    },
    {
      what: 'refreshes a revoked session too',
      problem: 'a revoked session is answered 200',
      build: () => ({ status: 200, body: '{}' }),
    },
    {
      what: 'answers a revoked session with 404',
      problem: 'a revoked session is answered 404',
      build: (calls: number) =>
        calls === 1 ? { status: 200, body: '{}' } : eos.refuse('unknown-route', ''),
    },
    {
      what: 'refuses a revoked session in other words',
      problem: 'a revoked session is refused for another reason',
      build: (calls: number) =>
        calls === 1 ? { status: 200, body: '{}' } : eos.refuse('forbidden', ''),
    },
  ])('stops a build that $what', async ({ build, problem }, { world }) => {
    let calls = 0;
    const { told, log } = await verdictOn(eos, world, async () => {
      calls += 1;
      const answer = build(calls);
      return answer && { statusCode: answer.status, body: answer.body };
    });
    expect(told).toEqual(tells('Failed'));
    expect(JSON.parse(log)).toMatchObject({ status: 'Failed', problem });
  });

  check('stops the release when keys cannot be read', async ({ world }) => {
    manager.mood = 'down';
    const { told, log } = await verdictOn(eos, world, async () => undefined);
    manager.mood = 'well';
    expect(told).toEqual(tells('Failed'));
    expect(JSON.parse(log)).toMatchObject({ problem: 'KeysUnavailable' });
  });

  check('leaves one revoked session in the table', async ({ world }) => {
    await verdictOn(eos, world, async () => ({ statusCode: 500, body: '' }));
    const { Items = [] } = await world.client.send(new ScanCommand({ TableName: world.table }));
    expect(Items).toHaveLength(1);
    expect(Items[0]?.rowKey?.S).toMatch(/^eos#release-check-/);
    expect(Items[0]?.revokedAt?.N).toMatch(/^\d+$/);
  });
});
