import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { type MetricName, type Outcome, outcomes } from '../../functions/core/lambda/outcome.ts';
import { queries } from '../../infra/queries.ts';
import { all, asText, dev, full, only, other, type Resource } from './synthesis.ts';

const alarms = all(full, 'AWS::CloudWatch::Alarm');
const runbook = readFileSync('docs/operations.md', 'utf8');

/** The heading of the runbook that an alarm names. */
function headingOf({ Properties: { AlarmDescription } }: Resource): string {
  return /^docs\/operations\.md, "(.+)", says what to do\.$/.exec(AlarmDescription)?.[1] ?? '';
}

describe('alarms', () => {
  test('name a heading of the runbook each, and its index has every heading', () => {
    const [, section = ''] = /^## Alarms\n(.*?)^## /ms.exec(runbook) ?? [];
    const headings = [...section.matchAll(/^### (.*)$/gm)].map(([, heading]) => heading);
    expect(headings.length).toBeGreaterThan(5);
    expect([...new Set(alarms.map(headingOf))].toSorted()).toEqual(headings.toSorted());
    const index = [...runbook.matchAll(/^\| \[(.+?)\]\(#[\w-]+\) \| .+ \| .+ \|$/gm)];
    expect(index.map(([, heading]) => heading)).toEqual(headings);
  });

  test.for([
    { what: 'each kind of failure', template: dev, on: false },
    { what: 'silence, rotation and events where a stage has them', template: full, on: true },
  ])('watch $what', ({ template, on }) => {
    const own = contracts.flatMap(({ name, apiKey, rotates }) => [
      ...['5xx', 'crashes', 'guesses', 'keys', 'slow', 'throttled']
        .concat(apiKey === 'required' ? 'authorizer' : [])
        .concat(on ? 'quiet' : [], on && rotates ? 'reuse' : [])
        .map((kind) => `Observability${name}${kind}`),
      ...['crashes', 'failures', 'slow'].map((kind) => `${name}release${name}${kind}`),
    ]);
    const ofEvents = ['Failed', 'Throttled', 'Timeout'].map((kind) => `pipeExecution${kind}`);
    const shared = ['tablethrottled', 'concurrency', ...(on ? ['eventslost', ...ofEvents] : [])];
    const expected = [...own, ...shared.map((name) => `Observability${name}`)];
    const found = all(template, 'AWS::CloudWatch::Alarm').map(({ id }) => id.slice(0, -8));
    expect(found.toSorted()).toEqual(expected.toSorted());
  });

  test('treat missing data as healthy, except the one that expects requests', () => {
    const [below, reached] = ['LessThanThreshold', 'GreaterThanOrEqualToThreshold'];
    for (const alarm of alarms) {
      const { TreatMissingData, ComparisonOperator } = alarm.Properties;
      const expected =
        headingOf(alarm) === 'Nobody calls' ? ['breaching', below] : ['notBreaching', reached];
      expect([TreatMissingData, ComparisonOperator]).toEqual(expected);
    }
  });

  test('count no answer of the settling time as a 5xx', () => {
    const { Metrics } = only(full, 'AWS::CloudWatch::Alarm', 'Observabilityeos5xx').Properties;
    expect(Metrics).toMatchObject([
      { Expression: 'FILL(errors, 0) - FILL(settling, 0)' },
      { Id: 'errors', MetricStat: { Metric: { MetricName: '5XXError' } } },
      { Id: 'settling', MetricStat: { Metric: { MetricName: 'settling' } } },
    ]);
  });

  test('watch concurrency against the account’s quota in the settings', () => {
    const watch = only(other, 'AWS::CloudWatch::Alarm', 'Observabilityconcurrency').Properties;
    expect(watch).toMatchObject({ MetricName: 'ConcurrentExecutions', Threshold: 40 });
  });

  test('notify the e-mail address, except those that roll back a release', () => {
    const address = { Protocol: 'email', Endpoint: 'oncall@shop.example' };
    expect(only(full, 'AWS::SNS::Subscription').Properties).toMatchObject(address);
    const { id: Ref } = only(full, 'AWS::SNS::Topic');
    // An alarm that rolls a release back watches what the contract's own alarms tell of.
    for (const { id, Properties } of alarms)
      expect(Properties.AlarmActions).toEqual(id.includes('release') ? undefined : [{ Ref }]);
    // The policy of a topic replaces the one by which SNS lets its own account publish.
    const { PolicyDocument } = only(full, 'AWS::SNS::TopicPolicy').Properties;
    const [allowed] = PolicyDocument.Statement.filter(({ Effect = '' }) => Effect === 'Allow');
    expect(allowed).toMatchObject({
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: 'sns:Publish',
      Resource: { Ref },
    });
    expect(asText(allowed.Condition.ArnLike['aws:SourceArn'])).toBe(
      'arn:{AWS::Partition}:cloudwatch:{AWS::Region}:{AWS::AccountId}:alarm:*',
    );
  });
});

const dashboard = only(full, 'AWS::CloudWatch::Dashboard').Properties;
const body = asText(dashboard.DashboardBody);

test('alarms and dashboard read exactly the metrics that the Lambdas write, and where', () => {
  const shown = body.match(/(?<=\["Stack",")[\w-]+/g) ?? [];
  const inAlarms = /(?<="MetricName":")[\w-]+(?=","Namespace":"Stack")/g;
  const alarmed = JSON.stringify(alarms).match(inAlarms) ?? [];
  expect(alarmed).toContain('settling');
  const ofLambdas = { latency: 1, 'storage-latency': 1, 'cold-start': 1, 'keys-unread': 1 };
  ofLambdas satisfies Record<Exclude<MetricName, Outcome>, number>;
  const written = new Set([...outcomes, ...Object.keys(ofLambdas)]);
  expect(new Set([...shown, ...alarmed])).toEqual(written);
  for (const { name } of contracts) {
    const { Environment } = only(full, 'AWS::Lambda::Function', `${name}Function`).Properties;
    expect(Environment.Variables.METRICS_NAMESPACE).toBe('Stack');
  }
});

test('the dashboard has a section for each contract, and one for the table', () => {
  for (const { name, path } of contracts) expect(body).toContain(`## ${name}: POST ${path}`);
  expect(body).toContain('## The table');
  expect(dashboard.DashboardName).toBe('Stack');
});

test.for(queries)('the saved query $name is the one in the runbook', ({ name, text }) => {
  expect(runbook).toContain(`\`${name}\``);
  expect(runbook).toContain(`\`\`\`\n${text}\n\`\`\``);
  const saved = all(full, 'AWS::Logs::QueryDefinition').map(({ Properties }) => Properties);
  const [found] = saved.filter(({ Name }) => Name === `Stack/${name}`);
  expect(found?.QueryString).toBe(text);
  // Two logs for each contract, and session-admin's.
  expect(found?.LogGroupNames).toHaveLength(2 * contracts.length + 1);
});

describe.for(contracts)('a release of $name', ({ name }) => {
  const own = (type: string, id: string) => only(dev, `AWS::${type}`, id);
  const version = own('Lambda::Version', `${name}Function`);
  const alias = own('Lambda::Alias', `${name}Function`);
  const group = own('CodeDeploy::DeploymentGroup', `${name}release`);
  const check = own('Lambda::Function', `${name}releaseCheck`);
  const filter = own('Logs::MetricFilter', `${name}release`);

  test('moves the alias that the API calls', () => {
    const FunctionVersion = { 'Fn::GetAtt': [version.id, 'Version'] };
    const FunctionName = { Ref: `${name}Function` };
    expect(alias.Properties).toMatchObject({ Name: 'live', FunctionName, FunctionVersion });
    const method = own('ApiGateway::Method', `${name}Api`);
    expect(asText(method.Properties.Integration.Uri)).toContain(
      `:lambda:path/2015-03-31/functions/{${name}Function.Arn}:live/invocations`,
    );
    const permission = own('Lambda::Permission', `${name}Api`);
    expect(asText(permission.Properties.FunctionName)).toBe(`{${name}Function.Arn}:live`);
    for (const caller of [method, permission]) expect(caller.DependsOn).toContain(alias.id);
  });

  test('is handed to CodeDeploy with its check, once all that guards it is there', () => {
    const CodeDeployLambdaAliasUpdate = {
      ApplicationName: { Ref: own('CodeDeploy::Application', '').id },
      DeploymentGroupName: { Ref: group.id },
      BeforeAllowTrafficHook: { Ref: check.id },
    };
    expect(alias).toMatchObject({ UpdatePolicy: { CodeDeployLambdaAliasUpdate } });
    const variables = { RELEASE_CONTRACT: name, RELEASE_VERSION: { Ref: version.id } };
    expect(check.Properties.Environment.Variables).toMatchObject(variables);
    const guards = [group, check, filter, own('IAM::Policy', `${name}releaseRole`)];
    expect(alias.DependsOn).toEqual(expect.arrayContaining(guards.map(({ id }) => id)));
    expect(check.DependsOn).toContain(own('IAM::Policy', `${name}releaseCheckRole`).id);
  });

  test('rolls back by the failures, crashes and latency of the new version', () => {
    const { AlarmConfiguration, AutoRollbackConfiguration } = group.Properties;
    const names: { Name: { Ref: string } }[] = AlarmConfiguration.Alarms;
    const watching = names.map(({ Name: { Ref } }) => dev.Resources[Ref]?.Properties);
    const { FunctionVersion } = alias.Properties;
    const Dimensions = [
      { Name: 'ExecutedVersion', Value: FunctionVersion },
      { Name: 'FunctionName', Value: { Ref: `${name}Function` } },
      { Name: 'Resource', Value: expect.anything() },
    ];
    const MetricName = { 'Fn::Join': ['', [`${name}-failures-`, FunctionVersion]] };
    expect(watching).toMatchObject([
      { MetricName, Namespace: 'Stack/Releases' },
      { MetricName: 'Errors', Dimensions },
      { MetricName: 'Duration', ExtendedStatistic: 'p99', Dimensions },
    ]);
    expect(AlarmConfiguration.Enabled).toBe(true);
    const Events = ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM'];
    expect(AutoRollbackConfiguration).toEqual({ Enabled: true, Events });

    const { FilterPattern, LogGroupName, MetricTransformations } = filter.Properties;
    expect(asText(FilterPattern)).toBe(
      `{ ($.functionVersion = "{${version.id}.Version}") && (($.outcome = "failed") || ($.outcome = "unavailable") || ($.outcome = "timed-out")) }`,
    );
    const { LoggingConfig } = own('Lambda::Function', `${name}Function`).Properties;
    expect(LoggingConfig.LogGroup).toEqual(LogGroupName);
    const counted = { MetricName, MetricNamespace: 'Stack/Releases', MetricValue: '1' };
    expect(MetricTransformations).toMatchObject([counted]);
  });

  test('is a canary in prod, and at once in dev', () => {
    const inProd = only(full, group.Type, `${name}release`);
    expect([group, inProd].map(({ Properties }) => Properties.DeploymentConfigName)).toEqual([
      'CodeDeployDefault.LambdaAllAtOnce',
      'CodeDeployDefault.LambdaCanary10Percent5Minutes',
    ]);
  });

  test('is one whenever the Lambda changes, and leaves the version before it', () => {
    expect(only(other, version.Type, `${name}Function`).id).not.toBe(version.id);
    expect(version.DeletionPolicy).toBe('RetainExceptOnCreate');
  });
});
