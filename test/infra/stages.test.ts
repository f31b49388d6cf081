import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { afterAll, describe, expect, test } from 'vitest';
import { addChecks } from '../../infra/checks.ts';
import { RefreshStack } from '../../infra/refresh-stack.ts';
import { readStage } from '../../infra/stages.ts';
import { run } from '../local/processes.ts';
import { everything, flags, newApp, type Resource, stackOf } from './synthesis.ts';

const folder = mkdtempSync(join(tmpdir(), 'stages-'));
afterAll(() => rmSync(folder, { recursive: true }));

const staging = `import { defaults, type Settings } from '${pathToFileURL('infra/settings.ts')}';

export const settings: Settings = {
  ...defaults,
  target: { account: '111111111111', region: 'eu-west-1' },
  tags: { team: 'identity' },
  alarmEmail: 'oncall@shop.example',
};
`;
writeFileSync(join(folder, 'staging.ts'), staging);
writeFileSync(join(folder, 'wrong.ts'), staging.replace('oncall@', ''));
writeFileSync(join(folder, 'broken.ts'), 'export const settings = ;');
writeFileSync(join(folder, 'Loud.ts'), staging);

/** Runs the app as the CDK CLI does, without bundling. */
function app(context: object) {
  const CDK_CONTEXT_JSON = JSON.stringify({ ...flags, ...context });
  const CDK_OUTDIR = join(folder, 'cdk.out');
  return run([process.execPath, 'infra/app.ts'], { CDK_OUTDIR, CDK_CONTEXT_JSON }).ended;
}

// Whole syntheses: seconds each on a quiet machine.
describe('a stage', { timeout: 300_000 }, () => {
  test.for([
    {
      what: 'no name',
      name: undefined,
      says: 'No stage is given; pass -c stage=<name> with one of ',
    },
    {
      what: 'no such file',
      name: 'satging',
      says: 'Stage satging has no file in infra/stages; expected one of ',
    },
    {
      what: 'a flag without a value',
      name: true,
      says: 'Stage true has no file in infra/stages; ',
    },
    {
      what: 'a bad name',
      name: 'Loud',
      says: "infra/stages/Loud.ts: a stage's name has at most 30 of ",
    },
    {
      what: 'a wrong setting',
      name: 'wrong',
      says: "infra/stages/wrong.ts: alarmEmail is 'shop.example'; expected an e-mail address.",
    },
    { what: 'no syntax', name: 'broken', says: "infra/stages/broken.ts can't be read: " },
  ])('with $what is answered with one sentence', async ({ name, says }) => {
    const read = await readStage(name, folder);
    expect(read).toEqual({ problem: expect.stringMatching(/^[^\n]+$/) });
    expect(Object(read).problem.slice(0, says.length)).toBe(says);
  });

  test('that is not given is asked for, with the names of those there are', async () => {
    expect(await app({})).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'No stage is given; pass -c stage=<name> with one of dev, prod.\n',
    });
  });

  test('is synthesized from its file alone, for its account, with its tags and descriptions', async () => {
    const stage = await readStage('staging', folder);
    if ('problem' in stage) throw new Error(stage.problem);
    const its = newApp();
    new RefreshStack(its, 'SessionRefresh-staging', { stage });
    addChecks(its);
    const { manifest, stacks } = its.synth();
    const { environment, properties } = Object(manifest.artifacts?.['SessionRefresh-staging']);
    expect({ environment, ...properties }).toMatchObject({
      environment: 'aws://111111111111/eu-west-1',
      terminationProtection: true,
      tags: { service: 'session-refresh', stage: 'staging', team: 'identity' },
    });
    const outputs = Object.values<{ Description?: string }>(stacks[0]?.template.Outputs);
    expect(outputs.length).toBeGreaterThan(10);
    for (const { Description } of outputs) expect(Description).toMatch(/^\w/);
  });
});

describe('cdk-nag', { timeout: 300_000 }, () => {
  test.for([
    { what: 'dev', stage: 'dev', changes: {} },
    { what: 'prod with every setting that adds resources', stage: 'prod', changes: everything },
  ] as const)('finds nothing in $what', ({ stage, changes }) => {
    const its = newApp({ rules: true });
    stackOf(its, changes, stage);
    addChecks(its);
    expect(() => its.synth()).not.toThrow();
  });

  test('fails on a finding that is not acknowledged', () => {
    const its = newApp();
    new Bucket(stackOf(its, {}, 'dev'), 'Bucket');
    addChecks(its);
    expect(() => its.synth()).toThrow('server access logs');
  });
});

describe('a stack', () => {
  const [dev, prod] = (['dev', 'prod'] as const).map((stage) =>
    stackOf(newApp(), everything, stage, `SessionRefresh-${stage}`),
  );

  test('is protected from deletion where its stage retains', () => {
    expect([dev?.terminationProtection, prod?.terminationProtection]).toEqual([false, true]);
  });

  test('has no name in common with that of another stage in the same account', () => {
    const [ours = [], theirs = []] = [dev, prod].map((stack) => stack && names(stack));
    expect(ours.length).toBeGreaterThan(5);
    expect(ours.filter((name) => theirs.includes(name))).toEqual([]);
  });
});

/** The names that a stack chooses itself: two resources of one account can't share one. */
function names(stack: RefreshStack): readonly string[] {
  const { Resources } = Template.fromStack(stack).toJSON();
  return Object.values<Resource>(Resources).flatMap(({ Type, Properties }) =>
    Object.entries({ ...Properties, ...Object(Properties?.SamplingRule) })
      .filter(([key, value]) => /^(Name|.+Name)$/.test(key) && typeof value === 'string')
      .filter(([key]) => !inItsParent.test(`${Type} ${key}`))
      .map(([key, value]) => `${Type} ${key} ${value}`),
  );
}

/** Names within a role, an API, a function or a domain, and the metric that an alarm watches. */
const inItsParent =
  / (PolicyName|StageName|MetricName)$|^AWS::Lambda::Alias Name$|^AWS::(ApiGateway::DomainName|Route53::RecordSet) /;
