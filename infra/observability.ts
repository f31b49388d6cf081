import { Stack } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { CfnQueryDefinition, type ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { type AlarmRule, contractAlarms, sharedAlarms } from './alarms.ts';
import { HealthDashboard } from './dashboard.ts';
import { queries } from './queries.ts';
import type { RefreshApi } from './refresh-api.ts';
import type { SessionTable } from './session-table.ts';
import type { Settings } from './settings.ts';

export interface ObservabilityProps {
  readonly apis: readonly RefreshApi[];
  readonly sessions: SessionTable;
  /** The log of session-admin. */
  readonly adminLogs: ILogGroup;
  readonly settings: Settings;
}

/** Shows how the contracts are, and tells someone before a client has to. */
export class Observability extends Construct {
  /** Where alarms go. */
  readonly topic: Topic;

  constructor(
    scope: Construct,
    id: string,
    { apis, sessions, adminLogs, settings }: ObservabilityProps,
  ) {
    super(scope, id);
    const namespace = Stack.of(this).stackName;
    this.topic = new Topic(this, 'Topic', { enforceSSL: true });
    if (settings.alarmEmail)
      acknowledge(
        this.topic.addSubscription(new EmailSubscription(settings.alarmEmail)),
        'Serverless-SNSRedrivePolicy',
        'An e-mail that is late is of no use, and SNS keeps none for a queue to take.',
      );
    const action = new SnsAction(this.topic);
    for (const api of apis)
      for (const rule of contractAlarms(api, namespace, settings)) this.addAlarm(rule, action);
    for (const rule of sharedAlarms(sessions, settings)) this.addAlarm(rule, action);
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

  private addAlarm(
    { name, heading, metric, threshold, datapoints, periods, below }: AlarmRule,
    action: IAlarmAction,
  ): void {
    const alarm = new Alarm(this, name, {
      alarmDescription: `docs/operations.md, "${heading}", says what to do.`,
      metric,
      threshold,
      evaluationPeriods: periods,
      datapointsToAlarm: datapoints,
      comparisonOperator: below
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: below ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(action);
  }
}
