import { describe, expect, test } from 'vitest';
import type { RequestRecord } from '../../functions/core/lambda/record.ts';
import type { GatewayRefusal } from '../../local/gateway.ts';
import { logLines } from '../../local/log-line.ts';

const refreshed: RequestRecord = {
  contract: 'eos',
  requestId: '51368f50-4a67-42d4-803c-ddc80c0be491',
  extendedRequestId: 'K1lm3Zp4',
  clientRequestId: 'trace-7',
  apiKeyId: 'a1b2c3',
  coldStart: false,
  outcome: 'refreshed',
  status: 200,
  session: 'uTzeZ4RISPVOUG4ccw7gx9',
  storageRequests: 1,
  storageMs: 2.94,
  totalMs: 4.1,
};
const reused: RequestRecord = { ...refreshed, outcome: 'reused-secret', status: 403 };
const failed: RequestRecord = {
  contract: 's360',
  requestId: refreshed.requestId,
  clientRequestId: refreshed.requestId,
  coldStart: true,
  outcome: 'unavailable',
  status: 503,
  storageRequests: 3,
  storageMs: 900,
  totalMs: 1000,
  error: { name: 'Error', code: 'ECONNREFUSED', at: ['at connect (net.js:1:1)', 'at b'] },
};

function printed(
  level: string | undefined,
  ...records: (RequestRecord | GatewayRefusal)[]
): string[] {
  const lines: string[] = [];
  const { record: write, refusal } = logLines(
    level,
    (line) => lines.push(line),
    () => new Date(Date.UTC(2026, 0, 15, 12)),
  );
  for (const record of records) 'fault' in record ? refusal(record) : write(record);
  return lines;
}

describe('the line of a request in the log of npm start', () => {
  test('has the fields of the record, and those it lacks are left out', () => {
    expect(printed(undefined, refreshed, failed)).toEqual([
      '12:00:00.000 eos 200 refreshed 4.1 ms (storage 1 × 2.9 ms) session=uTzeZ4RISPVOUG4ccw7gx9 request=51368f50-4a67-42d4-803c-ddc80c0be491 extended=K1lm3Zp4 client=trace-7 key=a1b2c3',
      '12:00:00.000 s360 503 unavailable 1000.0 ms (storage 3 × 900.0 ms, cold) request=51368f50-4a67-42d4-803c-ddc80c0be491 error=Error ECONNREFUSED at connect (net.js:1:1)',
    ]);
  });

  test('says what API Gateway answered itself, and how loud that is', () => {
    const refusal: GatewayRefusal = {
      contract: 's360',
      requestId: refreshed.requestId,
      fault: 'unknown-client',
      status: 403,
    };
    expect(printed(undefined, refusal)).toEqual([
      '12:00:00.000 s360 403 unknown-client (API Gateway) request=51368f50-4a67-42d4-803c-ddc80c0be491',
    ]);
    expect(printed('WARN', refusal)).toEqual([]);
  });

  test.for([
    { level: undefined, lines: 3 },
    { level: '', lines: 3 },
    { level: 'loud', lines: 3 },
    { level: 'DEBUG', lines: 3 },
    { level: 'INFO', lines: 3 },
    { level: 'WARN', lines: 2 },
    { level: 'warn', lines: 2 },
    { level: 'ERROR', lines: 1 },
    { level: 'SILENT', lines: 0 },
  ])('is printed where LOG_LEVEL=$level lets it: $lines of three', ({ level, lines }) => {
    expect(printed(level, refreshed, reused, failed)).toHaveLength(lines);
  });
});
