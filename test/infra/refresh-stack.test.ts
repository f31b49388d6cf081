import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { keyFile } from '../../cli/local.ts';
import { contracts, sessionOwners } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { policyIn } from '../../functions/core/lambda/services.ts';
import { localKeyFile } from '../../local/keys.ts';
import { asText, domain, everything, only, resources, stages, synthesized } from './synthesis.ts';

const dev = synthesized();
const prod = synthesized({}, 'prod');
const full = synthesized(everything, 'prod');

describe('SessionTable', () => {
  const table = (template: typeof dev) => only(template, 'AWS::DynamoDB::GlobalTable');

  // CloudFormation takes another logical id for another table, and so deletes this one's sessions.
  test.for([dev, prod])('keeps its logical id', (template) => {
    expect(table(template).id).toBe('SessionsTableA5E8383B');
  });

  test('has its key, index, TTL, encryption and point-in-time recovery', () => {
    expect(table(dev).Properties).toMatchObject({
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
    expect(table(prod).DeletionPolicy).toBe('Retain');
    expect(JSON.stringify(table(prod))).toContain('"DeletionProtectionEnabled":true');
    expect(table(dev).DeletionPolicy).toBe('Delete');
  });

  test('takes its warm throughput from the setting', () => {
    const warm = synthesized({ warmThroughput: { reads: 20_000, writes: 30_000 } });
    expect(table(warm).Properties.WarmThroughput).toEqual({
      ReadUnitsPerSecond: 20_000,
      WriteUnitsPerSecond: 30_000,
    });
    expect(table(prod).Properties.WarmThroughput).toBeUndefined();
  });
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
    const { Properties } = only(dev, 'AWS::ApiGateway::Authorizer');
    expect(Properties).toMatchObject({
      Type: 'TOKEN',
      IdentitySource: 'method.request.header.api_key',
      AuthorizerResultTtlInSeconds: 300,
    });
    const pattern = new RegExp(String(Properties.IdentityValidationExpression));
    const generated = 'aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5hJ7k';
    expect(generated).toHaveLength(40);
    expect(generated).toMatch(pattern);
    expect('5k5a9rnknaj87kthytganapc').toMatch(pattern);
    for (const bad of ['', 'short', 'with space in the middle', `${generated}\n`, 'a'.repeat(129)])
      expect(bad).not.toMatch(pattern);
  });

  test('have a usage plan for each client, and no value in the template', () => {
    expect(only(dev, 'AWS::ApiGateway::UsagePlan').Properties).toMatchObject({
      Throttle: { RateLimit: 20, BurstLimit: 40 },
      Quota: { Limit: 100_000, Period: 'DAY' },
    });
    expect(resources(dev, 'AWS::ApiGateway::UsagePlanKey')).toHaveLength(1);
    expect(only(dev, 'AWS::ApiGateway::ApiKey').Properties.Value).toBeUndefined();
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
      ccstoreuiApi: undefined,
    });
  });
});

describe('the Lambdas', () => {
  const functions = resources(dev, 'AWS::Lambda::Function');

  /** The variables of the Lambda whose logical id begins so. */
  function variables(template: typeof dev, id: string): Record<string, string> {
    const { Environment } = only(template, 'AWS::Lambda::Function', id).Properties;
    return { ...(Environment as { Variables: Record<string, string> }).Variables };
  }

  test.for(functions)('%s has every setting that is ours to choose', ([, lambda]) => {
    expect(lambda.Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 512,
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: {
        LogGroup: { Ref: expect.stringContaining('Logs') },
        LogFormat: 'JSON',
        SystemLogLevel: 'WARN',
        ApplicationLogLevel: 'INFO',
      },
    });
  });

  test('write logs with a retention', () => {
    for (const [, { Properties }] of resources(prod, 'AWS::Logs::LogGroup'))
      expect(Properties.RetentionInDays).toBe(90);
  });

  test('time out before API Gateway does, where it invokes them', () => {
    const timeouts = functions.map(([id, { Properties }]) => [
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

  test('get the policy of the sessions that they serve, and no other', () => {
    const changed = Object.fromEntries(
      sessionOwners.map(({ name, policy }) => [
        name,
        { policy: { lifetime: policy.lifetime + 1 } },
      ]),
    );
    const template = synthesized({ contracts: changed });
    const admin = variables(template, 'SessionAdmin');
    for (const contract of contracts) {
      const expected = { ...contract.policy, lifetime: contract.policy.lifetime + 1 };
      for (const id of [`${contract.name}Function`, `${contract.name}releaseCheck`]) {
        const own = variables(template, id);
        expect(policyIn(own, contract)).toEqual(expected);
        expect(Object.keys(JSON.parse(own.SESSION_POLICIES ?? ''))).toEqual([contract.serves]);
      }
      expect(policyIn(admin, contract)).toEqual(expected);
      expect(policyIn(variables(dev, `${contract.name}Function`), contract)).toEqual(
        contract.policy,
      );
    }
  });

  // `sam local` hands over what the template names, and drops the rest without a word.
  test('have every variable that sam-env prints in dev, and no such variable in prod', () => {
    localKeyFile(keyFile);
    const printed = execFileSync(process.execPath, ['local/sam-env.ts'], { encoding: 'utf8' });
    const { Parameters } = JSON.parse(printed);
    for (const { name } of contracts) {
      expect(Object.keys(variables(dev, `${name}Function`))).toEqual(
        expect.arrayContaining(Object.keys(Parameters)),
      );
      expect(Object.keys(variables(prod, `${name}Function`)).toSorted()).toEqual([
        'METRICS_NAMESPACE',
        'PRIME',
        'SESSION_POLICIES',
        'SESSION_SECRETS',
        'SESSION_TABLE',
      ]);
    }
  });
});

test('TraceSampling matches the stage of every API of its stack, and of no other', () => {
  const { SamplingRule } = only(prod, 'AWS::XRay::SamplingRule').Properties;
  const { ServiceName, RuleName, ...rule } = Object(SamplingRule);
  expect(rule).toEqual({
    Version: 1,
    Priority: 1000,
    ReservoirSize: 1,
    FixedRate: stages.prod.traces.share,
    ServiceType: 'AWS::ApiGateway::Stage',
    Host: '*',
    HTTPMethod: '*',
    URLPath: '*',
    ResourceARN: '*',
  });
  expect(RuleName.length).toBeLessThanOrEqual(32);
  const pattern = new RegExp(`^${ServiceName.replaceAll('*', '.*')}$`);
  const names = (template: typeof dev) =>
    resources(template, 'AWS::ApiGateway::Stage').map(([, { Properties }]) => {
      const api = template.toJSON().Resources[Object(Properties.RestApiId).Ref];
      return `${api.Properties.Name}/${Properties.StageName}`;
    });
  expect(names(prod).filter((name) => pattern.test(name))).toHaveLength(contracts.length);
  expect('eos-Stack-two/client').not.toMatch(pattern);
});

describe('alarms', () => {
  test('notify the e-mail address, except those that roll back a release', () => {
    expect(only(full, 'AWS::SNS::Subscription').Properties).toMatchObject({
      Protocol: 'email',
      Endpoint: 'oncall@shop.example',
    });
    const { id: topic } = only(full, 'AWS::SNS::Topic');
    // An alarm that rolls a release back watches what the contract's own alarms tell of.
    for (const [id, { Properties }] of resources(full, 'AWS::CloudWatch::Alarm'))
      expect([id, Properties.AlarmActions]).toEqual([
        id,
        id.includes('release') ? undefined : [{ Ref: topic }],
      ]);
    expect(resources(dev, 'AWS::SNS::Subscription')).toEqual([]);
  });
});

describe.for(contracts)('the firewall before $name', (contract) => {
  const acl = only(full, 'AWS::WAFv2::WebACL', `${contract.name}firewall`);

  test('limits each address, and takes AWS’s common rules', () => {
    expect(acl.Properties).toMatchObject({
      Scope: 'REGIONAL',
      DefaultAction: { Allow: {} },
      Rules: [
        {
          Priority: 0,
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

  test('answers an address over its rate as the contract answers over-rate', () => {
    const [{ Action }] = acl.Properties.Rules as [{ Action: { Block: object } }];
    const { status, body, headers } = contract.refuse(
      'over-rate',
      '00000000-0000-0000-0000-000000000000',
    );
    const bodies = Object(acl.Properties.CustomResponseBodies);
    const { CustomResponse } = Object(Action.Block);
    const { CustomResponseBodyKey: key, ResponseCode, ResponseHeaders } = CustomResponse;
    expect([ResponseCode, key ? bodies[key].Content : '']).toEqual([status, body]);
    expect(ResponseHeaders).toEqual(
      Object.entries({
        'Cache-Control': 'no-store',
        ...headers,
        'Access-Control-Allow-Origin': '*',
        'Access-Control-Expose-Headers': 'X-Request-Id, Retry-After, Date',
      }).map(([Name, Value]) => ({ Name, Value })),
    );
  });

  test('is associated with its API', () => {
    const link = only(full, 'AWS::WAFv2::WebACLAssociation', `${contract.name}firewall`);
    const stage = only(full, 'AWS::ApiGateway::Stage', `${contract.name}Api`);
    expect(link.Properties.WebACLArn).toEqual({ 'Fn::GetAtt': [acl.id, 'Arn'] });
    expect(asText(link.Properties.ResourceArn)).toBe(
      `arn:{AWS::Partition}:apigateway:{AWS::Region}::/restapis/${asText(stage.Properties.RestApiId)}/stages/{${stage.id}}`,
    );
  });

  test('samples no requests, since they hold credentials', () => {
    const text = JSON.stringify(acl);
    expect(text.match(/"SampledRequestsEnabled":false/g)).toHaveLength(3);
    expect(text).not.toContain('"SampledRequestsEnabled":true');
  });

  test('adds its verdict to the access log, and is off by default', () => {
    const { AccessLogSetting } = only(full, 'AWS::ApiGateway::Stage', `${contract.name}Api`)
      .Properties as { AccessLogSetting: { Format: string } };
    expect(JSON.parse(AccessLogSetting.Format)).toMatchObject({
      firewall: '$context.wafResponseCode',
    });
    expect(JSON.stringify(prod.toJSON())).not.toMatch(/WAFv2|wafResponseCode/);
  });
});

describe('a custom domain', () => {
  test('speaks TLS 1.2 and 1.3 alone, with post-quantum key exchange', () => {
    expect(only(full, 'AWS::ApiGateway::DomainName').Properties).toMatchObject({
      SecurityPolicy: 'SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09',
      EndpointAccessMode: 'STRICT',
    });
  });

  test('leads to each contract by its documented path, in the outputs too', () => {
    const paths = resources(full, 'AWS::ApiGateway::BasePathMapping').map(([, { Properties }]) => {
      const api = asText(Properties.RestApiId);
      const parts = resources(full, 'AWS::ApiGateway::Resource')
        .filter(([, r]) => asText(r.Properties.RestApiId) === api)
        .map(([, r]) => r.Properties.PathPart);
      return `/${Properties.BasePath}/${parts.join('/')}`;
    });
    expect(paths.toSorted()).toEqual(contracts.map(({ path }) => path).toSorted());
    const { Outputs } = full.toJSON();
    for (const contract of contracts)
      expect(Outputs[`${capitalized(contract)}Url`].Value).toBe(
        `https://${domain.name}${contract.path}`,
      );
  });

  test('has a DNS record in its zone', () => {
    expect(only(full, 'AWS::Route53::RecordSet').Properties).toMatchObject({
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
