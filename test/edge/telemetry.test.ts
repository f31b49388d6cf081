import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { cloudWatchLog } from '../../functions/core/lambda/log.ts';
import { levels, type Outcome } from '../../functions/core/lambda/outcome.ts';
import type { RequestRecord } from '../../functions/core/lambda/record.ts';
import { capturedOutput } from '../support/output.ts';

const record: RequestRecord = {
  contract: 'eos',
  requestId: '51368f50-4a67-42d4-803c-ddc80c0be491',
  extendedRequestId: 'K1lm3Zp4',
  clientRequestId: 'trace-7',
  apiKeyId: 'a1b2c3',
  coldStart: true,
  outcome: 'refreshed',
  status: 200,
  session: 'uTzeZ4RISPVOUG4ccw7gx9',
  storageRequests: 1,
  storageMs: 2.9,
  totalMs: 4.1,
};

/** What is written of a record under some variables, each line read as JSON. */
function written(given: RequestRecord, variables: Record<string, string> = {}) {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const { write } = cloudWatchLog('eos', 'SessionRefresh-dev');
  const output = capturedOutput();
  write(given);
  const parsed = output.lines().map((line) => JSON.parse(line));
  return {
    lines: parsed.filter((line) => line._aws === undefined),
    metrics: parsed.filter((line) => line._aws !== undefined),
  };
}

describe('what is written of a request', () => {
  test('is one line with the record, and the X-Ray trace where there is one', () => {
    const { lines } = written(record, {
      _X_AMZN_TRACE_ID:
        'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1',
    });
    expect(lines).toEqual([
      {
        level: 'INFO',
        message: 'refreshed',
        timestamp: expect.stringMatching(/Z$/),
        service: 'session-refresh',
        sampling_rate: 0,
        xray_trace_id: '1-5759e988-bd862e3fe1be46a994272793',
        ...record,
      },
    ]);
  });

  test('is one record of metrics by contract, which names the request', () => {
    const { metrics } = written(record);
    expect(metrics).toEqual([
      {
        _aws: {
          Timestamp: expect.any(Number),
          CloudWatchMetrics: [
            {
              Namespace: 'SessionRefresh-dev',
              Dimensions: [['service', 'contract']],
              Metrics: [
                { Name: 'refreshed', Unit: 'Count' },
                { Name: 'latency', Unit: 'Milliseconds' },
                { Name: 'storage-latency', Unit: 'Milliseconds' },
                { Name: 'cold-start', Unit: 'Count' },
              ],
            },
          ],
        },
        service: 'session-refresh',
        contract: 'eos',
        requestId: record.requestId,
        clientRequestId: 'trace-7',
        refreshed: 1,
        latency: 4.1,
        'storage-latency': 2.9,
        'cold-start': 1,
      },
    ]);
  });

  test('measures no storage where none was asked, and no cold start where there was none', () => {
    const { metrics } = written({ ...record, storageRequests: 0, coldStart: false });
    const [{ _aws }] = metrics as [{ _aws: { CloudWatchMetrics: [{ Metrics: unknown[] }] } }];
    expect(_aws.CloudWatchMetrics[0].Metrics).toHaveLength(2);
  });

  test.for(Object.keys(levels) as Outcome[])('is as loud as it should be: %s', (outcome) => {
    const { lines, metrics } = written({ ...record, outcome });
    const loud = { refreshed: 'INFO', 'reused-secret': 'WARN', failed: 'ERROR' };
    const expected = { ...loud, unavailable: 'ERROR', 'timed-out': 'ERROR' } as Record<
      string,
      string
    >;
    expect(lines.map(({ level }) => level)).toEqual([expected[outcome] ?? 'INFO']);
    expect(metrics).toMatchObject([{ [outcome]: 1 }]);
  });

  test('keeps its metrics where LOG_LEVEL silences its line', () => {
    const { lines, metrics } = written(record, { LOG_LEVEL: 'ERROR' });
    expect([lines.length, metrics.length]).toEqual([0, 1]);
  });

  test('warns of keys that are not read, by contract', () => {
    const { notice } = cloudWatchLog('s360', 'SessionRefresh-dev');
    const output = capturedOutput();
    notice('keys-unread', new Error('a', { cause: new TypeError('b') }));
    const [line, metric] = output.lines().map((text) => JSON.parse(text));
    expect(line).toMatchObject({
      level: 'WARN',
      message: 'keys-unread',
      contract: 's360',
      error: { name: 'Error', cause: { name: 'TypeError' } },
    });
    expect(metric).toMatchObject({ contract: 's360', 'keys-unread': 1 });
  });
});
