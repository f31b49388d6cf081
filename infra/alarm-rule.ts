import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';

/** An alarm: it fires when the metric reaches the threshold in `datapoints` of the last `periods`. */
export interface AlarmRule {
  /** The name of the alarm within the stack. */
  readonly name: string;
  /** The heading of docs/operations.md that says what to do. */
  readonly heading: AlarmHeading;
  readonly metric: IMetric;
  readonly threshold: number;
  readonly datapoints: number;
  readonly periods: number;
  /** Fires when the metric is below the threshold. Missing data then counts as below. */
  readonly below?: true;
}

/** The headings under "Alarms" in docs/operations.md. */
export type AlarmHeading =
  | 'A contract answers 5xx'
  | 'A contract is slow'
  | 'A Lambda crashes'
  | 'Lambda throttles'
  | 'The table throttles'
  | 'The authorizer fails'
  | 'Keys are not read'
  | 'Someone guesses secrets'
  | 'A replaced secret was used'
  | 'Nobody calls'
  | 'A new version fails'
  | 'Events are late';

/** Adds the alarm of a rule. Its description names the runbook. */
export function addAlarm(
  scope: Construct,
  { name, heading, metric, threshold, datapoints, periods, below }: AlarmRule,
): Alarm {
  return new Alarm(scope, name, {
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
}
