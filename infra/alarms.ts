import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { RefreshApi } from './refresh-api.ts';

export interface AlarmsProps {
  readonly email: string;
  readonly apis: readonly RefreshApi[];
}

/** Tells someone by e-mail that a contract answers with failures of ours. */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, { email, apis }: AlarmsProps) {
    super(scope, id);
    const topic = new Topic(this, 'Topic', { enforceSSL: true });
    const subscription = topic.addSubscription(new EmailSubscription(email));
    acknowledge(
      subscription,
      'Serverless-SNSRedrivePolicy',
      'An e-mail that is late is of no use, and SNS keeps none for a queue to take.',
    );
    for (const { api, contract } of apis)
      api
        .metricServerError({ period: Duration.minutes(1), statistic: 'Sum' })
        .createAlarm(this, contract.name, {
          alarmDescription: `POST ${contract.path} fails. docs/operations.md, "A contract answers 5xx", says what to do.`,
          // A single one is a throttle or a cut connection, and its client has tried again.
          threshold: 5,
          evaluationPeriods: 3,
          datapointsToAlarm: 2,
          comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
          treatMissingData: TreatMissingData.NOT_BREACHING,
        })
        .addAlarmAction(new SnsAction(topic));
  }
}
