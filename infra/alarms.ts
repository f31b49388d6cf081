import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Function as Lambda } from 'aws-cdk-lib/aws-lambda';
import type { AlarmRule } from './alarm-rule.ts';
import type { RefreshApi } from './refresh-api.ts';
import { serviceMetric } from './service-metrics.ts';
import type { SessionTable } from './session-table.ts';
import { policyOf, type Settings } from './settings.ts';

const perMinute = { period: Duration.minutes(1), statistic: Stats.SUM };

/** The alarms of one contract. */
export function contractAlarms(
  { api, contract, lambda, authorizer }: RefreshApi,
  namespace: string,
  settings: Settings,
): readonly AlarmRule[] {
  const { name } = contract;
  const { quietMinutes } = settings.contracts[name] ?? {};
  const policy = policyOf(settings, contract);
  const rules: AlarmRule[] = [
    {
      name: `${name}-5xx`,
      heading: 'A contract answers 5xx',
      metric: api.metricServerError(perMinute),
      // The SDK has tried three times before a client reads one: five in a minute are no accident.
      threshold: 5,
      datapoints: 2,
      periods: 3,
    },
    {
      name: `${name}-slow`,
      heading: 'A contract is slow',
      metric: api.metricLatency({ ...perMinute, statistic: 'p99' }),
      // What one try of a storage request may take: one client in a hundred waits for a second.
      threshold: 1000,
      datapoints: 3,
      periods: 5,
    },
    {
      name: `${name}-crashes`,
      heading: 'A Lambda crashes',
      // The handler answers whatever it can catch: what counts here ended the process.
      metric: lambda.metricErrors(perMinute),
      threshold: 1,
      datapoints: 1,
      periods: 1,
    },
    {
      name: `${name}-throttled`,
      heading: 'Lambda throttles',
      // Each one is a client that was sent away.
      metric: lambda.metricThrottles(perMinute),
      threshold: 1,
      datapoints: 2,
      periods: 3,
    },
    {
      name: `${name}-keys`,
      heading: 'Keys are not read',
      metric: serviceMetric(namespace, name, 'keys-unread'),
      // Keys serve for nine minutes and are read every five: three minutes of failures leave one.
      threshold: 1,
      datapoints: 3,
      periods: 5,
    },
    {
      name: `${name}-guesses`,
      heading: 'Someone guesses secrets',
      metric: guesses(namespace, name, api.metricCount({ statistic: Stats.SUM })),
      // A client presents what it was given, so an honest share is nearly nothing.
      threshold: 1,
      datapoints: 1,
      periods: 1,
    },
  ];
  if (policy.rotation !== 'fixed')
    rules.push({
      name: `${name}-reuse`,
      heading: 'A replaced secret was used',
      metric: serviceMetric(namespace, name, 'reused-secret'),
      // No client that stores what it is answered does this.
      threshold: 1,
      datapoints: 1,
      periods: 1,
    });
  if (authorizer)
    rules.push({
      name: `${name}-authorizer`,
      heading: 'The authorizer fails',
      metric: new MathExpression({
        expression: 'FILL(errors, 0) + FILL(throttles, 0)',
        usingMetrics: {
          errors: authorizer.metricErrors(),
          throttles: authorizer.metricThrottles(),
        },
        period: Duration.minutes(1),
        label: 'Authorizations that failed',
      }),
      // It only copies a header: it can't fail by itself, and no client gets in while it does.
      threshold: 1,
      datapoints: 2,
      periods: 3,
    });
  if (quietMinutes)
    rules.push({
      name: `${name}-quiet`,
      heading: 'Nobody calls',
      metric: api.metricCount({ statistic: Stats.SUM, period: Duration.minutes(quietMinutes) }),
      threshold: 1,
      datapoints: 1,
      periods: 1,
      below: true,
    });
  return rules;
}

/** The alarms of what the contracts share. */
export function sharedAlarms(
  sessions: SessionTable,
  { accountConcurrency }: Settings,
): readonly AlarmRule[] {
  return [
    {
      name: 'table-throttled',
      heading: 'The table throttles',
      metric: sessions.metricThrottles(Duration.minutes(1)),
      // A table on demand throttles for moments as it grows; for minutes, a partition or a limit is full.
      threshold: 1,
      datapoints: 3,
      periods: 5,
    },
    {
      name: 'concurrency',
      heading: 'Lambda throttles',
      metric: Lambda.metricAllConcurrentExecutions({ ...perMinute, statistic: Stats.MAXIMUM }),
      // A fifth is left, in which to ask AWS for more.
      threshold: 0.8 * accountConcurrency,
      datapoints: 3,
      periods: 5,
    },
  ];
}

/** The percentage of requests with a wrong secret, once there are a hundred of those. */
function guesses(namespace: string, contract: string, requests: IMetric): IMetric {
  const period = Duration.minutes(5);
  return new MathExpression({
    expression: 'IF(wrong >= 100, 100 * wrong / requests, 0)',
    usingMetrics: { wrong: serviceMetric(namespace, contract, 'wrong-secret'), requests },
    period,
    label: 'Wrong secrets, in percent',
  });
}
