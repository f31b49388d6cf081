import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { AlarmRule } from './alarm-rule.ts';
import type { RefreshApi } from './refresh-api.ts';
import { serviceMetric } from './service-metrics.ts';
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
  const errors = api.metricServerError(perMinute);
  const rules: AlarmRule[] = [
    {
      name: `${name}-5xx`,
      heading: 'A contract answers 5xx',
      metric: policy.rotation === 'fixed' ? errors : unplanned(errors, namespace, name),
      // The SDK retries twice before a client reads a 5xx, so five in a minute are no coincidence.
      threshold: 5,
      datapoints: 2,
      periods: 3,
    },
    {
      name: `${name}-slow`,
      heading: 'A contract is slow',
      metric: api.metricLatency({ ...perMinute, statistic: 'p99' }),
      // In milliseconds: the time limit of one try of a storage request.
      threshold: 1000,
      datapoints: 3,
      periods: 5,
    },
    {
      name: `${name}-crashes`,
      heading: 'A Lambda crashes',
      // The handler catches and answers every exception: an error here ended the process.
      metric: lambda.metricErrors(perMinute),
      threshold: 1,
      datapoints: 1,
      periods: 1,
    },
    {
      name: `${name}-throttled`,
      heading: 'Lambda throttles',
      // Each throttle is a client that reads 503.
      metric: lambda.metricThrottles(perMinute),
      threshold: 1,
      datapoints: 2,
      periods: 3,
    },
    {
      name: `${name}-keys`,
      heading: 'Keys are not read',
      metric: serviceMetric(namespace, name, 'keys-unread'),
      // Keys are used for nine minutes and read every five: one minute is left after three failed ones.
      threshold: 1,
      datapoints: 3,
      periods: 5,
    },
    {
      name: `${name}-guesses`,
      heading: 'Someone guesses secrets',
      metric: guesses(namespace, name, api),
      // In percent. A client presents what it was given, so nearly none is honest.
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
      // A client that stores each answer never does this.
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
      // It only copies a header, so a failure is AWS's; clients are locked out meanwhile.
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

/** The 5xx answers without those of the settling time of rotation, in which nothing is out. */
function unplanned(errors: IMetric, namespace: string, contract: string): IMetric {
  return new MathExpression({
    expression: 'FILL(errors, 0) - FILL(settling, 0)',
    usingMetrics: { errors, settling: serviceMetric(namespace, contract, 'settling') },
    period: Duration.minutes(1),
    label: '5xx, except settling',
  });
}

/** The percentage of requests with a wrong secret; 0 while fewer than 100 have one. */
function guesses(namespace: string, contract: string, api: RefreshApi['api']): IMetric {
  const period = Duration.minutes(5);
  return new MathExpression({
    expression: 'IF(wrong >= 100, 100 * wrong / requests, 0)',
    usingMetrics: {
      wrong: serviceMetric(namespace, contract, 'wrong-secret', { period }),
      requests: api.metricCount({ statistic: Stats.SUM, period }),
    },
    period,
    label: 'Wrong secrets, in percent',
  });
}
