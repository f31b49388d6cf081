import {
  type LambdaApplication,
  LambdaDeploymentConfig,
  LambdaDeploymentGroup,
} from 'aws-cdk-lib/aws-codedeploy';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { throwAwayId } from '../functions/release-check/throw-away.ts';
import { acknowledge } from './acknowledge.ts';
import { addAlarm } from './alarm-rule.ts';
import type { Keys } from './keys.ts';
import type { RefreshApi } from './refresh-api.ts';
import { releaseAlarms } from './release-alarms.ts';
import { ServiceFunction } from './service-function.ts';
import type { SessionTable } from './session-table.ts';
import { policyOf, type Settings } from './settings.ts';

export interface ReleaseProps {
  readonly api: RefreshApi;
  readonly application: LambdaApplication;
  readonly settings: Settings;
  readonly sessions: SessionTable;
  readonly keys: Keys;
}

/**
 * Gradual releases of one contract. When its Lambda changes, CodeDeploy has the new version checked, sends
 * a part of the traffic there, and rolls back when an alarm of that version fires.
 */
export class Release extends Construct {
  constructor(scope: Construct, id: string, props: ReleaseProps) {
    super(scope, id);
    const { api, application, settings } = props;
    const { contract, lambda, live } = api;
    const check = this.addCheck(props);
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('codedeploy.amazonaws.com'),
    });
    for (const statement of releaseStatements(lambda, check)) role.addToPolicy(statement);
    const group = new LambdaDeploymentGroup(this, 'Group', {
      application,
      alias: live,
      alarms: releaseAlarms(this, api).map((rule) => addAlarm(this, rule)),
      deploymentConfig: deploymentConfigs[settings.canary],
      preHook: check,
      // CDK would attach the managed policy, which allows the same for every Lambda.
      role: role.withoutPolicyUpdates(),
    });
    // All of it must be in place before CloudFormation hands the alias to CodeDeploy.
    live.node.addDependency(group, check, role);
    const versions = `AwsSolutions-IAM5[Resource::<${contract.name}Function.Arn>:*]`;
    acknowledge(role, versions, 'CodeDeploy moves the alias from any version to any other.');
    acknowledge(
      role,
      'AwsSolutions-IAM5[Resource::*]',
      'CloudWatch describes alarms for no narrower resource.',
    );
  }

  /** The Lambda that checks a new version. It reaches throw-away sessions of its contract alone. */
  private addCheck({ api: { contract, lambda, live }, settings, sessions, keys }: ReleaseProps) {
    const { name } = contract;
    const check = new ServiceFunction(this, 'Check', {
      folder: 'release-check',
      description: `Checks a new version of ${name} before clients reach it`,
      timeoutSeconds: 60,
      logRetentionDays: settings.logRetentionDays,
      environment: {
        RELEASE_CONTRACT: name,
        RELEASE_VERSION: live.version.functionArn,
        SESSION_POLICIES: JSON.stringify({ [contract.serves]: policyOf(settings, contract) }),
      },
    });
    sessions.grantThrowAway(check, contract, throwAwayId);
    keys.grantRead(check, [contract]);
    check.addToRolePolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [versionsOf(lambda)] }),
    );
    acknowledge(
      check.role ?? check,
      `AwsSolutions-IAM5[Resource::<${name}Function.Arn>:*]`,
      'IAM is eventually consistent: a policy that named the new version might come after its check.',
    );
    return check;
  }
}

/** What AWSCodeDeployRoleForLambdaLimited allows CodeDeploy, but on this Lambda and its check alone. */
function releaseStatements(lambda: ServiceFunction, check: ServiceFunction): PolicyStatement[] {
  return [
    new PolicyStatement({ actions: ['cloudwatch:DescribeAlarms'], resources: ['*'] }),
    new PolicyStatement({
      actions: ['lambda:GetAlias', 'lambda:UpdateAlias', 'lambda:GetProvisionedConcurrencyConfig'],
      resources: [lambda.functionArn, versionsOf(lambda)],
    }),
    new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [check.functionArn] }),
  ];
}

/** Every version and alias of a Lambda. */
function versionsOf({ functionArn }: ServiceFunction): string {
  return `${functionArn}:*`;
}

/** How the traffic moves to a new version: the names in a stage's settings, and CodeDeploy's own. */
const deploymentConfigs = {
  'all at once': LambdaDeploymentConfig.ALL_AT_ONCE,
  '10 % for 5 minutes': LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
  '10 % for 10 minutes': LambdaDeploymentConfig.CANARY_10PERCENT_10MINUTES,
  '10 % for 15 minutes': LambdaDeploymentConfig.CANARY_10PERCENT_15MINUTES,
  '10 % for 30 minutes': LambdaDeploymentConfig.CANARY_10PERCENT_30MINUTES,
} as const satisfies Record<Settings['canary'], unknown>;
