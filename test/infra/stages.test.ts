import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { addChecks } from '../../infra/checks.ts';
import { RefreshStack } from '../../infra/refresh-stack.ts';
import { settingsProblem } from '../../infra/settings-problem.ts';
import { readStage } from '../../infra/stages.ts';
import { domain, everything, flags, full, newApp, stackOf, stages } from './synthesis.ts';

/** Settings of dev with one of them, given by its path, set to a value. */
function changed(path: string, value: unknown): object {
  const settings = structuredClone<object>({ ...stages.dev, ...whole[path.split('.')[0] ?? ''] });
  const names = path.match(/[^.[\]]+/g) ?? [];
  let at = settings as Record<string, unknown>;
  for (const name of names.slice(0, -1)) {
    at[name] ??= {};
    at = at[name] as Record<string, unknown>;
  }
  at[names.at(-1) ?? ''] = value;
  return settings;
}

/** Settings that dev does not have, so that a row can change a part of one. */
const whole: Readonly<Record<string, object>> = {
  domain: { domain },
  firewall: { firewall: { ratePerAddress: 10, onlyCounted: ['NoUserAgent_HEADER'] } },
  target: { target: { account: '111111111111', region: 'eu-west-1' } },
  warmThroughput: { warmThroughput: { reads: 12_000, writes: 4000 } },
};

/** What is allowed, and wrong values by the paths of their settings. */
const wrong: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'an account of 12 digits': { 'target.account': '1' },
  'a Region like eu-west-1': { 'target.region': 'Ireland' },
  'a text of 1 to 256 letters, digits and _.:/=+@-': { 'tags.team': '', 'tags.other': 1 },
  'true or false': { retain: 'yes', sam: null, sessionEvents: 1 },
  'one of 1, 3, 5, 7, ': { logRetentionDays: 9999 },
  'a number over 0': { 'throttle.rate': 0, 'clients[0].rate': Number.POSITIVE_INFINITY },
  'a whole number, 1 or more': {
    'throttle.burst': 1.5,
    accountConcurrency: '1000',
    'clients[0].quota.limit': 0,
  },
  'one of all at once, 10 % for 5 minutes, ': { canary: '20 %' },
  'a number from 0 to 1': { 'traces.share': 5 },
  'a whole number, 0 or more': { 'traces.perSecond': -1 },
  'a whole number from 10 to 2000000000': { 'firewall.ratePerAddress': 9 },
  'the name of a rule like NoUserAgent_HEADER': { 'firewall.onlyCounted[0]': 'No User' },
  'a whole number, 4000 or more': { 'warmThroughput.writes': 3999 },
  'a whole number, 12000 or more': { 'warmThroughput.reads': 11_999 },
  'a domain name like shop.example': { 'domain.name': 'not a domain' },
  "a name in domain.hostedZoneName, 'shop.example'": { 'domain.name': 'shop.test' },
  'the ARN of a certificate in ACM': { 'domain.certificateArn': 'arn' },
  'an e-mail address': { alarmEmail: 'nope' },
  'a list': { clients: {}, 'contracts.eos.allowedOrigins': 'https://shop.example' },
  'an object': { firewall: true, 'contracts.eos': 'fixed', 'contracts.ccstore.policy.idle': 60 },
  'words of a-z and 0-9 joined by -': { 'clients[0].name': 'work space!' },
  'one of DAY, WEEK, MONTH': { 'clients[0].quota.period': 'day' },
  'a whole number from 1 to 1440': { 'contracts.eos.quietMinutes': 1441 },
  "'fixed' or { grace: seconds }": { 'contracts.eos.policy.rotation': true },
  "'fixed'": { 'contracts.s360.policy.rotation': { grace: 30 } },
  'a number of seconds': { 'contracts.eos.policy.rotation.grace': '60' },
  'no policy: it serves the sessions of ccstore, ': { 'contracts.ccstoreui.policy': {} },
};

/** A setting, its value, and how the sentence begins after the path. */
const others: readonly (readonly [setting: string, value: unknown, says: string])[] = [
  ['contracts.eos.policy.idle', { token: 60 }, ' is { token: 60 }; expected a number of seconds'],
  ...['https://shop.example/', 'https://shop.example ', 'shop.example', '*', 'null'].map(
    (origin) => {
      const says = `[0] is '${origin}'; expected an origin like https://shop.example`;
      return ['contracts.eos.allowedOrigins', [origin], says] as const;
    },
  ),
  ['retain', undefined, ' is missing; expected true or false'],
  ['firewall', {}, '.ratePerAddress is missing; expected a whole number from 10 '],
  ['target', { account: '111111111111' }, '.region is missing; expected a Region like '],
  ['contracts.eos.throttle', { rate: 1 }, '.burst is missing; expected a whole number'],
  ['clients[0].quota', undefined, ' is missing; expected an object'],
  ['clients[0].key', 'x', ' is unknown; expected one of name, rate, burst, quota'],
  ['toString', 1, ' is unknown; expected one of target, tags, retain, '],
  ['contracts.nobody', {}, ' is unknown; expected one of eos, s360, ccstore, '],
  ['contracts.eos.policy.rotation.idle', 1, ' is unknown; expected one of grace'],
  ['tags', { 'aws:x': 'y' }, " has the name 'aws:x'; expected a name of 1 to 128 characters "],
  ['tags', { stage: 'y' }, " has the name 'stage'; expected a name of 1 to 128 characters "],
  ['clients', Array(2).fill(stages.dev.clients[0]), " has 'workspace' twice; expected a name "],
  // Its values are in test/unit/policy.test.ts.
  ['contracts.s360.policy', { lifetime: 100 }, ': lifetime is 100; it must be at'],
  ['contracts.eos.policy', { rotation: { grace: 901 } }, ': grace is 901; it must '],
];

describe('settings', () => {
  test.for([
    ...Object.entries(wrong).flatMap(([expected, values]) =>
      Object.entries(values).map(
        ([setting, value]) =>
          [setting, value, ` is ${inspect(value)}; expected ${expected}`] as const,
      ),
    ),
    ...others,
  ])('are refused with: %s %o%s', ([setting, value, says]) => {
    const problem = settingsProblem(changed(setting, value)) ?? '';
    expect(problem.slice(0, setting.length + says.length)).toBe(setting + says);
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
    { name: 'satging', says: /^Stage satging has no file in infra\/stages; expected one of .*$/ },
    { name: true, says: /^Stage true has no file in infra\/stages; .*$/ },
    { name: 'Loud', says: /^infra\/stages\/Loud.ts: a stage's name has at most 30 of .*$/ },
    { name: 'wrong', says: /^infra\/stages\/wrong.ts: alarmEmail is 'shop.example'; expected .*$/ },
    { name: 'broken', says: /^infra\/stages\/broken.ts can't be read: .*$/ },
  ])('$name is answered with one sentence: $says', async ({ name, says }) => {
    expect(await readStage(name, folder)).toEqual({ problem: expect.stringMatching(says) });
  });

  test('that is not given is asked for, with the names of those there are', async () => {
    onTestFinished(() => {
      vi.restoreAllMocks();
      vi.unstubAllEnvs();
    });
    vi.stubEnv('CDK_CONTEXT_JSON', JSON.stringify(flags));
    const said = vi.spyOn(console, 'error').mockReturnValue();
    const exit = vi.spyOn(process, 'exit').mockImplementation((code) => {
      throw new Error(`exit ${code}`);
    });
    await expect(import('../../infra/app.ts')).rejects.toThrow('exit 1');
    const asked = 'No stage is given; pass -c stage=<name> with one of dev, prod.';
    expect([said.mock.calls, exit.mock.calls]).toEqual([[[asked]], [[1]]]);
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
    expect(stackOf('dev').terminationProtection).toBe(false);
    const outputs = Object.values<{ Description?: string }>(template.Outputs);
    expect(outputs.length).toBeGreaterThan(10);
    for (const { Description } of outputs) expect(Description).toMatch(/^\w/);

    const [ours, theirs] = [names(template), names(full)];
    expect(ours.length).toBeGreaterThan(5);
    expect(ours.filter((name) => theirs.includes(name))).toEqual([]);
  });

  test('fails on a finding of cdk-nag that is not acknowledged', () => {
    const app = newApp();
    new Bucket(new Stack(app, 'Stack'), 'Bucket');
    addChecks(app);
    expect(() => app.synth()).toThrow('server access logs');
  });
});

/** The names that a stack chooses itself: two resources of one account can't share one. */
function names({ Resources }: typeof full): readonly string[] {
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
