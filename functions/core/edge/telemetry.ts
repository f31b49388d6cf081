import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { errorRecord } from './error-record.ts';
import { metricsOf, type Notice, service } from './metric.ts';
import { levels } from './outcome.ts';
import type { WriteRecord } from './record.ts';

/** What a Lambda says of itself. */
export interface Telemetry {
  /** Writes a request's line in the log, and its metrics. */
  readonly write: WriteRecord;
  /** Warns of what no client has noticed yet. */
  readonly notice: (what: Notice, error: unknown) => void;
}

/**
 * A contract's lines on stdout, as CloudWatch reads them: one JSON record per request, and one of its
 * metrics in the embedded metric format, which no `LOG_LEVEL` silences. Powertools reads its variables
 * itself (`LOG_LEVEL`, `_X_AMZN_TRACE_ID`).
 */
export function telemetry(contract: string, namespace: string): Telemetry {
  const logger = new Logger({ serviceName: service });
  const metrics = new Metrics({
    namespace,
    serviceName: service,
    defaultDimensions: { contract },
  });
  return {
    write(record) {
      logger[levels[record.outcome]](record.outcome, { ...record });
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
