import { describe, expect, test } from 'vitest';
import { contracts, sessionOwners } from '../../functions/contracts.ts';
import { asText, only as found, resources, synthesized } from './synthesis.ts';

const template = synthesized();
const prod = synthesized({}, 'prod');

const changed = synthesized({
  contracts: Object.fromEntries(
    sessionOwners.map(({ name }) => [name, { policy: { lifetime: 90_000 } }]),
  ),
});

/** The only resource of a type whose logical id begins so, its properties beside the rest. */
function only(type: string, id: string, of = template) {
  const resource = found(of, type, id);
  return { ...resource, ...resource.Properties };
}

describe.for(contracts)('a release of $name', ({ name }) => {
  const version = only('AWS::Lambda::Version', `${name}Function`).id;
  const alias = only('AWS::Lambda::Alias', `${name}Function`);
  const group = only('AWS::CodeDeploy::DeploymentGroup', `${name}release`);
  const check = only('AWS::Lambda::Function', `${name}releaseCheck`);

  test('moves the alias that the API calls', () => {
    expect(alias).toMatchObject({
      Name: 'live',
      FunctionName: { Ref: `${name}Function` },
      FunctionVersion: { 'Fn::GetAtt': [version, 'Version'] },
    });
    const method = only('AWS::ApiGateway::Method', `${name}Api`);
    const { Uri } = Object(method.Properties.Integration);
    expect(asText(Uri)).toMatch(
      new RegExp(`:lambda:path/2015-03-31/functions/{${name}Function.Arn}:live/invocations$`),
    );
    const permission = only('AWS::Lambda::Permission', `${name}Api`);
    expect(asText(permission.Properties.FunctionName)).toBe(`{${name}Function.Arn}:live`);
    for (const caller of [method, permission]) expect(caller.DependsOn).toContain(alias.id);
  });

  test('is handed to CodeDeploy with its check', () => {
    expect(alias).toMatchObject({
      UpdatePolicy: {
        CodeDeployLambdaAliasUpdate: {
          ApplicationName: { Ref: only('AWS::CodeDeploy::Application', '').id },
          DeploymentGroupName: { Ref: group.id },
          BeforeAllowTrafficHook: { Ref: check.id },
        },
      },
    });
    expect(Object(check.Properties.Environment).Variables).toMatchObject({
      RELEASE_CONTRACT: name,
      RELEASE_VERSION: { Ref: version },
    });
  });

  test('begins when all that guards it is there', () => {
    const filter = only('AWS::Logs::MetricFilter', `${name}release`);
    expect(alias.DependsOn).toEqual(expect.arrayContaining([group.id, check.id, filter.id]));
    // The check's own permissions come before the check.
    expect(check.DependsOn).toContain(only('AWS::IAM::Policy', `${name}releaseCheckRole`).id);
    expect(alias.DependsOn).toContain(only('AWS::IAM::Policy', `${name}releaseRole`).id);
  });

  test('rolls back by the failures, latency and throttles of the new version', () => {
    const { Alarms, Enabled } = Object(group.Properties.AlarmConfiguration);
    const alarms = resources(template, 'AWS::CloudWatch::Alarm').filter(([id]) =>
      Alarms.some(({ Name }: { Name: { Ref: string } }) => Name.Ref === id),
    );
    const onVersion = { Name: 'ExecutedVersion', Value: alias.Properties.FunctionVersion };
    const onAlias = { Name: 'Resource', Value: expect.anything() };
    const onFunction = { Name: 'FunctionName', Value: { Ref: `${name}Function` } };
    const dimensions = [onVersion, onFunction, onAlias];
    expect(Enabled).toBe(true);
    expect(alarms.map(([, { Properties }]) => Properties)).toMatchObject([
      { MetricName: `${name}-failures`, Namespace: 'Stack/Releases' },
      { MetricName: 'Errors', Dimensions: dimensions },
      { MetricName: 'Duration', ExtendedStatistic: 'p99', Dimensions: dimensions },
      { MetricName: 'Throttles', Dimensions: [onFunction, onAlias] },
    ]);
    expect(group.Properties.AutoRollbackConfiguration).toEqual({
      Enabled: true,
      Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM'],
    });
  });

  test('counts the failures that the new version logs', () => {
    const { Properties } = only('AWS::Logs::MetricFilter', `${name}release`);
    expect(asText(Properties.FilterPattern)).toBe(
      `{ ($.functionVersion = "{${version}.Version}") && (($.outcome = "failed") || ($.outcome = "unavailable") || ($.outcome = "timed-out")) }`,
    );
    const { Properties: lambda } = only('AWS::Lambda::Function', `${name}Function`);
    expect(Object(lambda.LoggingConfig).LogGroup).toEqual(Properties.LogGroupName);
    expect(Properties.MetricTransformations).toMatchObject([
      { MetricName: `${name}-failures`, MetricNamespace: 'Stack/Releases', MetricValue: '1' },
    ]);
  });

  test('is a canary in prod, and at once in dev', () => {
    const config = (of = template) =>
      only('AWS::CodeDeploy::DeploymentGroup', `${name}release`, of).Properties
        .DeploymentConfigName;
    expect(config(prod)).toBe('CodeDeployDefault.LambdaCanary10Percent5Minutes');
    expect(config()).toBe('CodeDeployDefault.LambdaAllAtOnce');
  });

  test('is one whenever the Lambda changes, and leaves the version before it', () => {
    expect(only('AWS::Lambda::Version', `${name}Function`, changed).id).not.toBe(version);
    expect(only('AWS::Lambda::Version', `${name}Function`).DeletionPolicy).toBe('Retain');
  });
});
