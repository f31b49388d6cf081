import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { logBytes } from '../../../bench/log-bytes.ts';
import { contracts } from '../../../functions/contracts.ts';
import { cloudWatchLog } from '../../../functions/core/lambda/log.ts';
import { isLogged } from '../../../functions/core/lambda/log-level.ts';
import { levels, type Outcome } from '../../../functions/core/lambda/outcome.ts';
import type { RequestRecord } from '../../../functions/core/lambda/record.ts';
import { accessLogFormat } from '../../../infra/access-log.ts';
import { settings as prod } from '../../../infra/stages/prod.ts';
import { capturedOutput } from '../../support/output.ts';

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

/** What is written of a record under some variables: each line, read as JSON. */
function written(given: RequestRecord, env: Record<string, string> = {}) {
  const output = capturedOutput();
  cloudWatchLog('eos', 'SessionRefresh-dev', env).write(given);
  return output.lines().map((line) => JSON.parse(line));
}

const trace = '1-5759e988-bd862e3fe1be46a994272793';

describe('the line of a request', () => {
  test('is one, and carries the fields of the record and its metrics', () => {
    const { contract, ...fields } = record;
    expect(written(record)).toEqual([
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
        ...fields,
        service: 'session-refresh',
        contract,
        refreshed: 1,
        latency: 4.1,
        'storage-latency': 2.9,
        'cold-start': 1,
      },
    ]);
  });

  test('is not written by a rehearsal, which leaves nothing for the next line', () => {
    const { rehearse, write } = cloudWatchLog('eos', 'SessionRefresh-dev', {});
    const output = capturedOutput();
    rehearse({ ...record, primed: true, outcome: 'failed' });
    expect(output.lines()).toEqual([]);
    write(record);
    const { _aws, ...line } = JSON.parse(output.lines().join());
    expect(line).toEqual({ ...written(record)[0], _aws: undefined });
  });

  test('leaves out what an ordinary request does not have', () => {
    const ordinary = { ...record, coldStart: false, clientRequestId: record.requestId };
    const [line] = written({ ...ordinary, storageRequests: 0 });
    for (const name of [
      'level',
      'coldStart',
      'clientRequestId',
      'functionVersion',
      'xray_trace_id',
    ])
      expect(line).not.toHaveProperty(name);
    expect(line._aws.CloudWatchMetrics[0].Metrics).toHaveLength(2);
  });

  test.for([
    { what: 'a trace that X-Ray keeps', header: `Root=${trace};Parent=53995c3f42cd8ad8;Sampled=1` },
    { what: 'one with a lineage', header: `Root=${trace};Sampled=1;Lineage=1:abc:0` },
    { what: 'one that it drops', header: `Root=${trace};Sampled=0`, id: undefined },
    { what: 'a text of the client’s', header: 'Root=secret;Sampled=1', id: undefined },
    { what: 'no trace', header: '', id: undefined },
  ])('names the X-Ray trace as it should: $what', (row) => {
    const [line] = written(record, { _X_AMZN_TRACE_ID: row.header });
    expect(line.xray_trace_id).toBe('id' in row ? row.id : trace);
  });

  const loud: Partial<Record<Outcome, string>> = {
    'reused-secret': 'WARN',
    failed: 'ERROR',
    unavailable: 'ERROR',
    'timed-out': 'ERROR',
  };

  test.for(Object.keys(levels) as Outcome[])('is as loud as it should be: %s', (outcome) => {
    const [line] = written({ ...record, outcome }, { AWS_LAMBDA_FUNCTION_VERSION: '7' });
    expect(line).toMatchObject({ outcome, [outcome]: 1 });
    expect(line.level).toBe(loud[outcome]);
    expect(line.functionVersion).toBe(loud[outcome] === 'ERROR' ? '7' : undefined);
  });

  test('keeps its metrics alone where LOG_LEVEL silences it', () => {
    expect(written(record, { LOG_LEVEL: 'WARN' })).toEqual([
      {
        _aws: expect.any(Object),
        service: 'session-refresh',
        contract: 'eos',
        refreshed: 1,
        latency: 4.1,
        'storage-latency': 2.9,
        'cold-start': 1,
      },
    ]);
    const [failure] = written({ ...record, outcome: 'failed' }, { LOG_LEVEL: 'WARN' });
    expect(failure).toMatchObject({ level: 'ERROR', requestId: record.requestId });
  });

  test('reads LOG_LEVEL and the trace of the process, unless it is given others', () => {
    vi.stubEnv('LOG_LEVEL', 'SILENT');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const output = capturedOutput();
    cloudWatchLog('eos', 'Stack').write({ ...record, outcome: 'failed' });
    const [line = ''] = output.lines();
    expect(JSON.parse(line)).toMatchObject({ failed: 1 });
    expect(line).not.toContain(record.requestId);
  });
});

test.for(contracts)('a refresh of $name writes at most 900 bytes into logs', (contract) => {
  const { line, access } = logBytes(contract, accessLogFormat(prod));
  expect(line + access).toBeLessThanOrEqual(900);
  expect(Math.min(line, access)).toBeGreaterThan(100);
});

test('the bytes of an access log are known for the variables that it has, and no others', () => {
  const [contract] = contracts as [(typeof contracts)[number]];
  expect(logBytes(contract, '{"a":"$context.status"}').access).toBe('{"a":"200"}'.length + 26);
  expect(() => logBytes(contract, '$context.error.message')).toThrow('error.message');
});

test.for([
  { logLevel: undefined, logged: ['info', 'warn', 'error'] },
  { logLevel: 'debug', logged: ['info', 'warn', 'error'] },
  { logLevel: 'Warn', logged: ['warn', 'error'] },
  { logLevel: 'ERROR', logged: ['error'] },
  { logLevel: 'SILENT', logged: [] },
  { logLevel: 'loud', logged: ['info', 'warn', 'error'] },
])('LOG_LEVEL=$logLevel lets $logged through', ({ logLevel, logged }) => {
  expect((['info', 'warn', 'error'] as const).filter((l) => isLogged(l, logLevel))).toEqual(logged);
});

describe('the line of keys that could not be read', () => {
  const noticed = (env: Record<string, string>) => {
    const output = capturedOutput();
    const { notice } = cloudWatchLog('s360', 'SessionRefresh-dev', env);
    notice('keys-unread', new Error('a', { cause: new TypeError('b') }));
    return output.lines().map((text) => JSON.parse(text));
  };

  test('warns, names the error’s kind, and counts', () => {
    const error = { name: 'Error', at: expect.any(Array), cause: expect.any(Object) };
    const warning = { level: 'WARN', message: 'keys-unread', error };
    expect(noticed({})).toMatchObject([{ ...warning, contract: 's360', 'keys-unread': 1 }]);
  });

  test('only counts where LOG_LEVEL silences it', () => {
    const [line] = noticed({ LOG_LEVEL: 'ERROR' });
    expect(Object.keys(line)).toEqual(['_aws', 'service', 'contract', 'keys-unread']);
  });
});
