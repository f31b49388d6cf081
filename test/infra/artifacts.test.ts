import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { ccstoreui } from '../../functions/ccstoreui/contract.ts';
import { contracts } from '../../functions/contracts.ts';
import { rowKey, type SessionId, sessionHash } from '../../functions/core/session/session.ts';
import { epochSeconds } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { type BuildAnswer, problemOf } from '../../functions/release-check/check.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { pass, startProxy } from '../properties/faults/proxy.ts';
import { type LambdaProcess, lambdaProcess } from '../support/processes.ts';
import {
  releaseStandIn,
  type SecretsManagerStandIn,
  secretsManagerStandIn,
} from '../support/stand-ins.ts';
import { makeWorld, material, type StoredWorld } from '../support/world.ts';
import { asText, flags, type Resource } from './synthesis.ts';

const out = mkdtempSync(join(tmpdir(), 'artifacts-'));
const running: LambdaProcess[] = [];
let manager: SecretsManagerStandIn;
let world: StoredWorld;
let said = '';
let template: { readonly Resources: Readonly<Record<string, Resource>> };
let lambdas: readonly (readonly [string, Resource])[];

beforeAll(async () => {
  const { 'aws:cdk:bundling-stacks': _, ...context } = { ...flags, stage: 'dev' };
  const env = { ...process.env, CDK_OUTDIR: out, CDK_CONTEXT_JSON: JSON.stringify(context) };
  const app = spawnSync(process.execPath, ['infra/app.ts'], { encoding: 'utf8', env });
  said = app.stdout + app.stderr;
  template = JSON.parse(readFileSync(join(out, 'SessionRefresh-dev.template.json'), 'utf8'));
  lambdas = Object.entries(template.Resources).filter(
    ([, { Type }]) => Type === 'AWS::Lambda::Function',
  );
  manager = await secretsManagerStandIn();
  // Amazon's own DynamoDB Local, where there is a Java to run it.
  world = await makeWorld(inject('dynamoDBLocal') || inject('embedded'));
  world.now = epochSeconds(Date.now() / 1000);
}, 300_000);

afterAll(async () => {
  await Promise.all(running.map((lambda) => lambda.stop()));
  manager.close();
  await world.close();
  rmSync(out, { recursive: true });
});

/** The resource of a function, and the folder of its asset. */
function artifact(name: string) {
  const [, resource] =
    lambdas.find(([id]) => id.startsWith(`${name}Function`) || id.startsWith(`${name}Check`)) ?? [];
  if (!resource) throw new Error(`the template has no ${name}`);
  const { S3Key } = resource.Properties.Code as { S3Key: string };
  return { resource, folder: join(out, `asset.${S3Key.replace('.zip', '')}`) };
}

/**
 * Starts a function of the template from its asset alone, with the variables that the template gives it,
 * those that Lambda adds, and where the local engines answer.
 */
function start(name: string, variables: Record<string, string> = {}): LambdaProcess {
  const { resource, folder } = artifact(name);
  // Outside the project, so that it finds no package.
  const copy = mkdtempSync(join(out, 'lambda-'));
  cpSync(folder, copy, { recursive: true });
  // The authorizer has none.
  const { Environment = { Variables: {} } } = resource.Properties;
  const { Variables } = Environment as { Variables: Record<string, unknown> };
  const lambda = lambdaProcess(copy, {
    ...Object.fromEntries(
      Object.entries(Variables).map(([variable, value]) => [variable, resolved(value)]),
    ),
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: world.endpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: manager.endpoint,
    ...variables,
  });
  running.push(lambda);
  return lambda;
}

const started = new Map<string, LambdaProcess>();

/** The same, started once for all tests that need nothing else. */
function warm(name: string): LambdaProcess {
  const lambda = started.get(name) ?? start(name);
  started.set(name, lambda);
  return lambda;
}

/** A variable's value, once CloudFormation has put in what it refers to. */
function resolved(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) throw new Error('neither text nor reference');
  if ('Fn::Join' in value) {
    const [separator, parts] = value['Fn::Join'] as [string, unknown[]];
    return parts.map(resolved).join(separator);
  }
  if (!('Ref' in value)) throw new Error(`cannot resolve ${Object.keys(value)}`);
  const id = String(value.Ref);
  if (id.startsWith('SessionsTable')) return world.table;
  manager.secrets.set(id, (id.includes('root') ? material.root : material.signing) ?? '');
  return id;
}

function event(name: string): Record<string, unknown> & { headers: Record<string, string> } {
  return JSON.parse(readFileSync(`events/${name}.json`, 'utf8'));
}

async function call(lambda: LambdaProcess, given: unknown) {
  const { statusCode, headers, body } = (await lambda.call(given)) as APIGatewayProxyResult;
  return { status: statusCode, headers, body: body ? JSON.parse(body) : undefined };
}

/** The JSON lines that a Lambda has written. */
function lines(lambda: LambdaProcess) {
  return lambda
    .output()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** What each module measured, in kB. Raise it knowingly: every cold start reads all of it. */
const reached = [
  { name: 'eos', kB: 270 },
  { name: 's360', kB: 283 },
  { name: 'ccstore', kB: 273 },
  { name: 'ccstoreui', kB: 273 },
  { name: 's360Authorizer', kB: 0.31 },
  { name: 'SessionAdmin', kB: 293 },
  { name: 'eosrelease', kB: 392 },
];

test('a synthesis says nothing but what it bundles', () => {
  const other = said.split('\n').filter((line) => !/^(Bundling asset \S+\.\.\.)?$/.test(line));
  expect(other).toEqual([]);
});

describe('the artifact', () => {
  test.for(reached)('of $name is one module within a twentieth of $kB kB', ({ name, kB }) => {
    const { folder } = artifact(name);
    expect(readdirSync(folder).toSorted()).toEqual(['index.mjs', 'index.mjs.map']);
    const bytes = statSync(join(folder, 'index.mjs')).size;
    expect(bytes).toBeLessThan(kB * 1050);
    expect(bytes).toBeGreaterThan(kB * 800);
    for (const file of ['index.mjs', 'index.mjs.map']) {
      const found = /local\/explorer\/|x-local-simulate/i.exec(
        readFileSync(join(folder, file), 'utf8'),
      );
      expect([file, found?.[0]]).toEqual([file, undefined]);
    }
  });

  test('of eos answers its event with the profile, and logs no credential', async () => {
    await world.open(eos, {
      sessionId: '9a0b6679-c460-41a3-b26c-26e0d69538c6',
      secret: '20004007594',
    });
    const { status, headers, body } = await call(warm('eos'), event('eos'));
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'X-Request-Id': 'sam-eos', 'Cache-Control': 'no-store' });
    expect(Object.keys(body)).toEqual(['expireTime', 'secureCode', 'mobilityApps', 'profile']);
    expect(warm('eos').output()).not.toContain('20004007594');
  });

  test('of s360 answers its event with a token', async () => {
    await world.open(s360, { sessionId: 'sam', secret: 'sam-session-token' });
    const { status, body } = await call(warm('s360'), event('s360'));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      esbUUID: '51368f50-4a67-42d4-803c-ddc80c0be491',
      desc: { code: 'ESB-IDP-S0000' },
    });
    expect(body.data.accessToken.split('.')).toHaveLength(3);
  });

  test.for([ccstore, ccstoreui])(
    'of $name answers its event with the next token, and a placeholder with 401',
    async ({ name }) => {
      const { accessToken } = await world.open(ccstore);
      const given = event(name);
      const refused = await call(warm(name), given);
      expect([refused.status, refused.body.errorCode]).toEqual([401, '90002']);
      given.headers.Authorization = `Bearer ${accessToken}`;
      const { status, body } = await call(warm(name), given);
      expect(status).toBe(200);
      expect(body).toMatchObject({ token_type: 'bearer', expires_in: 930 });
    },
  );

  test('of session-admin opens a session that the one of eos refreshes', async () => {
    const admin = warm('SessionAdmin');
    const opened = await admin.call({ command: 'open', contract: 'eos', subject: 'someone' });
    expect(opened).toMatchObject({ outcome: 'done', result: { contract: 'eos' } });
    const { result } = opened as { result: { sessionId: string; secureCode: string } };
    const body = `sessionId=${result.sessionId}&secureCode=${result.secureCode}`;
    expect((await call(warm('eos'), { ...event('eos'), body })).status).toBe(200);
    const session = sessionHash(world.keys(eos).log, rowKey('eos', result.sessionId as SessionId));
    expect(lines(admin)).toMatchObject([{ command: 'open', outcome: 'done', session }]);
    expect(await admin.call({ command: 'constructor' })).toMatchObject({ outcome: 'invalid' });
  });

  test('of the authorizer passes the key to the usage plan, for the whole stage', async () => {
    const arn = 'arn:aws:execute-api:eu-west-1:111111111111:api';
    const answer = await warm('s360Authorizer').call({
      type: 'TOKEN',
      authorizationToken: '5k5a9rnknaj87kthytganapc',
      methodArn: `${arn}/idp/POST/sso/v1/refresh`,
    });
    expect(answer).toEqual({
      principalId: 'api-key',
      policyDocument: {
        Version: '2012-10-17',
        Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: `${arn}/idp/*` }],
      },
      usageIdentifierKey: '5k5a9rnknaj87kthytganapc',
    });
  });

  test('of eos, primed, answers its first request with one storage request of its own', async () => {
    const trace = '1-5759e988-bd862e3fe1be46a994272793';
    const told = `Root=${trace};Parent=53995c3f42cd8ad8;Sampled=1`;
    const proxy = await startProxy(world.endpoint);
    const seen: unknown[] = [];
    proxy.plan('eos#nobody', () => (exchange) => {
      seen.push(exchange.request.headers['x-amzn-trace-id']);
      return pass(exchange);
    });
    proxy.plan('#priming', () => undefined);
    const eosFunction = start('eos', {
      AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint,
      AWS_LAMBDA_FUNCTION_NAME: 'eosFunction',
      _X_AMZN_TRACE_ID: told,
    });
    const body = 'sessionId=nobody&secureCode=x';
    expect((await call(eosFunction, { ...event('eos'), body })).status).toBe(403);
    expect(proxy.seen('#priming')).toBe(1);
    await proxy.down();
    expect(lines(eosFunction)).toMatchObject([
      { xray_trace_id: trace, storageRequests: 1, primed: true },
    ]);
    // X-Ray follows the request into DynamoDB.
    expect(seen).toEqual([told]);
  });

  test.for([
    { name: 's360', mood: 'down' },
    { name: 'eos', mood: 'stalled' },
  ] as const)(
    'of $name asks for a retry while Secrets Manager is $mood, logs its version, and recovers',
    async ({ name, mood }) => {
      manager.mood = mood;
      const lambda = start(name, { AWS_LAMBDA_FUNCTION_VERSION: '7' });
      const answer = await call(lambda, event(name));
      manager.mood = 'well';
      expect([503, 504]).toContain(answer.status);
      expect(answer.headers).toMatchObject({ 'Retry-After': '1' });
      expect((await call(lambda, event(name))).status).toBeLessThan(500);
      // A release's alarm counts such lines by these fields.
      const filter = Object.values(template.Resources).find(
        ({ Type }) => Type === 'AWS::Logs::MetricFilter',
      );
      const pattern = asText(filter?.Properties.FilterPattern);
      const fields = [...pattern.matchAll(/\$\.(\w+)/g)].map(([, field = '']) => field);
      const failure = lines(lambda).find(({ outcome }) =>
        ['unavailable', 'timed-out'].includes(outcome),
      );
      expect(failure).toMatchObject({ functionVersion: '7' });
      expect(Object.keys(failure)).toEqual(expect.arrayContaining(fields));
    },
  );
});

describe('the artifact of a release’s check', () => {
  /** Runs the check of a contract on a build, and gives what CodeDeploy was told and what was logged. */
  async function verdictOn(
    { name }: (typeof contracts)[number],
    invoke: (event: unknown) => Promise<unknown>,
  ) {
    const aws = await releaseStandIn(invoke);
    const lambda = start(`${name}release`, {
      AWS_ENDPOINT_URL_LAMBDA: aws.endpoint,
      AWS_ENDPOINT_URL_CODEDEPLOY: aws.endpoint,
    });
    await lambda.call({ DeploymentId: 'd-1', LifecycleEventHookExecutionId: 'e-1' });
    aws.close();
    return { told: aws.told, called: aws.called, logged: lines(lambda) };
  }

  const tells = (status: string) => [
    { deploymentId: 'd-1', lifecycleEventHookExecutionId: 'e-1', status },
  ];

  test.for(contracts)('passes a good build of $name', async (contract) => {
    const before = lines(warm(contract.name)).length;
    const { told, called, logged } = await verdictOn(contract, (given) =>
      warm(contract.name).call(given),
    );
    expect(told).toEqual(tells('Succeeded'));
    const [version, ...more] = new Set(called);
    expect([version, more]).toEqual([expect.stringContaining('CurrentVersion'), []]);
    expect(logged).toMatchObject([{ contract: contract.name, status: 'Succeeded' }]);
    const outcomes = lines(warm(contract.name)).slice(before);
    expect(outcomes).toMatchObject([{ outcome: 'refreshed' }, { outcome: 'revoked' }]);
  });

  test('stops a build that refuses every session, and leaves no live session', async () => {
    const { told, logged } = await verdictOn(eos, async () => {
      const { status, body } = eos.refuse('wrong-secret', '');
      return { statusCode: status, body };
    });
    expect(told).toEqual(tells('Failed'));
    expect(logged).toMatchObject([
      { contract: 'eos', status: 'Failed', problem: 'a live session is answered 403' },
    ]);
    const { Items = [] } = await world.client.send(new ScanCommand({ TableName: world.table }));
    const left = Items.filter(({ rowKey }) => rowKey?.S?.startsWith('eos#release-check-'));
    expect(left.length).toBeGreaterThan(0);
    for (const { revokedAt } of left) expect(revokedAt?.N).toMatch(/^\d+$/);
  });

  test('stops the release when keys cannot be read', async () => {
    manager.mood = 'down';
    const { told, logged } = await verdictOn(eos, async () => undefined);
    manager.mood = 'well';
    expect(told).toEqual(tells('Failed'));
    expect(logged).toMatchObject([{ problem: 'KeysUnavailable' }]);
  });
});

describe('problemOf', () => {
  const answers = ({ status, body }: { status: number; body: string }): BuildAnswer => ({
    statusCode: status,
    body,
  });
  const yes = { statusCode: 200, body: '{}' };

  test.for([
    {
      what: 'fails',
      problem: 'a live session is answered 500',
      build: [answers(eos.refuse('failed', ''))],
    },
    { what: 'crashes', problem: 'a live session is answered by a crash', build: [undefined] },
    {
      what: 'refreshes a revoked session too',
      problem: 'a revoked session is answered 200',
      build: [yes, yes],
    },
    {
      what: 'answers a revoked session with 404',
      problem: 'a revoked session is answered 404',
      build: [yes, answers(eos.refuse('unknown-route', ''))],
    },
    {
      what: 'refuses a revoked session in other words',
      problem: 'a revoked session is refused for another reason',
      build: [yes, answers(eos.refuse('forbidden', ''))],
    },
    {
      what: 'is good',
      problem: undefined,
      build: [yes, answers(eos.refuse('revoked', ''))],
    },
  ])('judges a build that $what', async ({ build, problem }) => {
    const left = [...build];
    expect(await problemOf(eos, async () => left.shift(), world.admin)).toBe(problem);
    expect(left).toEqual([]);
  });

  test.for(contracts.filter(({ rotates }) => rotates))(
    'passes a good build of $name that replaces secrets',
    async (contract) => {
      world.policies.set(contract.serves, { ...contract.policy, rotation: { grace: 60 } });
      const problem = await problemOf(
        contract,
        async ({ headers, body, requestContext: { requestId } }) => {
          const wire = { headers: headers as Record<string, string>, body, requestId };
          const { status, text } = await world.post(contract, wire);
          return { statusCode: status, body: text };
        },
        world.admin,
      );
      expect(problem).toBeUndefined();
      world.policies.clear();
    },
  );
});
