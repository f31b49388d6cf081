import { levels, type Outcome } from './outcome.ts';
import type { RequestRecord } from './record.ts';

/** What is counted or measured of a request, by contract. */
export type RequestMetric = Outcome | 'latency' | 'storage-latency' | 'cold-start';

/** What happens to a Lambda beside its requests: `keys-unread`, a reading of its keys failed. */
export type Notice = 'keys-unread';

/** The name of any metric of ours in CloudWatch. */
export type MetricName = RequestMetric | Notice;

/** The words for what became of a request, each a metric that is 1 for it. */
export const outcomes = Object.keys(levels) as readonly Outcome[];

/** The namespace's dimensions: `service` is always this one, `contract` is the contract's name. */
export const service = 'session-refresh';

/** One value of a metric. */
export interface Measured {
  readonly name: RequestMetric;
  readonly unit: 'Count' | 'Milliseconds';
  readonly value: number;
}

/** The metrics of a request. */
export function metricsOf(record: RequestRecord): readonly Measured[] {
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
