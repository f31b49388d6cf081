import { ArnFormat, Stack } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnQueryDefinition, type ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { addAlarm } from './alarm-rule.ts';
import { contractAlarms } from './alarms.ts';
import { HealthDashboard } from './dashboard.ts';
import { queries } from './queries.ts';
import type { RefreshApi } from './refresh-api.ts';
import type { SessionEvents } from './session-events.ts';
import type { SessionTable } from './session-table.ts';
import type { Settings } from './settings.ts';
import { sharedAlarms } from './shared-alarms.ts';

export interface ObservabilityProps {
  readonly apis: readonly RefreshApi[];
  readonly sessions: SessionTable;
  readonly events: SessionEvents | undefined;
  /** The log of session-admin. */
  readonly adminLogs: ILogGroup;
  readonly settings: Settings;
}

/** Alarms, the dashboard and the saved log queries. */
export class Observability extends Construct {
  /** The topic of all alarms. */
  readonly topic: Topic;

  constructor(
    scope: Construct,
    id: string,
    { apis, sessions, events, adminLogs, settings }: ObservabilityProps,
  ) {
    super(scope, id);
    const stack = Stack.of(this);
    const namespace = stack.stackName;
    this.topic = new Topic(this, 'Topic', { enforceSSL: true });
    // A topic with a policy of its own, such as that of `enforceSSL`, lets nobody publish who is not in it.
    const alarms = stack.formatArn({
      service: 'cloudwatch',
      resource: 'alarm',
      resourceName: '*',
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    const conditions = { ArnLike: { 'aws:SourceArn': alarms } };
    this.topic.grantPublish(new ServicePrincipal('cloudwatch.amazonaws.com', { conditions }));
    if (settings.alarmEmail)
      acknowledge(
        this.topic.addSubscription(new EmailSubscription(settings.alarmEmail)),
        'Serverless-SNSRedrivePolicy',
        'A late e-mail is of no use, and SNS puts none into a dead-letter queue.',
      );
    const action = new SnsAction(this.topic);
    const rules = [
      ...apis.flatMap((api) => contractAlarms(api, namespace, settings)),
      ...sharedAlarms(sessions, settings),
      ...(events?.alarms() ?? []),
    ];
    for (const rule of rules) addAlarm(this, rule).addAlarmAction(action);
    new HealthDashboard(this, 'Health', { name: namespace, apis, sessions, settings });
    const logs = [
      ...apis.flatMap(({ lambda, accessLogs }) => [lambda.logGroup, accessLogs]),
      adminLogs,
    ];
    for (const { name, text } of queries)
      new CfnQueryDefinition(this, `query-${name}`, {
        name: `${namespace}/${name}`,
        queryString: text,
        logGroupNames: logs.map(({ logGroupName }) => logGroupName),
      });
  }
}
