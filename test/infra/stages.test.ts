import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { afterAll, describe, expect, test } from 'vitest';
import { addChecks } from '../../infra/checks.ts';
import { RefreshStack } from '../../infra/refresh-stack.ts';
import { settingsProblem } from '../../infra/settings-problem.ts';
import { readStage } from '../../infra/stages.ts';
import { run } from '../local/processes.ts';
import {
  domain,
  everything,
  flags,
  newApp,
  type Synthesized,
  stackOf,
  stages,
  synthesized,
} from './synthesis.ts';

/** Settings of dev with one of them, given by its path, set to a value. */
function changed(path: string, value: unknown): object {
  const settings = structuredClone<object>({ ...stages.dev, ...whole[path.split('.')[0] ?? ''] });
  const names = path.split(/[.[\]]+/).filter((name) => name !== '');
  const last = names.pop() ?? '';
  let at = settings as Record<string, unknown>;
  for (const name of names) {
    at[name] ??= {};
    at = at[name] as Record<string, unknown>;
  }
  at[last] = value;
  return settings;
}

/** Settings that dev does not have, so that a row can change a part of one. */
const whole: Readonly<Record<string, object>> = {
  domain: { domain },
  firewall: { firewall: { ratePerAddress: 10, onlyCounted: ['NoUserAgent_HEADER'] } },
  target: { target: { account: '111111111111', region: 'eu-west-1' } },
  warmThroughput: { warmThroughput: { reads: 12_000, writes: 4000 } },
};

const origin = 'an origin like https://shop.example';

/** A setting, a wrong value, and what is allowed. */
const wrong: readonly (readonly [setting: string, value: unknown, expected: string])[] = [
  ['target.account', '1', 'an account of 12 digits'],
  ['target.region', 'Ireland', 'a Region like eu-west-1'],
  ['tags.team', '', 'a text of 1 to 256 letters, digits and _.:/=+@-'],
  ['tags.team', 1, 'a text of 1 to 256 letters, digits and _.:/=+@-'],
  ['retain', 'yes', 'true or false'],
  ['sam', null, 'true or false'],
  ['sessionEvents', 1, 'true or false'],
  ['logRetentionDays', 10, 'one of 1, 3, 5, 7, '],
  ['logRetentionDays', 9999, 'one of 1, 3, 5, 7, '],
  ['throttle.rate', 0, 'a number over 0'],
  ['throttle.rate', Number.POSITIVE_INFINITY, 'a number over 0'],
  ['throttle.burst', 1.5, 'a whole number, 1 or more'],
  ['accountConcurrency', '1000', 'a whole number, 1 or more'],
  ['canary', '20 %', 'one of all at once, 10 % for 5 minutes, '],
  ['traces.share', 5, 'a number from 0 to 1'],
  ['traces.perSecond', -1, 'a whole number, 0 or more'],
  ['firewall', true, 'an object'],
  ['firewall.ratePerAddress', 9, 'a whole number from 10 to 2000000000'],
  ['firewall.onlyCounted[0]', 'No User', 'the name of a rule like NoUserAgent_HEADER'],
  ['warmThroughput.writes', 3999, 'a whole number, 4000 or more'],
  ['warmThroughput.reads', 11_999, 'a whole number, 12000 or more'],
  ['domain', 'not a domain', 'an object'],
  ['domain.name', 'not a domain', 'a domain name like shop.example'],
  ['domain.name', 'shop.test', "a name in domain.hostedZoneName, 'shop.example'"],
  ['domain.certificateArn', 'arn', 'the ARN of a certificate in ACM'],
  ['alarmEmail', 'nope', 'an e-mail address'],
  ['clients', {}, 'a list'],
  ['clients[0]', null, 'an object'],
  ['clients[0].name', 'work space!', 'words of a-z and 0-9 joined by -'],
  ['clients[0].quota.limit', 0, 'a whole number, 1 or more'],
  ['clients[0].quota.period', 'day', 'one of DAY, WEEK, MONTH'],
  ['contracts', [], 'an object'],
  ['contracts.eos', 'fixed', 'an object'],
  ['contracts.eos.quietMinutes', 1441, 'a whole number from 1 to 1440'],
  ['contracts.eos.policy.rotation', true, "'fixed' or { grace: seconds }"],
  ['contracts.eos.policy.rotation.grace', '60', 'a number of seconds'],
  ['contracts.s360.policy.rotation', { grace: 30 }, "'fixed'"],
  ['contracts.ccstore.policy.idle', 60, 'an object'],
  ['contracts.ccstore.policy.idle', null, 'an object'],
  ['contracts.eos.policy.idle', { token: 60 }, 'a number of seconds'],
  ['contracts.ccstoreui.policy', {}, 'no policy: it serves the sessions of ccstore, whose policy '],
  ['contracts.eos.allowedOrigins', 'https://shop.example', 'a list'],
  ['contracts.eos.allowedOrigins', ['https://shop.example/'], origin],
  ['contracts.eos.allowedOrigins', ['https://shop.example '], origin],
  ['contracts.eos.allowedOrigins', ['shop.example'], origin],
  ['contracts.eos.allowedOrigins', ['*'], origin],
  ['contracts.eos.allowedOrigins', ['null'], origin],
];

/** A setting, its value, and how the sentence about it begins where it is no such sentence. */
const others: readonly (readonly [setting: string, value: unknown, says: string])[] = [
  ['retain', undefined, 'retain is missing; expected true or false'],
  ['target', { account: '111111111111' }, 'target.region is missing; expected a Region like '],
  ['firewall', {}, 'firewall.ratePerAddress is missing; expected a whole number from 10 '],
  ['contracts.eos.throttle', { rate: 1 }, 'contracts.eos.throttle.burst is missing; expected '],
  ['retian', true, 'retian is unknown; expected one of target, tags, retain, '],
  ['toString', 1, 'toString is unknown; expected one of target, tags, retain, '],
  ['throttle.brust', 2, 'throttle.brust is unknown; expected one of rate, burst'],
  ['clients[0].key', 'x', 'clients[0].key is unknown; expected one of name, rate, burst, quota'],
  ['contracts.nobody', {}, 'contracts.nobody is unknown; expected one of eos, s360, ccstore, '],
  ['contracts.eos.polcy', {}, 'contracts.eos.polcy is unknown; expected one of policy, throttle, '],
  ['contracts.eos.policy.idel', 60, 'contracts.eos.policy.idel is unknown; expected one of idle, '],
  [
    'contracts.eos.policy.rotation',
    { grace: 60, idle: 1 },
    'contracts.eos.policy.rotation.idle is unknown; expected one of grace',
  ],
  [
    'contracts.ccstore.policy.idle.tokne',
    60,
    'contracts.ccstore.policy.idle.tokne is unknown; expected one of token',
  ],
  ['tags.aws:x', 'y', "tags has the name 'aws:x'; expected a name of 1 to 128 characters "],
  ['tags.stage', 'y', "tags has the name 'stage'; expected a name of 1 to 128 characters "],
  ['clients[1]', stages.dev.clients[0], "clients has 'workspace' twice; expected a name "],
  ['contracts.eos.policy.idle', -1, 'contracts.eos.policy: idle is -1'],
  ['contracts.eos.policy.idle', 0, 'contracts.eos.policy: idle is 0'],
  ['contracts.s360.policy.idle', 0.5, 'contracts.s360.policy: idle is 0.5'],
  ['contracts.s360.policy.lifetime', 100, 'contracts.s360.policy: lifetime is 100; it must be at'],
  [
    'contracts.eos.policy.rotation',
    { grace: 0 },
    'contracts.eos.policy: grace is 0; it must be at',
  ],
  ['contracts.eos.policy.rotation', { grace: 901 }, 'contracts.eos.policy: grace is 901; it must '],
];

describe('settings', () => {
  test.for(Object.entries(stages))('of %s are valid', ([, settings]) => {
    expect(settingsProblem(settings)).toBeUndefined();
  });

  test.for([
    ...wrong.map(([setting, value, expected]) => {
      const [shown, at] =
        Array.isArray(value) && value.length > 0 ? [value[0], '[0]'] : [value, ''];
      return { setting, value, says: `${setting}${at} is ${inspect(shown)}; expected ${expected}` };
    }),
    ...others.map(([setting, value, says]) => ({ setting, value, says })),
  ])('are refused with: $says', ({ setting, value, says }) => {
    const problem = settingsProblem(changed(setting, value));
    expect(problem?.slice(0, says.length)).toBe(says);
    expect(problem).not.toContain('\n');
  });

  test.for([undefined, null, [], 'dev'])('are refused where the file exports %o', (given) => {
    expect(settingsProblem(given)).toMatch(/^the file exports no settings; expected /);
  });
});

const folder = mkdtempSync(join(tmpdir(), 'stages-'));
afterAll(() => rmSync(folder, { recursive: true }));

const staging = `import { defaults, type Settings } from '${pathToFileURL('infra/settings.ts')}';

export const settings: Settings = {
  ...defaults,
  ...${JSON.stringify(everything)},
  target: { account: '111111111111', region: 'eu-west-1' },
  tags: { team: 'identity' },
  alarmEmail: 'oncall@shop.example',
};
`;
writeFileSync(join(folder, 'staging.ts'), staging);
writeFileSync(join(folder, 'wrong.ts'), staging.replace("'oncall@", "'"));
writeFileSync(join(folder, 'broken.ts'), 'export const settings = ;');
writeFileSync(join(folder, 'Loud.ts'), staging);

// Whole syntheses: seconds each on a quiet machine.
describe('a stage', { timeout: 300_000 }, () => {
  test.for([
    { name: undefined, says: 'No stage is given; pass -c stage=<name> with one of ' },
    { name: 'satging', says: 'Stage satging has no file in infra/stages; expected one of ' },
    { name: true, says: 'Stage true has no file in infra/stages; ' },
    { name: 'Loud', says: "infra/stages/Loud.ts: a stage's name has at most 30 of " },
    {
      name: 'wrong',
      says: "infra/stages/wrong.ts: alarmEmail is 'shop.example'; expected an e-mail address.",
    },
    { name: 'broken', says: "infra/stages/broken.ts can't be read: " },
  ])('$name is answered with one sentence: $says', async ({ name, says }) => {
    const read = await readStage(name, folder);
    expect(read).toEqual({ problem: expect.stringMatching(/^[^\n]+$/) });
    expect(Object(read).problem.slice(0, says.length)).toBe(says);
  });

  test('that is not given is asked for, with the names of those there are', async () => {
    const env = { CDK_OUTDIR: join(folder, 'cdk.out'), CDK_CONTEXT_JSON: JSON.stringify(flags) };
    expect(await run([process.execPath, 'infra/app.ts'], env).ended).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'No stage is given; pass -c stage=<name> with one of dev, prod.\n',
    });
  });

  // With every setting that adds resources, past cdk-nag and CloudFormation's own rules.
  test('is synthesized from its file alone, and has no name in common with another one', async () => {
    const stage = await readStage('staging', folder);
    if ('problem' in stage) throw new Error(stage.problem);
    const app = newApp({ rules: true });
    const stack = new RefreshStack(app, 'SessionRefresh-staging', { stage });
    addChecks(app);
    const { manifest, stacks } = app.synth();
    const { environment, properties } = Object(manifest.artifacts?.[stack.stackName]);
    expect({ environment, ...properties }).toMatchObject({
      environment: 'aws://111111111111/eu-west-1',
      terminationProtection: true,
      tags: { service: 'session-refresh', stage: 'staging', team: 'identity' },
    });
    const template = stacks[0]?.template;
    const outputs = Object.values<{ Description?: string }>(template.Outputs);
    expect(outputs.length).toBeGreaterThan(10);
    for (const { Description } of outputs) expect(Description).toMatch(/^\w/);

    const [ours, theirs] = [names(template), names(synthesized(everything, 'prod'))];
    expect(ours.length).toBeGreaterThan(5);
    expect(ours.filter((name) => theirs.includes(name))).toEqual([]);
  });

  test('is protected from deletion where it retains', () => {
    const [dev, prod] = (['dev', 'prod'] as const).map((stage) => stackOf(newApp(), {}, stage));
    expect([dev?.terminationProtection, prod?.terminationProtection]).toEqual([false, true]);
  });

  test('fails on a finding of cdk-nag that is not acknowledged', () => {
    const app = newApp();
    new Bucket(new Stack(app, 'Stack'), 'Bucket');
    addChecks(app);
    expect(() => app.synth()).toThrow('server access logs');
  });
});

/** The names that a stack chooses itself: two resources of one account can't share one. */
function names({ Resources }: Synthesized): readonly string[] {
  return Object.values(Resources).flatMap(({ Type, Properties }) =>
    Object.entries({ ...Properties, ...Properties?.SamplingRule })
      .filter(([key, value]) => /^(Name|.+Name)$/.test(key) && typeof value === 'string')
      .filter(([key]) => !inItsParent.test(`${Type} ${key}`))
      .map(([key, value]) => `${Type} ${key} ${value}`),
  );
}

/** Names within a role, an API, a function or a domain, a metric's, and those of AWS itself. */
const inItsParent =
  / (PolicyName|StageName|MetricName|DeploymentConfigName)$|^AWS::Lambda::Alias Name$|^AWS::(ApiGateway::DomainName|Route53::RecordSet) /;
