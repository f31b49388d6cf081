import type { GatewayRefusal } from './gateway.ts';
import type { LogLines } from './log-line.ts';

/** What the server did for a request, as the explorer shows it. */
export interface ServerPart {
  /** Who answered. */
  readonly by: 'Lambda' | 'API Gateway';
  readonly outcome: string;
  readonly status: number;
  readonly [field: string]: unknown;
}

/** Keeps what was logged of the newest requests. */
export interface RecentRequests extends LogLines {
  /** What was logged of the request with this id; nothing where it is unknown or long ago. */
  readonly find: (requestId: string) => ServerPart | undefined;
}

/** Hands everything on to the log, and keeps the newest two hundred. */
export function recentRequests(log: LogLines): RecentRequests {
  const parts = new Map<string, ServerPart>();
  const keep = (requestId: string, part: ServerPart) => {
    parts.set(requestId, part);
    const [oldest] = parts.keys();
    if (parts.size > 200 && oldest !== undefined) parts.delete(oldest);
  };
  return {
    record(record) {
      log.record(record);
      keep(record.requestId, { by: 'Lambda', ...record });
    },
    refusal(refusal: GatewayRefusal) {
      log.refusal(refusal);
      const { fault: outcome, ...rest } = refusal;
      keep(refusal.requestId, { by: 'API Gateway', outcome, ...rest });
    },
    find: (requestId) => parts.get(requestId),
  };
}
