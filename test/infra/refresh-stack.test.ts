import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { keyFile } from '../../cli/local.ts';
import { contracts, sessionOwners } from '../../functions/contracts.ts';
import { policyIn } from '../../functions/core/lambda/services.ts';
import { localKeyFile } from '../../local/keys.ts';
import { all, asText, dev, domain, full, only, other, prod } from './synthesis.ts';

const capitalized = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

describe('SessionTable', () => {
  const [inDev, inProd, warm] = [dev, prod, other].map((template) =>
    only(template, 'AWS::DynamoDB::GlobalTable'),
  );

  test('has its key, index, TTL, encryption and point-in-time recovery', () => {
    const bySubject = { KeySchema: [{ AttributeName: 'subject', KeyType: 'HASH' }] };
    expect(inDev?.Properties).toMatchObject({
      KeySchema: [{ AttributeName: 'rowKey', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      TimeToLiveSpecification: { AttributeName: 'purgeAt', Enabled: true },
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      GlobalSecondaryIndexes: [
        { IndexName: 'bySubject', ...bySubject, Projection: { ProjectionType: 'KEYS_ONLY' } },
      ],
      Replicas: [{ PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } }],
    });
  });

  test('is kept when prod’s stack is deleted, and deleted with dev’s', () => {
    expect(inProd?.DeletionPolicy).toBe('Retain');
    expect(JSON.stringify(inProd)).toContain('"DeletionProtectionEnabled":true');
    expect(inDev?.DeletionPolicy).toBe('Delete');
    // CloudFormation takes another logical id for another table, and so deletes this one's sessions.
    for (const table of [inDev, inProd]) expect(table?.id).toBe('SessionsTableA5E8383B');
  });

  test('takes its warm throughput from the setting', () => {
    const throughput = { ReadUnitsPerSecond: 20_000, WriteUnitsPerSecond: 30_000 };
    expect(warm?.Properties.WarmThroughput).toEqual(throughput);
    expect(inProd?.Properties.WarmThroughput).toBeUndefined();
  });
});

test('Keys are generated at deployment, 64 alphanumerics each, and kept when prod’s stack is deleted', () => {
  const secrets = all(prod, 'AWS::SecretsManager::Secret');
  const signing = sessionOwners.filter(({ signs }) => signs);
  expect(secrets).toHaveLength(sessionOwners.length + signing.length);
  for (const { Properties, DeletionPolicy } of secrets) {
    const generated = { PasswordLength: 64, ExcludePunctuation: true };
    expect(Properties.GenerateSecretString).toEqual(generated);
    expect([Properties.SecretString, DeletionPolicy]).toEqual([undefined, 'Retain']);
  }
});

describe('ApiKeys', () => {
  test('come in the header api_key, in both formats, and are cached for five minutes', () => {
    const { Properties } = only(dev, 'AWS::ApiGateway::Authorizer');
    expect(Properties).toMatchObject({
      Type: 'TOKEN',
      IdentitySource: 'method.request.header.api_key',
      AuthorizerResultTtlInSeconds: 300,
    });
    const pattern = new RegExp(Properties.IdentityValidationExpression);
    const generated = 'aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5hJ7k';
    expect(generated).toHaveLength(40);
    for (const good of [generated, '5k5a9rnknaj87kthytganapc']) expect(good).toMatch(pattern);
    for (const bad of ['', 'short', 'with space in the middle', `${generated}\n`, 'a'.repeat(129)])
      expect(bad).not.toMatch(pattern);
  });

  test('have a usage plan for each client, and no value in the template', () => {
    expect(only(dev, 'AWS::ApiGateway::UsagePlan').Properties).toMatchObject({
      Throttle: { RateLimit: 20, BurstLimit: 40 },
      Quota: { Limit: 100_000, Period: 'DAY' },
    });
    expect(all(dev, 'AWS::ApiGateway::UsagePlanKey')).toHaveLength(1);
    expect(only(dev, 'AWS::ApiGateway::ApiKey').Properties.Value).toBeUndefined();
    expect(JSON.stringify(dev)).not.toContain('5k5a9rnknaj87kthytganapc');
  });
});

describe('the Lambdas', () => {
  const functions = all(dev, 'AWS::Lambda::Function');
  const variables = (template: typeof dev, id: string): Record<string, string> =>
    only(template, 'AWS::Lambda::Function', id).Properties.Environment.Variables;

  test.for(functions)('$id has every setting that is ours to choose', ({ id, Properties }) => {
    // X-Ray would record the URL, and so the credential, of an eos request.
    const traced = id !== 'eosFunction';
    expect(Properties.TracingConfig).toEqual(traced ? { Mode: 'Active' } : undefined);
    const LogGroup = { Ref: expect.stringContaining('Logs') };
    const levels = { SystemLogLevel: 'WARN', ApplicationLogLevel: 'INFO' };
    const LoggingConfig = { LogGroup, LogFormat: 'JSON', ...levels };
    const node = { Runtime: 'nodejs24.x', Architectures: ['arm64'], Handler: 'index.handler' };
    expect(Properties).toMatchObject({ ...node, MemorySize: 512, LoggingConfig });
  });

  test('time out before API Gateway does where it invokes them, and write logs with a retention', () => {
    for (const { id, Properties } of functions)
      expect([id, Properties.Timeout]).toEqual([id, /Check|Admin/.test(id) ? 60 : 5]);
    for (const { Properties } of all(prod, 'AWS::Logs::LogGroup'))
      expect(Properties.RetentionInDays).toBe(90);
  });

  test('get the policy of the sessions that they serve, and no other', () => {
    for (const contract of contracts) {
      const { name, policy, serves } = contract;
      const expected = { ...policy, lifetime: policy.lifetime + 1 };
      const only = JSON.stringify({ [serves]: expected });
      for (const id of [`${name}Function`, `${name}releaseCheck`])
        expect(variables(other, id).SESSION_POLICIES).toBe(only);
      expect(policyIn(variables(other, 'SessionAdmin'), contract)).toEqual(expected);
      expect(policyIn(variables(dev, `${name}Function`), contract)).toEqual(policy);
    }
  });

  // `sam local` hands over what the template names, and drops the rest without a word.
  test('have every variable that sam-env prints in dev, and no such variable in prod', () => {
    localKeyFile(keyFile);
    const printed = execFileSync(process.execPath, ['local/sam-env.ts'], { encoding: 'utf8' });
    const names = Object.keys(JSON.parse(printed).Parameters);
    const expected = 'METRICS_NAMESPACE PRIME SESSION_POLICIES SESSION_SECRETS SESSION_TABLE';
    for (const { name } of contracts) {
      expect(variables(dev, `${name}Function`)).toSatisfy((own) =>
        names.every((one) => one in own),
      );
      const inProd = Object.keys(variables(prod, `${name}Function`));
      expect(inProd.toSorted().join(' ')).toBe(expected);
    }
  });
});

test('TraceSampling matches the stage of every API of its stack, and of no other', () => {
  const { SamplingRule } = only(prod, 'AWS::XRay::SamplingRule').Properties;
  const { ServiceName, RuleName, ...rule } = SamplingRule;
  const any = { Host: '*', HTTPMethod: '*', URLPath: '*', ResourceARN: '*' };
  const share = { Version: 1, Priority: 1000, ReservoirSize: 1, FixedRate: 0.01 };
  expect(rule).toEqual({ ...share, ServiceType: 'AWS::ApiGateway::Stage', ...any });
  expect(RuleName.length).toBeLessThanOrEqual(32);
  const pattern = new RegExp(`^${ServiceName.replaceAll('*', '.*')}$`);
  const names = all(prod, 'AWS::ApiGateway::Stage').map(
    ({ Properties: { RestApiId, StageName } }) =>
      `${prod.Resources[RestApiId.Ref]?.Properties.Name}/${StageName}`,
  );
  expect(names.filter((name) => pattern.test(name))).toHaveLength(contracts.length);
  expect('eos-Stack-two/client').not.toMatch(pattern);
});

describe.for(contracts)('the firewall before $name', ({ name, refuse }) => {
  const acl = only(full, 'AWS::WAFv2::WebACL', `${name}firewall`);
  const stage = only(full, 'AWS::ApiGateway::Stage', `${name}Api`).Properties;

  test('answers an address over its rate as over-rate, and takes AWS’s common rules', () => {
    const { status, body, headers } = refuse('over-rate', '00000000-0000-0000-0000-000000000000');
    const { CustomResponseBodies: bodies, Rules, ...others } = acl.Properties;
    const { CustomResponseBodyKey: key, ...CustomResponse } = Rules[0].Action.Block.CustomResponse;
    expect(key ? bodies[key].Content : '').toBe(body);
    expect(CustomResponse).toEqual({
      ResponseCode: status,
      ResponseHeaders: Object.entries({
        'Cache-Control': 'no-store',
        ...headers,
        'Access-Control-Allow-Origin': '*',
        'Access-Control-Expose-Headers': 'X-Request-Id, Retry-After, Date',
      }).map(([Name, Value]) => ({ Name, Value })),
    });
    // Samples of requests would hold credentials.
    const VisibilityConfig = { SampledRequestsEnabled: false };
    const rate = { AggregateKeyType: 'IP', Limit: 2000, EvaluationWindowSec: 300 };
    const common = {
      VendorName: 'AWS',
      Name: 'AWSManagedRulesCommonRuleSet',
      RuleActionOverrides: [{ Name: 'NoUserAgent_HEADER', ActionToUse: { Count: {} } }],
    };
    const limited = { Priority: 0, Statement: { RateBasedStatement: rate }, VisibilityConfig };
    const managed = { Priority: 1, Statement: { ManagedRuleGroupStatement: common } };
    expect({ ...others, Rules }).toMatchObject({
      Scope: 'REGIONAL',
      DefaultAction: { Allow: {} },
      Rules: [limited, { ...managed, OverrideAction: { None: {} }, VisibilityConfig }],
      VisibilityConfig,
    });
  });

  test('is associated with its API, and adds its verdict to the access log', () => {
    const link = only(full, 'AWS::WAFv2::WebACLAssociation', `${name}firewall`).Properties;
    const { id } = only(full, 'AWS::ApiGateway::Stage', `${name}Api`);
    expect(link.WebACLArn).toEqual({ 'Fn::GetAtt': [acl.id, 'Arn'] });
    expect(asText(link.ResourceArn)).toBe(
      `arn:{AWS::Partition}:apigateway:{AWS::Region}::/restapis/${asText(stage.RestApiId)}/stages/{${id}}`,
    );
    expect(JSON.parse(stage.AccessLogSetting.Format).firewall).toBe('$context.wafResponseCode');
  });
});

test('firewall, session events, their stream, and e-mail are off by default', () => {
  const off = /WAFv2|wafResponseCode|AWS::Pipes|StreamSpecification|SNS::Subscription/;
  expect(JSON.stringify([dev, prod])).not.toMatch(off);
});

test('a custom domain leads from its DNS zone to each contract by its documented path', () => {
  const record = { Name: 'refresh.shop.example.', Type: 'A', HostedZoneId: 'ZONE' };
  expect(only(full, 'AWS::Route53::RecordSet').Properties).toMatchObject(record);
  const segments = all(full, 'AWS::ApiGateway::Resource').map(({ Properties }) => Properties);
  const paths = all(full, 'AWS::ApiGateway::BasePathMapping').map(({ Properties }) => {
    const own = segments.filter(({ RestApiId }) => RestApiId.Ref === Properties.RestApiId.Ref);
    return `/${Properties.BasePath}/${own.map(({ PathPart }) => PathPart).join('/')}`;
  });
  expect(paths.toSorted()).toEqual(contracts.map(({ path }) => path).toSorted());
  for (const { name, path } of contracts)
    expect(full.Outputs[`${capitalized(name)}Url`]?.Value).toBe(`https://${domain.name}${path}`);
});

test('the outputs name what users and runbooks need', () => {
  const shared = [
    'AlarmTopic',
    'ApiKeyWorkspaceId',
    'ApiKeyWorkspaceShow',
    'ReleaseApplication',
  ].concat(['SessionAdminFunction', 'SessionTable', 'UsagePlanWorkspaceId']);
  const own = contracts.flatMap(({ name, serves, signs }) => {
    const secrets = ['RootSecret', ...(signs ? ['SigningSecret'] : [])];
    const of = ['Function', 'Url', ...(serves === name ? secrets : [])];
    return of.map((what) => capitalized(name) + what);
  });
  expect(Object.keys(dev.Outputs).toSorted()).toEqual([...shared, ...own].toSorted());
});
