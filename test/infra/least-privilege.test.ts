import { describe, expect, test } from 'vitest';
import { contracts, sessionOwners } from '../../functions/contracts.ts';
import { all, allowedBy, asText, everything, synthesized } from './synthesis.ts';

const template = synthesized();
const rotating = synthesized(everything, 'prod');

/** A Lambda's whole permission, each statement in one line. */
function permissions(lambda: string, of = template): readonly string[] {
  return all(of, 'AWS::IAM::Policy')
    .filter(({ id }) => RegExp(`^${lambda}(Function)?Role`).test(id))
    .flatMap(allowedBy)
    .toSorted();
}

const traces = 'xray:PutTelemetryRecords, xray:PutTraceSegments on *';
const logs = (lambda: string) => `logs:CreateLogStream, logs:PutLogEvents on {${lambda}Logs.Arn}`;
const table = '{SessionsTable.Arn}';
const like = (pattern: string) =>
  `"ForAllValues:StringLike":{"dynamodb:LeadingKeys":["${pattern}"]}`;
const writesRows = (name: string) =>
  `dynamodb:UpdateItem on ${table} if {${like(`${name}#*`)},${like(`${name}#*#claims#*`).replace('Like', 'NotLike')}}`;
const reads = (pattern: string) => `dynamodb:GetItem on ${table} if {${like(pattern)}}`;
const readsSecrets = (...names: string[]) =>
  `secretsmanager:GetSecretValue on ${names.map((name) => `{Keys${name}}`).join(', ')}`;
const secretsOf = ({ serves, signs }: Pick<(typeof contracts)[number], 'serves' | 'signs'>) => [
  `${serves}root`,
  ...(signs ? [`${serves}signing`] : []),
];

describe('the role', () => {
  test.for([
    { lambda: 'eos', rows: [reads('eos#*#claims#*'), writesRows('eos')] },
    { lambda: 's360', rows: [reads('s360#*#claims#*'), writesRows('s360')] },
    // A stage can turn rotation on, and a version that rotates can still answer after one that does not.
    { lambda: 'ccstore', rows: [reads('ccstore#*'), writesRows('ccstore')] },
    // Another API to ccstore's sessions: their rows and secrets, and a log of its own.
    { lambda: 'ccstoreui', rows: [reads('ccstore#*'), writesRows('ccstore')] },
  ])('of $lambda allows exactly what it uses', ({ lambda, rows }) => {
    const [contract] = contracts.filter(({ name }) => name === lambda);
    const secrets = readsSecrets(...(contract ? secretsOf(contract) : []));
    const traced = lambda === 'eos' ? [] : [traces];
    const exactly = [...rows, logs(`${lambda}Function`), secrets, ...traced];
    expect(permissions(lambda)).toEqual(exactly.toSorted());
  });

  test.for(contracts)('of $name reaches the same rows whatever the policy is', ({ name }) => {
    const rows = (of?: typeof template) =>
      permissions(name, of).filter((one) => /dynamodb/.test(one));
    expect(rows(rotating)).toEqual(rows());
  });

  test.for([
    { lambda: 's360Authorizer', exactly: [logs('s360AuthorizerFunction'), traces] },
    {
      lambda: 'SessionAdmin',
      exactly: [
        `dynamodb:GetItem, dynamodb:PutItem, dynamodb:UpdateItem on ${table}`,
        `dynamodb:Query on ${table}/index/bySubject`,
        logs('SessionAdminFunction'),
        readsSecrets(...sessionOwners.flatMap(secretsOf).toSorted()),
        traces,
      ],
    },
    ...contracts.flatMap((contract) => {
      const { name, serves } = contract;
      const check = [
        `dynamodb:PutItem, dynamodb:UpdateItem on ${table} if {${like(`${serves}#release-check-*`)}}`,
        logs(`${name}releaseCheck`),
        readsSecrets(...secretsOf(contract)),
        `lambda:InvokeFunction on {${name}Function.Arn}:*`,
        `codedeploy:PutLifecycleEventHookExecutionStatus on arn:{AWS::Partition}:codedeploy:{AWS::Region}:{AWS::AccountId}:deploymentgroup:{Application}/{${name}releaseGroup}`,
        traces,
      ];
      const release = [
        'cloudwatch:DescribeAlarms on *',
        `lambda:GetAlias, lambda:GetProvisionedConcurrencyConfig, lambda:UpdateAlias on {${name}Function.Arn}, {${name}Function.Arn}:*`,
        `lambda:InvokeFunction on {${name}releaseCheck.Arn}`,
      ];
      return [
        { lambda: `${name}releaseCheck`, exactly: check },
        { lambda: `${name}release`, exactly: release },
      ];
    }),
  ])('of $lambda allows exactly what it uses', ({ lambda, exactly }) => {
    expect(permissions(lambda)).toEqual(exactly.toSorted());
  });

  test('has no managed policy and no other policy', () => {
    for (const { Properties } of all(template, 'AWS::IAM::Role'))
      expect(Properties.ManagedPolicyArns).toBeUndefined();
    // Of each contract's Lambda, check and releases; of the authorizer and session-admin.
    expect(all(template, 'AWS::IAM::Policy')).toHaveLength(3 * contracts.length + 2);
  });

  test('that is left lets API Gateway write logs, unless the account has one', () => {
    const [role, ...more] = all(template, 'AWS::IAM::Role').filter(
      (one) => one.Properties.Policies,
    );
    expect(more).toEqual([]);
    expect(JSON.stringify(role?.Properties.AssumeRolePolicyDocument)).toContain(
      'apigateway.amazonaws.com',
    );
    const actions = JSON.stringify(role?.Properties.Policies).match(/"[a-z]+:[A-Za-z*]+"/g) ?? [];
    for (const action of actions) expect(action).toMatch(/^"logs:[A-Z]/);
    expect(all(template, 'AWS::ApiGateway::Account')).toHaveLength(1);
    expect(all(rotating, 'AWS::ApiGateway::Account')).toEqual([]);
  });
});

test('API Gateway may invoke a contract’s Lambda for its own route only', () => {
  const callers = all(template, 'AWS::Lambda::Permission');
  expect(callers).toHaveLength(contracts.length + 1);
  for (const { Properties } of callers)
    expect(asText(Properties.SourceArn)).toMatch(/^[^*]*\/(POST|authorizers)\/[^*]*$/);
});
