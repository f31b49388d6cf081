import { describe, expect, test } from 'vitest';
import { contracts, sessionOwners } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { all, asText, dev, full, type Resource, type Synthesized } from './synthesis.ts';

/** What the policy of each role allows, each statement in one line. */
function permissions(template: Synthesized): Readonly<Record<string, readonly string[]>> {
  const policies = all(template, 'AWS::IAM::Policy').map(({ id, Properties }) => [
    id.replace(/(Function)?RoleDefaultPolicy\w{8}$/, ''),
    Properties.PolicyDocument.Statement.map(line).toSorted(),
  ]);
  return Object.fromEntries(policies);
}

function line({ Action, Resource, Condition }: Resource['Properties']): string {
  const on = [Resource].flat().map((one) => asText(one).replace(/[0-9A-F]{8}(?=[.}])/g, ''));
  const when = Condition ? ` if ${JSON.stringify(Condition)}` : '';
  return `${[Action].flat().join(', ')} on ${on.join(', ')}${when}`;
}

const traces = 'xray:PutTelemetryRecords, xray:PutTraceSegments on *';
const logs = (lambda: string) => `logs:CreateLogStream, logs:PutLogEvents on {${lambda}Logs.Arn}`;
const table = '{SessionsTable.Arn}';
const keys = (pattern: string, not = '') =>
  `"ForAllValues:String${not}Like":{"dynamodb:LeadingKeys":["${pattern}"]}`;
const secretsOf = ({ serves, signs }: Contract) =>
  [`{Keys${serves}root}`].concat(signs ? `{Keys${serves}signing}` : []);
const readsSecrets = (of: readonly Contract[]) =>
  `secretsmanager:GetSecretValue on ${of.flatMap(secretsOf).toSorted().join(', ')}`;

/** What the Lambda of a contract may do, the check of its releases, and CodeDeploy. */
function ofContract(contract: Contract) {
  const { name, serves } = contract;
  const rows = `${serves}#*`;
  const claims = `${serves}#*#claims#*`;
  // A stage can turn rotation on, and a version that rotates can still answer after one that does not.
  const read = serves === 'ccstore' ? rows : claims;
  return {
    [name]: [
      `dynamodb:GetItem on ${table} if {${keys(read)}}`,
      `dynamodb:UpdateItem on ${table} if {${keys(rows)},${keys(claims, 'Not')}}`,
      logs(`${name}Function`),
      readsSecrets([contract]),
      ...(name === 'eos' ? [] : [traces]),
    ],
    [`${name}releaseCheck`]: [
      `codedeploy:PutLifecycleEventHookExecutionStatus on arn:{AWS::Partition}:codedeploy:{AWS::Region}:{AWS::AccountId}:deploymentgroup:{Application}/{${name}releaseGroup}`,
      `dynamodb:PutItem, dynamodb:UpdateItem on ${table} if {${keys(`${serves}#release-check-*`)}}`,
      `lambda:InvokeFunction on {${name}Function.Arn}:*`,
      logs(`${name}releaseCheck`),
      readsSecrets([contract]),
      traces,
    ],
    [`${name}release`]: [
      'cloudwatch:DescribeAlarms on *',
      `lambda:GetAlias, lambda:GetProvisionedConcurrencyConfig, lambda:UpdateAlias on {${name}Function.Arn}, {${name}Function.Arn}:*`,
      `lambda:InvokeFunction on {${name}releaseCheck.Arn}`,
    ],
  };
}

const allowed = {
  s360Authorizer: [logs('s360AuthorizerFunction'), traces],
  SessionAdmin: [
    `dynamodb:GetItem, dynamodb:PutItem, dynamodb:UpdateItem on ${table}`,
    `dynamodb:Query on ${table}/index/bySubject`,
    logs('SessionAdminFunction'),
    readsSecrets(sessionOwners),
    traces,
  ],
  ...Object.assign({}, ...contracts.map(ofContract)),
};

const events = [
  'dynamodb:DescribeStream, dynamodb:GetRecords, dynamodb:GetShardIterator, dynamodb:ListStreams on {SessionsTable.StreamArn}',
  'events:PutEvents on {EventsBus.Arn}',
  'sqs:SendMessage on {EventsLost.Arn}',
  'states:StartSyncExecution on {EventsNaming}',
];

describe('the roles', () => {
  test.for([
    { what: 'by default', template: dev, exactly: allowed },
    // Policies that rotate reach the same rows.
    { what: 'with every setting', template: full, exactly: { ...allowed, Events: events } },
  ])('allow exactly what is used $what, in no managed policy', ({ template, exactly }) => {
    expect(permissions(template)).toEqual(exactly);
    for (const { Properties } of all(template, 'AWS::IAM::Role'))
      expect(Properties.ManagedPolicyArns).toBeUndefined();
  });

  test('let API Gateway write logs, unless the account has such a role', () => {
    const withPolicies = all(dev, 'AWS::IAM::Role').filter(({ Properties }) => Properties.Policies);
    expect(withPolicies).toHaveLength(1);
    const { AssumeRolePolicyDocument, Policies } = withPolicies[0]?.Properties ?? {};
    expect(JSON.stringify(AssumeRolePolicyDocument)).toContain('apigateway.amazonaws.com');
    const actions = JSON.stringify(Policies).match(/"[a-z]+:[A-Za-z*]+"/g) ?? [];
    for (const action of actions) expect(action).toMatch(/^"logs:[A-Z]/);
    expect(all(dev, 'AWS::ApiGateway::Account')).toHaveLength(1);
    expect(all(full, 'AWS::ApiGateway::Account')).toEqual([]);
  });
});

test('API Gateway may invoke a contract’s Lambda for its own route only', () => {
  const callers = all(dev, 'AWS::Lambda::Permission');
  expect(callers).toHaveLength(contracts.length + 1);
  for (const { Properties } of callers)
    expect(asText(Properties.SourceArn)).toMatch(/^[^*]*\/(POST|authorizers)\/[^*]*$/);
});
