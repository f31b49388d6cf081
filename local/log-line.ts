import { isLogged, type Level } from '../functions/core/lambda/log-level.ts';
import { levels } from '../functions/core/lambda/outcome.ts';
import type { RequestRecord, WriteRecord } from '../functions/core/lambda/record.ts';
import type { GatewayRefusal } from './gateway.ts';

/** What prints a line of each request, whoever answered it. */
export interface LogLines {
  readonly record: WriteRecord;
  readonly refusal: (refusal: GatewayRefusal) => void;
}

/**
 * Prints one line for people per request: the fields of the record that a deployed Lambda writes, or what
 * API Gateway's access log would have. Only what is as loud as `LOG_LEVEL` (DEBUG, INFO, WARN, ERROR or
 * SILENT; INFO where it is none of them).
 */
export function logLines(
  logLevel: string | undefined,
  print: (line: string) => void,
  clock: () => Date,
): LogLines {
  const say = (level: Level, words: readonly unknown[]) => {
    if (isLogged(level, logLevel)) print([clock().toISOString().slice(11, 23), ...words].join(' '));
  };
  return {
    record: (record) => say(levels[record.outcome], words(record)),
    refusal: ({ contract, status, fault, requestId }) =>
      say('info', [contract, status, fault, '(API Gateway)', `request=${requestId}`]),
  };
}

/** `eos 200 refreshed 4.1 ms (storage 1 × 2.9 ms) session=… request=…` */
function words(record: RequestRecord): readonly unknown[] {
  const { contract, status, outcome, totalMs, storageRequests, storageMs, error } = record;
  const fields = [
    ['session', record.session],
    ['request', record.requestId],
    ['extended', record.extendedRequestId],
    ['client', record.clientRequestId === record.requestId ? undefined : record.clientRequestId],
    ['key', record.apiKeyId],
    ['error', error && [error.name, error.code, error.at[0]].filter(Boolean).join(' ')],
  ].filter(([, value]) => value !== undefined);
  return [
    contract,
    status,
    outcome,
    `${totalMs.toFixed(1)} ms`,
    `(storage ${storageRequests} × ${storageMs.toFixed(1)} ms${record.coldStart ? ', cold' : ''})`,
    ...fields.map(([name, value]) => `${name}=${value}`),
  ];
}
