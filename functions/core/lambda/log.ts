import { Metrics } from '@aws-lambda-powertools/metrics';
import type { Env } from '../env.ts';
import { errorRecord } from './error-record.ts';
import { isLogged, type Level } from './log-level.ts';
import { levels, type MetricName, type Notice, service } from './outcome.ts';
import type { RequestRecord, WriteRecord } from './record.ts';

/** The log and the metrics of a Lambda. */
export interface Log {
  /** Writes the line of a request, which carries its metrics. */
  readonly write: WriteRecord;
  /** Builds the line of a request and discards it, so that the first real line finds compiled code. */
  readonly rehearse: WriteRecord;
  /** Warns of a failure that no client has noticed yet. */
  readonly notice: (what: Notice, error: unknown) => void;
}

/**
 * A contract's lines on stdout: one JSON object per request, in CloudWatch's embedded metric format
 * (EMF), so that one line is both the log record and the metrics of a request. If a record's level
 * is below `LOG_LEVEL`, the line has the metrics and, for a failure, what the alarms of a release
 * count. Reads `LOG_LEVEL`, `AWS_LAMBDA_FUNCTION_VERSION` and, at every request, `_X_AMZN_TRACE_ID`.
 * docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function cloudWatchLog(contract: string, namespace: string, env: Env = process.env): Log {
  const metrics = new Metrics({
    namespace,
    serviceName: service,
    defaultDimensions: { contract },
  });
  const addFields = (fields: object) => {
    for (const [name, value] of Object.entries(fields))
      if (value !== undefined) metrics.addMetadata(name, value);
  };
  const add: WriteRecord = (record) => {
    const level = levels[record.outcome];
    if (isLogged(level, env.LOG_LEVEL)) addFields(fieldsOf(record, level, env));
    else if (level === 'error') addFields(countedFields(record, env));
    for (const { name, unit, value } of metricsOf(record)) metrics.addMetric(name, unit, value);
  };
  return {
    write(record) {
      add(record);
      metrics.publishStoredMetrics();
    },
    rehearse(record) {
      add(record);
      JSON.stringify(metrics.serializeMetrics());
      metrics.clearMetrics();
      metrics.clearMetadata();
    },
    notice(what, error) {
      if (isLogged('warn', env.LOG_LEVEL))
        addFields({ level: 'WARN', message: what, error: errorRecord(error) });
      metrics.addMetric(what, 'Count', 1).publishStoredMetrics();
    },
  };
}

/**
 * The fields of a request's line. CloudWatch bills by the byte, so fields with the usual value are
 * left out: level INFO, `coldStart` false, `clientRequestId` equal to `requestId`, and an untraced
 * `xray_trace_id`.
 */
function fieldsOf(record: RequestRecord, level: Level, env: Env) {
  // EMF already writes the contract, as a dimension.
  const { contract: _, coldStart, clientRequestId, ...fields } = record;
  return {
    ...(level !== 'info' && { level: level.toUpperCase() }),
    ...fields,
    ...(coldStart && { coldStart }),
    ...(clientRequestId !== record.requestId && { clientRequestId }),
    ...(level === 'error' && countedFields(record, env)),
    xray_trace_id: sampledTrace(env._X_AMZN_TRACE_ID),
  };
}

/** The alarms of a release count the failures of one version by these fields (infra/release-alarms.ts). */
function countedFields({ outcome }: RequestRecord, env: Env) {
  return { outcome, functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION };
}

/**
 * Returns the id of the request's X-Ray trace if X-Ray keeps the trace. The header can come from
 * a client, so it can hold any text.
 */
function sampledTrace(header = ''): string | undefined {
  return sampled.exec(header)?.[1];
}

const sampled = /^Root=(1-[0-9a-f]{8}-[0-9a-f]{24});(?:.*;)?Sampled=1(?:;|$)/;

/** The metrics of a request. */
function metricsOf(
  record: RequestRecord,
): readonly { name: MetricName; unit: 'Count' | 'Milliseconds'; value: number }[] {
  const { outcome, totalMs, storageMs, storageRequests, coldStart } = record;
  return [
    { name: outcome, unit: 'Count', value: 1 },
    { name: 'latency', unit: 'Milliseconds', value: totalMs },
    ...(storageRequests > 0
      ? [{ name: 'storage-latency', unit: 'Milliseconds', value: storageMs } as const]
      : []),
    ...(coldStart ? [{ name: 'cold-start', unit: 'Count', value: 1 } as const] : []),
  ];
}
