import { Duration, Stack } from 'aws-cdk-lib';
import { type Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { levels } from '../functions/core/lambda/outcome.ts';
import type { AlarmRule } from './alarm-rule.ts';
import type { RefreshApi } from './refresh-api.ts';

const perMinute = { period: Duration.minutes(1), statistic: Stats.SUM };

/** The alarms that roll a release of a contract back. They watch the new version alone. */
export function releaseAlarms(
  scope: Construct,
  { contract, lambda, live }: RefreshApi,
): AlarmRule[] {
  const { name } = contract;
  // What an alias sends to one of its versions: docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html
  const dimensionsMap = {
    FunctionName: lambda.functionName,
    Resource: `${lambda.functionName}:${live.aliasName}`,
    ExecutedVersion: live.version.version,
  };
  const heading = 'A new version fails';
  return [
    {
      name: `${name}-failures`,
      heading,
      metric: failures(scope, { contract, lambda, live }),
      // A healthy version has none: the SDK has tried three times before a client reads one.
      threshold: 3,
      datapoints: 1,
      periods: 1,
    },
    {
      name: `${name}-crashes`,
      heading,
      metric: lambda.metricErrors({ ...perMinute, dimensionsMap }),
      threshold: 1,
      datapoints: 1,
      periods: 1,
    },
    {
      name: `${name}-slow`,
      heading,
      metric: lambda.metricDuration({ ...perMinute, statistic: 'p99', dimensionsMap }),
      // In milliseconds: what one try of a storage request may take.
      threshold: 1000,
      datapoints: 2,
      periods: 3,
    },
  ];
}

/** How many requests a minute the new version answers with a failure of ours, by its log. */
function failures(
  scope: Construct,
  { contract, lambda, live }: Pick<RefreshApi, 'contract' | 'lambda' | 'live'>,
): Metric {
  const outcomes = Object.entries(levels)
    .filter(([, level]) => level === 'error')
    .map(([outcome]) => `($.outcome = "${outcome}")`);
  const filter = new MetricFilter(scope, `${contract.name}-failures-in-log`, {
    logGroup: lambda.logGroup,
    filterPattern: FilterPattern.literal(
      `{ ($.functionVersion = "${live.version.version}") && (${outcomes.join(' || ')}) }`,
    ),
    // Of its own: the stack's namespace has what Lambdas write themselves.
    metricNamespace: `${Stack.of(scope).stackName}/Releases`,
    // A version's own name: failures of the version before it must not stop the one that mends them.
    metricName: `${contract.name}-failures-${live.version.version}`,
    defaultValue: 0,
  });
  // No request may reach the new version uncounted.
  live.node.addDependency(filter);
  return filter.metric(perMinute);
}
