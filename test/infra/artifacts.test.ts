import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { ccstoreui } from '../../functions/ccstoreui/contract.ts';
import { contracts } from '../../functions/contracts.ts';
import { refreshHandler } from '../../functions/core/lambda/refresh-handler.ts';
import { rowKey, type SessionId, sessionHash } from '../../functions/core/session/session.ts';
import { epochSeconds } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { problemOf } from '../../functions/release-check/check.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { pass, startProxy } from '../properties/faults/proxy.ts';
import { type LambdaProcess, lambdaProcess } from '../support/processes.ts';
import { lambdaStandIn, secretsManagerStandIn } from '../support/stand-ins.ts';
import {
  makeWorld,
  material,
  memoryWorld,
  noon,
  patient,
  type StoredWorld,
} from '../support/world.ts';
import { all, asText, flags, only, type Synthesized } from './synthesis.ts';

const out = mkdtempSync(join(tmpdir(), 'artifacts-'));
const running: LambdaProcess[] = [];
const manager = await secretsManagerStandIn();
let world: StoredWorld;
let said = '';
let template: Synthesized;

// The app as `cdk synth` runs it, cdk-nag included. stages.test.ts runs CloudFormation's own rules.
beforeAll(async () => {
  const { 'aws:cdk:bundling-stacks': _, ...context } = { ...flags, stage: 'dev' };
  const CDK_CONTEXT_JSON = JSON.stringify(context);
  const env = { ...process.env, CDK_OUTDIR: out, CDK_VALIDATION: 'false', CDK_CONTEXT_JSON };
  const app = spawnSync(process.execPath, ['infra/app.ts'], { encoding: 'utf8', env });
  said = app.stdout + app.stderr;
  if (app.status !== 0) throw new Error(said);
  template = JSON.parse(readFileSync(join(out, 'SessionRefresh-dev.template.json'), 'utf8'));
  // Amazon's own DynamoDB Local, where there is a Java to run it.
  world = await makeWorld(inject('dynamoDBLocal') || inject('embedded'));
  world.now = epochSeconds(Date.now() / 1000);
}, 600_000);

afterAll(async () => {
  await Promise.all(running.map((lambda) => lambda.stop()));
  manager.close();
  await world?.close();
  rmSync(out, { recursive: true });
});

/** The variables of a function, and the folder of its asset. */
function artifact(name: string) {
  const { Code, Environment } = only(template, 'AWS::Lambda::Function', name).Properties;
  // The authorizer has none.
  const variables: Record<string, unknown> = Environment?.Variables ?? {};
  return { variables, folder: join(out, `asset.${Code.S3Key.replace('.zip', '')}`) };
}

/**
 * Starts a function of the template from its asset alone, with the variables that the template gives it,
 * those that Lambda adds, and where the local engines answer.
 */
function start(name: string, more: Record<string, string> = {}): LambdaProcess {
  const { variables, folder } = artifact(name);
  // Outside the project, so that it finds no package.
  const copy = mkdtempSync(join(out, 'lambda-'));
  cpSync(folder, copy, { recursive: true });
  const own = Object.entries(variables).map(([key, value]) => [key, resolved(value)]);
  const lambda = lambdaProcess(copy, {
    ...Object.fromEntries(own),
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: world.endpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: manager.endpoint,
    ...more,
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
  return asText(value).replaceAll(/\{(\w+)\}/g, (_, id: string) => {
    if (id.startsWith('SessionsTable')) return world.table;
    manager.secrets.set(id, (id.includes('root') ? material.root : material.signing) ?? '');
    return id;
  });
}

function event(name: string): Record<string, unknown> & { headers: Record<string, string> } {
  return JSON.parse(readFileSync(`events/${name}.json`, 'utf8'));
}

/** The JSON lines that a Lambda has written. */
function lines(lambda: LambdaProcess) {
  const written = lambda.output().split('\n');
  return written.filter((line) => line !== '').map((line) => JSON.parse(line));
}

test('a synthesis says nothing but what it bundles', () => {
  const other = said.split('\n').filter((line) => !/^(Bundling asset \S+\.\.\.)?$/.test(line));
  expect(other).toEqual([]);
});

describe('the artifact', () => {
  // What each module measured. Raise it knowingly: every cold start reads all of it.
  test.for([
    { name: 'eosFunction', kB: 270 },
    { name: 's360Function', kB: 283 },
    { name: 'ccstoreFunction', kB: 273 },
    { name: 'ccstoreuiFunction', kB: 273 },
    { name: 's360Authorizer', kB: 0.31 },
    { name: 'SessionAdmin', kB: 293 },
    { name: 'eosrelease', kB: 392 },
  ])('of $name is one module within a twentieth of $kB kB', ({ name, kB }) => {
    const { folder } = artifact(name);
    const files = readdirSync(folder).toSorted();
    expect(files).toEqual(['index.mjs', 'index.mjs.map']);
    const bytes = statSync(join(folder, 'index.mjs')).size;
    expect(bytes).toBeLessThan(kB * 1050);
    expect(bytes).toBeGreaterThan(kB * 800);
    for (const file of files) {
      const text = readFileSync(join(folder, file), 'utf8');
      expect([file, /local\/explorer\/|x-local-simulate/i.exec(text)]).toEqual([file, null]);
    }
  });

  const sessionId = '9a0b6679-c460-41a3-b26c-26e0d69538c6';
  test.for([
    { contract: eos, session: { sessionId, secret: '20004007594' } },
    { contract: s360, session: { sessionId: 'sam', secret: 'sam-session-token' } },
    { contract: ccstore, session: {} },
    { contract: ccstoreui, session: {} },
  ])('of $contract.name answers its event, and logs no credential', async (row) => {
    const { name } = row.contract;
    const lambda = warm(`${name}Function`);
    const { accessToken, secureCode, sessionToken } = await world.open(row.contract, row.session);
    const given = event(name);
    // The events of ccstore have a placeholder.
    if (accessToken) given.headers.Authorization = `Bearer ${accessToken}`;
    const headers = { 'X-Request-Id': `sam-${name}`, 'Cache-Control': 'no-store' };
    expect(await lambda.call(given)).toMatchObject({ statusCode: 200, headers });
    for (const secret of [accessToken, secureCode, sessionToken])
      if (secret) expect(lambda.output()).not.toContain(secret);
  });

  test('of session-admin opens a session that the one of eos refreshes', async () => {
    const admin = warm('SessionAdmin');
    const opened = await admin.call({ command: 'open', contract: 'eos', subject: 'someone' });
    expect(opened).toMatchObject({ outcome: 'done', result: { contract: 'eos' } });
    const { sessionId, secureCode } = Object(opened).result;
    const body = `sessionId=${sessionId}&secureCode=${secureCode}`;
    const refreshed = await warm('eosFunction').call({ ...event('eos'), body });
    expect(refreshed).toMatchObject({ statusCode: 200 });
    const session = sessionHash(world.keys(eos).log, rowKey('eos', sessionId as SessionId));
    expect(lines(admin)).toMatchObject([{ command: 'open', outcome: 'done', session }]);
    expect(await admin.call({ command: 'constructor' })).toMatchObject({ outcome: 'invalid' });
  });

  test('of the authorizer passes the key to the usage plan, for the whole stage', async () => {
    const arn = 'arn:aws:execute-api:eu-west-1:111111111111:api';
    const authorizationToken = '5k5a9rnknaj87kthytganapc';
    const methodArn = `${arn}/idp/POST/sso/v1/refresh`;
    const given = { type: 'TOKEN', authorizationToken, methodArn };
    const Statement = [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: `${arn}/idp/*` }];
    expect(await warm('s360Authorizer').call(given)).toEqual({
      principalId: 'api-key',
      policyDocument: { Version: '2012-10-17', Statement },
      usageIdentifierKey: authorizationToken,
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
    const named = { AWS_LAMBDA_FUNCTION_NAME: 'eosFunction', _X_AMZN_TRACE_ID: told };
    const at = { AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint };
    const lambda = start('eosFunction', { ...at, ...named });
    const body = 'sessionId=nobody&secureCode=x';
    expect(await lambda.call({ ...event('eos'), body })).toMatchObject({ statusCode: 403 });
    expect(proxy.seen('#priming')).toBe(1);
    proxy.close();
    // The alarms count the metrics of this namespace.
    const [{ Namespace }] = lines(lambda)[0]._aws.CloudWatchMetrics;
    expect(Namespace).toBe(artifact('eosFunction').variables.METRICS_NAMESPACE);
    const record = { xray_trace_id: trace, storageRequests: 1, primed: true };
    expect(lines(lambda)).toMatchObject([record]);
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
      const lambda = start(`${name}Function`, { AWS_LAMBDA_FUNCTION_VERSION: '7' });
      const { statusCode, headers } = Object(await lambda.call(event(name)));
      manager.mood = 'well';
      expect([503, 504]).toContain(statusCode);
      expect(headers).toMatchObject({ 'Retry-After': '1' });
      expect(Object(await lambda.call(event(name))).statusCode).toBeLessThan(500);
      // A release's alarm counts such lines by these fields.
      const [filter] = all(template, 'AWS::Logs::MetricFilter');
      const fields = asText(filter?.Properties.FilterPattern).match(/(?<=\$\.)\w+/g);
      const failure = lines(lambda).find(({ status }) => status === statusCode);
      expect(failure).toMatchObject({ functionVersion: '7' });
      expect(Object.keys(failure)).toEqual(expect.arrayContaining(fields ?? ['a field']));
    },
  );
});

describe('the artifact of a release’s check', () => {
  /** Runs the check of a contract on a build, and gives what CodeDeploy was told and what was logged. */
  async function verdictOn(name: string, invoke: (event: unknown) => Promise<unknown>) {
    const aws = await lambdaStandIn(invoke);
    const lambda = start(`${name}release`, {
      AWS_ENDPOINT_URL_LAMBDA: aws.endpoint,
      AWS_ENDPOINT_URL_CODEDEPLOY: aws.endpoint,
    });
    await lambda.call({ DeploymentId: 'd-1', LifecycleEventHookExecutionId: 'e-1' });
    aws.close();
    return { ...aws, logged: lines(lambda) };
  }
  const tells = (status: string) => [
    { deploymentId: 'd-1', lifecycleEventHookExecutionId: 'e-1', status },
  ];

  test.for(contracts)('passes a good build of $name', async ({ name }) => {
    const build = warm(`${name}Function`);
    const before = lines(build).length;
    const { told, called, logged } = await verdictOn(name, (given) => build.call(given));
    expect(told).toEqual(tells('Succeeded'));
    expect([...new Set(called)]).toEqual([expect.stringContaining('CurrentVersion')]);
    expect(logged).toMatchObject([{ contract: name, status: 'Succeeded' }]);
    expect(lines(build).slice(before)).toMatchObject([
      { outcome: 'refreshed' },
      { outcome: 'revoked' },
    ]);
  });

  test('stops a build that refuses every session, and leaves no live session', async () => {
    const { status: statusCode, body } = eos.refuse('wrong-secret', '');
    const { told, logged } = await verdictOn('eos', async () => ({ statusCode, body }));
    expect(told).toEqual(tells('Failed'));
    const problem = 'a live session is answered 403';
    expect(logged).toMatchObject([{ contract: 'eos', status: 'Failed', problem }]);
    const ours = /^eos#release-check-/;
    const left = (await world.items()).filter(({ rowKey }) => ours.test(String(rowKey)));
    expect(left.length).toBeGreaterThan(0);
    for (const { revokedAt } of left) expect(revokedAt).toEqual(expect.any(Number));
  });

  test('stops the release when keys cannot be read', async () => {
    manager.mood = 'down';
    const { told, logged } = await verdictOn('eos', async () => undefined);
    manager.mood = 'well';
    expect(told).toEqual(tells('Failed'));
    expect(logged).toMatchObject([{ problem: 'KeysUnavailable' }]);
  });
});

describe('problemOf', () => {
  const yes = { statusCode: 200, body: '{}' };
  const { status: statusCode, body } = eos.refuse('forbidden', '');
  const no = { statusCode, body };
  const revoked = 'a revoked session is';

  test.for([
    { what: 'crashes', build: [undefined], problem: 'a live session is answered by a crash' },
    { what: 'goes on after the end', build: [yes, yes], problem: `${revoked} answered 200` },
    {
      what: 'refuses a revoked session in other words',
      build: [yes, no],
      problem: `${revoked} refused for another reason`,
    },
  ])('judges a build that $what', async ({ build, problem }) => {
    const left = [...build];
    const { admin, items } = memoryWorld();
    expect(await problemOf(eos, async () => left.shift(), admin)).toBe(problem);
    expect([left, await items()]).toEqual([[], [expect.objectContaining({ revokedAt: noon })]]);
  });

  test.for(contracts.filter(({ rotates }) => rotates))(
    'passes a good build of $name that replaces secrets',
    async (contract) => {
      const { policies, services, admin } = memoryWorld();
      policies.set(contract.serves, { ...contract.policy, rotation: { grace: 60 } });
      const build = refreshHandler(contract, services(contract));
      const call = (event: object) => build(event as APIGatewayProxyEvent, patient('a'));
      expect(await problemOf(contract, call, admin)).toBeUndefined();
    },
  );
});
