import { Duration } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Function as Lambda } from 'aws-cdk-lib/aws-lambda';
import type { AlarmRule } from './alarm-rule.ts';
import type { SessionTable } from './session-table.ts';
import type { Settings } from './settings.ts';

/** The alarms of the table and of the account, which all contracts share. */
export function sharedAlarms(
  sessions: SessionTable,
  { accountConcurrency }: Settings,
): readonly AlarmRule[] {
  return [
    {
      name: 'table-throttled',
      heading: 'The table throttles',
      metric: sessions.metricThrottles(Duration.minutes(1)),
      // An on-demand table throttles for moments while it grows. Minutes mean a hot partition or a quota.
      threshold: 1,
      datapoints: 3,
      periods: 5,
    },
    {
      name: 'concurrency',
      heading: 'Lambda throttles',
      metric: Lambda.metricAllConcurrentExecutions({
        period: Duration.minutes(1),
        statistic: Stats.MAXIMUM,
      }),
      // A fifth is left while AWS raises the quota.
      threshold: 0.8 * accountConcurrency,
      datapoints: 3,
      periods: 5,
    },
  ];
}
