import { Duration } from 'aws-cdk-lib';
import { Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { type MetricName, service } from '../functions/core/lambda/outcome.ts';

/** A metric that a contract's Lambda writes to its log as EMF (core/lambda/log.ts). */
export function serviceMetric(
  namespace: string,
  contract: string,
  metricName: MetricName,
  options: MetricOptions = {},
): Metric {
  return new Metric({
    namespace,
    metricName,
    dimensionsMap: { service, contract },
    statistic: Stats.SUM,
    period: Duration.minutes(1),
    label: metricName,
    ...options,
  });
}
