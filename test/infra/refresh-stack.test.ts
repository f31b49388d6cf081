import { describe, expect, test } from 'vitest';
import { contracts, sessionOwners } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { asText, domain, resources, synthesized } from './synthesis.ts';

const dev = synthesized();
const prod = synthesized({}, 'prod');

describe('SessionTable', () => {
  const table = (template: typeof dev) => resources(template, 'AWS::DynamoDB::GlobalTable')[0];

  // CloudFormation takes another logical id for another table, and so deletes this one's sessions.
  test.for([dev, prod])('keeps its logical id', (template) => {
    expect(table(template)?.[0]).toBe('SessionsTableA5E8383B');
  });

  test('has its key, index, TTL, encryption and point-in-time recovery', () => {
    expect(table(dev)?.[1].Properties).toMatchObject({
      KeySchema: [{ AttributeName: 'rowKey', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      TimeToLiveSpecification: { AttributeName: 'purgeAt', Enabled: true },
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      GlobalSecondaryIndexes: [
        {
          IndexName: 'bySubject',
          KeySchema: [{ AttributeName: 'subject', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
      Replicas: [
        expect.objectContaining({
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        }),
      ],
    });
  });

  test('is kept when prod’s stack is deleted, and deleted with dev’s', () => {
    expect(table(prod)?.[1].DeletionPolicy).toBe('Retain');
    expect(JSON.stringify(table(prod))).toContain('"DeletionProtectionEnabled":true');
    expect(table(dev)?.[1].DeletionPolicy).toBe('Delete');
  });
});

test('SessionTable takes its warm throughput from the setting', () => {
  const of = (template: typeof dev) =>
    resources(template, 'AWS::DynamoDB::GlobalTable')[0]?.[1].Properties.WarmThroughput;
  const warmThroughput = { reads: 20_000, writes: 30_000 };
  expect(of(synthesized({ warmThroughput }))).toEqual({
    ReadUnitsPerSecond: 20_000,
    WriteUnitsPerSecond: 30_000,
  });
  expect(of(prod)).toBeUndefined();
});

describe('Keys', () => {
  test('are generated at deployment, 64 alphanumerics each', () => {
    const secrets = resources(dev, 'AWS::SecretsManager::Secret');
    const signing = sessionOwners.filter(({ signs }) => signs);
    expect(secrets).toHaveLength(sessionOwners.length + signing.length);
    for (const [, { Properties }] of secrets) {
      expect(Properties.GenerateSecretString).toEqual({
        PasswordLength: 64,
        ExcludePunctuation: true,
      });
      expect(Properties.SecretString).toBeUndefined();
    }
  });

  test('are kept when prod’s stack is deleted', () => {
    for (const [, secret] of resources(prod, 'AWS::SecretsManager::Secret'))
      expect(secret.DeletionPolicy).toBe('Retain');
  });
});

describe('ApiKeys', () => {
  test('come in the header api_key, in both formats, and are cached for five minutes', () => {
    const [authorizer] = resources(dev, 'AWS::ApiGateway::Authorizer');
    expect(authorizer?.[1].Properties).toMatchObject({
      Type: 'TOKEN',
      IdentitySource: 'method.request.header.api_key',
      AuthorizerResultTtlInSeconds: 300,
    });
    const pattern = new RegExp(String(authorizer?.[1].Properties.IdentityValidationExpression));
    const generated = 'aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5hJ7k';
    expect(generated).toHaveLength(40);
    expect(generated).toMatch(pattern);
    expect('5k5a9rnknaj87kthytganapc').toMatch(pattern);
    for (const bad of ['', 'short', 'with space in the middle', `${generated}\n`, 'a'.repeat(129)])
      expect(bad).not.toMatch(pattern);
  });

  test('have a usage plan for each client', () => {
    const [plan] = resources(dev, 'AWS::ApiGateway::UsagePlan');
    expect(plan?.[1].Properties).toMatchObject({
      Throttle: { RateLimit: 20, BurstLimit: 40 },
      Quota: { Limit: 100_000, Period: 'DAY' },
    });
    expect(resources(dev, 'AWS::ApiGateway::UsagePlanKey')).toHaveLength(1);
  });

  test('have no value in the template', () => {
    for (const [, { Properties }] of resources(dev, 'AWS::ApiGateway::ApiKey'))
      expect(Properties.Value).toBeUndefined();
    expect(JSON.stringify(dev.toJSON())).not.toContain('5k5a9rnknaj87kthytganapc');
  });

  test('are required by the one contract that documents them', () => {
    const sources = resources(dev, 'AWS::ApiGateway::RestApi').map(([id, { Properties }]) => [
      id.slice(0, -8),
      Properties.ApiKeySourceType,
    ]);
    expect(Object.fromEntries(sources)).toEqual({
      eosApi: undefined,
      s360Api: 'AUTHORIZER',
      ccstoreApi: undefined,
    });
  });
});

describe('the Lambdas', () => {
  test.for(resources(dev, 'AWS::Lambda::Function'))(
    '%s is ours to the last setting',
    ([, lambda]) => {
      expect(lambda.Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
        TracingConfig: { Mode: 'Active' },
        LoggingConfig: {
          LogGroup: { Ref: expect.stringContaining('Logs') },
          LogFormat: 'JSON',
          SystemLogLevel: 'WARN',
          ApplicationLogLevel: 'INFO',
        },
      });
    },
  );

  test('write logs with a retention', () => {
    for (const [, { Properties }] of resources(prod, 'AWS::Logs::LogGroup'))
      expect(Properties.RetentionInDays).toBe(90);
  });

  test('time out before API Gateway does, where it invokes them', () => {
    const timeouts = resources(dev, 'AWS::Lambda::Function').map(([id, { Properties }]) => [
      id.replace(/(Function)?([0-9A-F]{8})?$/, ''),
      Properties.Timeout,
    ]);
    expect(Object.fromEntries(timeouts)).toEqual({
      ...Object.fromEntries(contracts.map(({ name }) => [name, 5])),
      s360Authorizer: 5,
      ...Object.fromEntries(contracts.map(({ name }) => [`${name}releaseCheck`, 60])),
      SessionAdmin: 60,
    });
  });
});

describe('alarms', () => {
  test('notify the e-mail address, except those that roll back a release', () => {
    const template = synthesized({ alarmEmail: 'oncall@shop.example' });
    expect(resources(template, 'AWS::SNS::Subscription')[0]?.[1].Properties).toMatchObject({
      Protocol: 'email',
      Endpoint: 'oncall@shop.example',
    });
    const [topic] = resources(template, 'AWS::SNS::Topic');
    const alarms = resources(template, 'AWS::CloudWatch::Alarm');
    // An alarm that rolls a release back watches what the contract's own alarms tell of.
    for (const [id, { Properties }] of alarms)
      expect([id, Properties.AlarmActions]).toEqual([
        id,
        id.includes('release') ? undefined : [{ Ref: topic?.[0] }],
      ]);
  });

  test('notify nobody without an address', () => {
    expect(resources(dev, 'AWS::SNS::Subscription')).toEqual([]);
  });
});

describe('a firewall', () => {
  const firewall = { ratePerAddress: 2000, onlyCounted: ['NoUserAgent_HEADER'] };
  const template = synthesized({ firewall });
  const [acl] = resources(template, 'AWS::WAFv2::WebACL');

  test('limits each address, and takes AWS’s common rules', () => {
    expect(acl?.[1].Properties).toMatchObject({
      Scope: 'REGIONAL',
      DefaultAction: { Allow: {} },
      Rules: [
        {
          Priority: 0,
          Action: { Block: {} },
          Statement: {
            RateBasedStatement: { AggregateKeyType: 'IP', Limit: 2000, EvaluationWindowSec: 300 },
          },
        },
        {
          Priority: 1,
          OverrideAction: { None: {} },
          Statement: {
            ManagedRuleGroupStatement: {
              VendorName: 'AWS',
              Name: 'AWSManagedRulesCommonRuleSet',
              RuleActionOverrides: [{ Name: 'NoUserAgent_HEADER', ActionToUse: { Count: {} } }],
            },
          },
        },
      ],
    });
  });

  test('is associated with every API', () => {
    const guarded = resources(template, 'AWS::WAFv2::WebACLAssociation').map(
      ([, { Properties }]) => {
        expect(Properties.WebACLArn).toEqual({ 'Fn::GetAtt': [acl?.[0], 'Arn'] });
        return asText(Properties.ResourceArn);
      },
    );
    const stages = resources(template, 'AWS::ApiGateway::Stage').map(
      ([id, { Properties }]) =>
        `arn:{AWS::Partition}:apigateway:{AWS::Region}::/restapis/${asText(Properties.RestApiId)}/stages/{${id}}`,
    );
    expect(stages).toHaveLength(contracts.length);
    expect(guarded).toEqual(stages);
  });

  test('samples no requests, since they hold credentials', () => {
    const text = JSON.stringify(acl);
    expect(text.match(/"SampledRequestsEnabled":false/g)).toHaveLength(3);
    expect(text).not.toContain('"SampledRequestsEnabled":true');
  });

  test('adds its verdict to the access log', () => {
    for (const [, { Properties }] of resources(template, 'AWS::ApiGateway::Stage'))
      expect(JSON.parse(Object(Properties.AccessLogSetting).Format)).toHaveProperty(
        'firewall',
        '$context.wafResponseCode',
      );
  });

  test('is off by default', () => {
    expect(JSON.stringify(prod.toJSON())).not.toMatch(/WAFv2|wafResponseCode/);
  });
});

describe('a custom domain', () => {
  const template = synthesized({ domain });

  test('speaks TLS 1.2 and 1.3 alone, with post-quantum key exchange', () => {
    expect(resources(template, 'AWS::ApiGateway::DomainName')[0]?.[1].Properties).toMatchObject({
      SecurityPolicy: 'SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09',
      EndpointAccessMode: 'STRICT',
    });
  });

  test('leads to each contract by its documented path', () => {
    const mappings = resources(template, 'AWS::ApiGateway::BasePathMapping');
    const paths = mappings.map(([, { Properties }]) => {
      const api = asText(Properties.RestApiId);
      const parts = resources(template, 'AWS::ApiGateway::Resource')
        .filter(([, r]) => asText(r.Properties.RestApiId) === api)
        .map(([, r]) => r.Properties.PathPart);
      return `/${Properties.BasePath}/${parts.join('/')}`;
    });
    expect(paths.toSorted()).toEqual(contracts.map(({ path }) => path).toSorted());
  });

  test('is in the outputs', () => {
    const outputs = template.toJSON().Outputs;
    expect(contracts.map((contract) => outputs[`${capitalized(contract)}Url`].Value)).toEqual(
      contracts.map(({ path }) => `https://refresh.shop.example${path}`),
    );
  });

  test('has a DNS record in its zone', () => {
    expect(resources(template, 'AWS::Route53::RecordSet')[0]?.[1].Properties).toMatchObject({
      Name: 'refresh.shop.example.',
      Type: 'A',
      HostedZoneId: 'ZONE',
    });
  });
});

test('the outputs name what users and runbooks need', () => {
  expect(Object.keys(dev.toJSON().Outputs).toSorted()).toEqual(
    [
      'AlarmTopic',
      'ApiKeyWorkspaceId',
      'ApiKeyWorkspaceShow',
      'ReleaseApplication',
      'SessionAdminFunction',
      'SessionTable',
      'UsagePlanWorkspaceId',
      ...contracts.flatMap((contract) =>
        ['Function', 'Url'].map((what) => capitalized(contract) + what),
      ),
      ...sessionOwners.flatMap((contract) =>
        ['RootSecret', ...(contract.signs ? ['SigningSecret'] : [])].map(
          (what) => capitalized(contract) + what,
        ),
      ),
    ].toSorted(),
  );
});

function capitalized({ name }: Contract): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
