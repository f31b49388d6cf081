import { describe, expect, test } from 'vitest';
import { contracts, sessionOwners } from '../../functions/contracts.ts';
import { asText, everything, type Resource, resources, synthesized } from './synthesis.ts';

const template = synthesized();

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** A Lambda's whole permission, each statement in one line. */
function permissions(lambda: string, of = template): readonly string[] {
  const policies = resources(of, 'AWS::IAM::Policy').filter(([id]) =>
    [`${lambda}FunctionRole`, `${lambda}Role`].some((role) => id.startsWith(role)),
  );
  return policies.flatMap(([, policy]) => statements(policy)).toSorted();
}

function statements({ Properties }: Resource): string[] {
  const { Statement } = Properties.PolicyDocument as { Statement: Statement[] };
  return Statement.map(({ Action, Resource, Condition }) => {
    const on = [Resource].flat().map((one) => asText(one).replace(/[0-9A-F]{8}(?=[.}])/g, ''));
    const when = Condition ? ` if ${JSON.stringify(Condition)}` : '';
    return `${[Action].flat().join(', ')} on ${on.join(', ')}${when}`;
  });
}

const traces = 'xray:PutTelemetryRecords, xray:PutTraceSegments on *';
const logs = (lambda: string) =>
  `logs:CreateLogStream, logs:PutLogEvents on {${lambda}FunctionLogs.Arn}`;
const table = '{SessionsTable.Arn}';
const like = (pattern: string) =>
  `"ForAllValues:StringLike":{"dynamodb:LeadingKeys":["${pattern}"]}`;
const writesRows = (name: string) =>
  `dynamodb:UpdateItem on ${table} if {${like(`${name}#*`)},${like(`${name}#*#claims#*`).replace('Like', 'NotLike')}}`;
const reads = (pattern: string) => `dynamodb:GetItem on ${table} if {${like(pattern)}}`;
const everySecret = sessionOwners.flatMap(({ name, signs }) =>
  ['root', ...(signs ? ['signing'] : [])].map((purpose) => `{Keys${name}${purpose}}`),
);
const readSecrets = 'secretsmanager:GetSecretValue on';

describe('the role of a refresh Lambda under rotation', () => {
  const rotating = synthesized(everything, 'prod');

  test.for([
    { lambda: 'eos', exactly: [reads('eos#*#claims#*'), writesRows('eos')] },
    { lambda: 'ccstore', exactly: [reads('ccstore#*'), writesRows('ccstore')] },
    { lambda: 'ccstoreui', exactly: [reads('ccstore#*'), writesRows('ccstore')] },
  ])('$lambda writes its own rows, and no claims', ({ lambda, exactly }) => {
    const found = permissions(lambda, rotating).filter((one) => one.includes('dynamodb:'));
    expect(found).toEqual(exactly);
  });
});

/** Each contract's Lambda, its check and its releases; the authorizer; session-admin. */
const policies = 3 * contracts.length + 2;

describe('the role', () => {
  test.for([
    {
      lambda: 'eos',
      exactly: [
        reads('eos#*#claims#*'),
        writesRows('eos'),
        logs('eos'),
        `${readSecrets} {Keyseosroot}`,
        traces,
      ],
    },
    {
      lambda: 's360',
      exactly: [
        reads('s360#*#claims#*'),
        writesRows('s360'),
        logs('s360'),
        `${readSecrets} {Keyss360root}, {Keyss360signing}`,
        traces,
      ],
    },
    {
      lambda: 'ccstore',
      exactly: [
        reads('ccstore#*'),
        logs('ccstore'),
        `${readSecrets} {Keysccstoreroot}, {Keysccstoresigning}`,
        traces,
      ],
    },
    {
      // Another API to ccstore's sessions: their rows and secrets, and a log of its own.
      lambda: 'ccstoreui',
      exactly: [
        reads('ccstore#*'),
        logs('ccstoreui'),
        `${readSecrets} {Keysccstoreroot}, {Keysccstoresigning}`,
        traces,
      ],
    },
    { lambda: 's360Authorizer', exactly: [logs('s360Authorizer'), traces] },
    {
      lambda: 'SessionAdmin',
      exactly: [
        'dynamodb:GetItem, dynamodb:PutItem, dynamodb:UpdateItem on {SessionsTable.Arn}',
        'dynamodb:Query on {SessionsTable.Arn}/index/bySubject',
        logs('SessionAdmin'),
        `${readSecrets} ${everySecret.toSorted().join(', ')}`,
        traces,
      ],
    },
    ...contracts.map(({ name, serves, signs }) => ({
      lambda: `${name}releaseCheck`,
      exactly: [
        `dynamodb:PutItem, dynamodb:UpdateItem on ${table} if {${like(`${serves}#release-check-*`)}}`,
        `logs:CreateLogStream, logs:PutLogEvents on {${name}releaseCheckLogs.Arn}`,
        `${readSecrets} {Keys${serves}root}${signs ? `, {Keys${serves}signing}` : ''}`,
        `lambda:InvokeFunction on {${name}Function.Arn}:*`,
        `codedeploy:PutLifecycleEventHookExecutionStatus on arn:{AWS::Partition}:codedeploy:{AWS::Region}:{AWS::AccountId}:deploymentgroup:{Application}/{${name}releaseGroup}`,
        traces,
      ],
    })),
    ...contracts.map(({ name }) => ({
      lambda: `${name}release`,
      exactly: [
        'cloudwatch:DescribeAlarms on *',
        `lambda:GetAlias, lambda:GetProvisionedConcurrencyConfig, lambda:UpdateAlias on {${name}Function.Arn}, {${name}Function.Arn}:*`,
        `lambda:InvokeFunction on {${name}releaseCheck.Arn}`,
      ],
    })),
  ])('of $lambda allows exactly what it uses', ({ lambda, exactly }) => {
    expect(permissions(lambda)).toEqual(exactly.toSorted());
  });

  test('has no managed policy and no other policy', () => {
    for (const [, { Properties }] of resources(template, 'AWS::IAM::Role'))
      expect(Properties.ManagedPolicyArns).toBeUndefined();
    expect(resources(template, 'AWS::IAM::Policy')).toHaveLength(policies);
  });
});

test('the only other role lets API Gateway write logs', () => {
  const withPolicies = resources(template, 'AWS::IAM::Role').filter(
    ([, { Properties }]) => Properties.Policies,
  );
  expect(withPolicies).toHaveLength(1);
  const [[, role] = ['', undefined]] = withPolicies;
  expect(JSON.stringify(role?.Properties.AssumeRolePolicyDocument)).toContain(
    'apigateway.amazonaws.com',
  );
  const actions = JSON.stringify(role?.Properties.Policies).match(/"[a-z]+:[A-Za-z*]+"/g) ?? [];
  for (const action of actions) expect(action).toMatch(/^"logs:[A-Z]/);
});

test('accountHasLoggingRole leaves the account’s role as it is', () => {
  expect(resources(template, 'AWS::ApiGateway::Account')).toHaveLength(1);
  expect(resources(synthesized(everything, 'prod'), 'AWS::ApiGateway::Account')).toEqual([]);
});

test('API Gateway may invoke a contract’s Lambda for its own route only', () => {
  const callers = resources(template, 'AWS::Lambda::Permission').map(([, { Properties }]) =>
    asText(Properties.SourceArn),
  );
  expect(callers).toHaveLength(contracts.length + 1);
  for (const source of callers) expect(source).toMatch(/\/POST\/|\/authorizers\//);
  for (const source of callers) expect(source).not.toContain('*');
});
