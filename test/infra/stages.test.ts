import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../local/processes.ts';
import { copyOfProject } from '../support/copy.ts';
import { newApp, type Resource, stackOf } from './synthesis.ts';

const staging = `import { defaults, type Settings } from '../settings.ts';

export const settings: Settings = {
  ...defaults,
  target: { account: '111111111111', region: 'eu-west-1' },
  tags: { team: 'identity' },
  alarmEmail: 'oncall@shop.example',
};
`;

let copy = '';

beforeAll(() => {
  copy = copyOfProject();
  writeFileSync(join(copy, 'infra/stages/staging.ts'), staging);
  writeFileSync(join(copy, 'infra/stages/wrong.ts'), staging.replace('oncall@', ''));
  writeFileSync(join(copy, 'infra/stages/Loud.ts'), staging);
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** Runs the app as the CDK CLI does with these flags, without bundling. */
function app(context: object) {
  const CDK_OUTDIR = join(copy, 'cdk.out');
  const { context: flags } = JSON.parse(readFileSync(join(copy, 'cdk.json'), 'utf8'));
  const CDK_CONTEXT_JSON = JSON.stringify({
    ...flags,
    ...context,
    'aws:cdk:bundling-stacks': [],
  });
  return run([process.execPath, 'infra/app.ts'], { CDK_OUTDIR, CDK_CONTEXT_JSON }, copy).ended;
}

/** A stack of the last synthesis: what the CDK CLI deploys. */
function assembled(stack: string) {
  const read = (file: string) => JSON.parse(readFileSync(join(copy, 'cdk.out', file), 'utf8'));
  const { environment, properties } = read('manifest.json').artifacts[stack];
  return { environment, ...properties, template: read(`${stack}.template.json`) };
}

describe('cdk', () => {
  test.for([
    {
      what: 'no stage',
      context: {},
      says: 'No stage is given; pass -c stage=<name> with one of Loud, dev, prod, staging, wrong.',
    },
    {
      what: 'an unknown stage',
      context: { stage: 'satging' },
      says: 'Stage satging has no file in infra/stages; expected one of Loud, dev, prod, staging, wrong.',
    },
    {
      what: 'a stage whose file has no name for a stack',
      context: { stage: 'Loud' },
      says: "infra/stages/Loud.ts: a stage's name has at most 30 of a-z, 0-9 and -, and starts with a letter.",
    },
    {
      what: 'a stage with a wrong setting',
      context: { stage: 'wrong' },
      says: "infra/stages/wrong.ts: alarmEmail is 'shop.example'; expected an e-mail address.",
    },
  ])('answers $what with one sentence', async ({ context, says }) => {
    expect(await app(context)).toMatchObject({ code: 1, stdout: '', stderr: `${says}\n` });
  });

  test('synthesizes a third stage from its file alone', async () => {
    expect(await app({ stage: 'staging' })).toMatchObject({ code: 0 });
    const { template, ...stack } = assembled('SessionRefresh-staging');
    expect(stack).toMatchObject({
      environment: 'aws://111111111111/eu-west-1',
      terminationProtection: true,
      tags: { service: 'session-refresh', stage: 'staging', team: 'identity' },
    });
    for (const output of Object.values<{ Description?: string }>(template.Outputs))
      expect(output.Description).toMatch(/^\w/);
  });
});

describe('a stack', () => {
  const [dev, prod] = (['dev', 'prod'] as const).map((stage) =>
    stackOf(newApp(), {}, stage, stage),
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
function names(stack: Stack): readonly string[] {
  const { Resources } = Template.fromStack(stack).toJSON();
  return Object.values<Resource>(Resources).flatMap(({ Type, Properties }) =>
    Object.entries(Properties ?? {})
      .filter(([key, value]) => /^(Name|.+Name)$/.test(key) && typeof value === 'string')
      .filter(([key]) => !inItsParent.test(`${Type} ${key}`))
      .map(([key, value]) => `${Type} ${key} ${value}`),
  );
}

/** Names within a role, an API or a function, and the metric that an alarm watches. */
const inItsParent = / (PolicyName|StageName|MetricName)$|^AWS::Lambda::Alias Name$/;
