import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { errorRecord } from './error-record.ts';
import { levels, type MetricName, type Notice, service } from './outcome.ts';
import type { RequestRecord, WriteRecord } from './record.ts';

/** The log and the metrics of a Lambda. */
export interface Log {
  /** Writes the line of a request, and its metrics. */
  readonly write: WriteRecord;
  /** Warns of a failure that no client has noticed yet. */
  readonly notice: (what: Notice, error: unknown) => void;
}

/**
 * A contract's lines on stdout, as CloudWatch reads them: one JSON record per request, and one of its
 * metrics in the embedded metric format, which no `LOG_LEVEL` silences. Powertools reads its variables
 * itself (`LOG_LEVEL`, `_X_AMZN_TRACE_ID`). `functionVersion` is the version of the Lambda.
 */
export function cloudWatchLog(contract: string, namespace: string, functionVersion?: string): Log {
  const logger = new Logger({ serviceName: service });
  const metrics = new Metrics({
    namespace,
    serviceName: service,
    defaultDimensions: { contract },
  });
  return {
    write(record) {
      const level = levels[record.outcome];
      // The alarms of a release count the failures of one version (infra/release-alarms.ts).
      logger[level](record.outcome, { ...record, ...(level === 'error' && { functionVersion }) });
      for (const { name, unit, value } of metricsOf(record)) metrics.addMetric(name, unit, value);
      // So that from a metric one finds its requests.
      metrics.addMetadata('requestId', record.requestId);
      metrics.addMetadata('clientRequestId', record.clientRequestId);
      metrics.publishStoredMetrics();
    },
    notice(what, error) {
      logger.warn(what, { contract, error: errorRecord(error) });
      metrics.addMetric(what, 'Count', 1).publishStoredMetrics();
    },
  };
}

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
