import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { contracts } from '../../../functions/contracts.ts';
import { errorRecord } from '../../../functions/core/lambda/error-record.ts';
import { cloudWatchLog } from '../../../functions/core/lambda/log.ts';
import { isLogged } from '../../../functions/core/lambda/log-level.ts';
import { outcomes } from '../../../functions/core/lambda/outcome.ts';
import type { RequestRecord } from '../../../functions/core/lambda/record.ts';
import { accessLogFormat } from '../../../infra/access-log.ts';
import { settings as prod } from '../../../infra/stages/prod.ts';
import { logBytes } from '../../support/log-bytes.ts';
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
const metrics = { refreshed: 1, latency: 4.1, 'storage-latency': 2.9, 'cold-start': 1 };
const dimensions = { service: 'session-refresh', contract: 'eos' };

/** The lines of a log under some variables, read as JSON. */
function logged(
  act: (log: ReturnType<typeof cloudWatchLog>) => void,
  env?: Record<string, string>,
) {
  const output = capturedOutput();
  act(cloudWatchLog('eos', 'SessionRefresh-dev', env));
  return output.lines().map((line) => JSON.parse(line));
}

/** The lines of some records. */
function written(given: Partial<RequestRecord> = {}, env: Record<string, string> = {}) {
  return logged(({ write }) => write({ ...record, ...given }), env);
}

describe('the line of a request', () => {
  test('is one, and carries the fields of the record and its metrics', () => {
    const { contract: _, ...fields } = record;
    const unit = (name: string) => (name.endsWith('latency') ? 'Milliseconds' : 'Count');
    const Metrics = Object.keys(metrics).map((Name) => ({ Name, Unit: unit(Name) }));
    const Dimensions = [['service', 'contract']];
    const CloudWatchMetrics = [{ Namespace: 'SessionRefresh-dev', Dimensions, Metrics }];
    const _aws = { Timestamp: expect.any(Number), CloudWatchMetrics };
    expect(written()).toEqual([{ _aws, ...fields, ...dimensions, ...metrics }]);
  });

  test('is not written by a rehearsal, which leaves nothing for the next line', () => {
    const lines = logged(({ rehearse, write }) => {
      rehearse({ ...record, primed: true, outcome: 'failed' });
      write(record);
    }, {});
    expect(lines.map(({ _aws, ...line }) => line)).toEqual([{ ...written()[0], _aws: undefined }]);
  });

  test('leaves out what an ordinary request does not have', () => {
    const ordinary = { coldStart: false, clientRequestId: record.requestId, storageRequests: 0 };
    const [line] = written(ordinary);
    const left = ['level', 'coldStart', 'clientRequestId', 'functionVersion', 'xray_trace_id'];
    for (const name of left) expect(line).not.toHaveProperty(name);
    expect(line._aws.CloudWatchMetrics[0].Metrics).toHaveLength(2);
  });

  test('names the X-Ray trace that X-Ray keeps, and no text of the client’s', () => {
    const trace = '1-5759e988-bd862e3fe1be46a994272793';
    const named = (header: string) => written({}, { _X_AMZN_TRACE_ID: header })[0].xray_trace_id;
    for (const rest of [';Parent=53995c3f42cd8ad8;Sampled=1', ';Sampled=1;Lineage=1:abc:0'])
      expect(named(`Root=${trace}${rest}`)).toBe(trace);
    for (const header of [`Root=${trace};Sampled=0`, 'Root=secret;Sampled=1', ''])
      expect(named(header)).toBeUndefined();
  });

  test.for(outcomes)('is as loud as it should be: %s', (outcome) => {
    const [line] = written({ outcome }, { AWS_LAMBDA_FUNCTION_VERSION: '7' });
    expect(line).toMatchObject({ outcome, [outcome]: 1 });
    const failure = ['failed', 'unavailable', 'timed-out'].includes(outcome);
    const level = outcome === 'reused-secret' ? 'WARN' : undefined;
    expect(line.level).toBe(failure ? 'ERROR' : level);
    expect(line.functionVersion).toBe(failure ? '7' : undefined);
  });

  test('keeps its metrics alone where LOG_LEVEL silences it', () => {
    const alone = { _aws: expect.any(Object), ...dimensions, ...metrics };
    expect(written({}, { LOG_LEVEL: 'WARN' })).toEqual([alone]);
    const [failure] = written({ outcome: 'failed' }, { LOG_LEVEL: 'WARN' });
    expect(failure).toMatchObject({ level: 'ERROR', requestId: record.requestId });
    // It reads the variables of the process, unless it is given others.
    vi.stubEnv('LOG_LEVEL', 'SILENT');
    vi.stubEnv('AWS_LAMBDA_FUNCTION_VERSION', '7');
    onTestFinished(() => void vi.unstubAllEnvs());
    const [line] = logged(({ write }) => write({ ...record, outcome: 'failed' }));
    // What the alarm of a release counts stays.
    expect(line).toMatchObject({ failed: 1, outcome: 'failed', functionVersion: '7' });
    expect(line).not.toHaveProperty('requestId');
  });
});

test.for(contracts)('a refresh of $name writes at most 900 bytes into logs', (contract) => {
  const { line, access } = logBytes(contract, accessLogFormat(prod));
  expect(line + access).toBeLessThanOrEqual(900);
  expect(Math.min(line, access)).toBeGreaterThan(100);
  expect(logBytes(contract, '{"a":"$context.status"}').access).toBe('{"a":"200"}'.length + 26);
  expect(() => logBytes(contract, '$context.error.message')).toThrow('error.message');
});

test('LOG_LEVEL lets its level and louder ones through; info by default', () => {
  const levels = ['info', 'warn', 'error'] as const;
  const through = (logLevel?: string) => levels.filter((level) => isLogged(level, logLevel)).length;
  expect([undefined, 'debug', 'loud'].map(through)).toEqual([3, 3, 3]);
  expect(['info', 'Warn', 'ERROR', 'SILENT'].map(through)).toEqual([3, 2, 1, 0]);
});

test('the line of keys that could not be read warns and counts; under ERROR it only counts', () => {
  const failure = new Error('a', { cause: new TypeError('b') });
  const noticed = (env: object) =>
    logged(({ notice }) => notice('keys-unread', failure), { ...env });
  const error = { name: 'Error', at: expect.any(Array), cause: { name: 'TypeError' } };
  const warning = { level: 'WARN', message: 'keys-unread', error, 'keys-unread': 1 };
  expect(noticed({})).toMatchObject([{ ...warning, ...dimensions }]);
  const counted = { _aws: expect.any(Object), ...dimensions, 'keys-unread': 1 };
  expect(noticed({ LOG_LEVEL: 'ERROR' })).toEqual([counted]);
});

describe('errorRecord', () => {
  const secret = 'hunter2';
  const frame = `\n    at ${secret}`;

  test('gives the kind of an error and the eight nearest frames', () => {
    const deep = (calls: number): Error => (calls === 0 ? new Error('deep') : deep(calls - 1));
    const { name, at } = errorRecord(new TypeError(secret));
    expect(name).toBe('TypeError');
    expect(at[0]).toMatch(/^at .*log\.test\.ts:\d+:\d+/);
    expect(errorRecord(deep(20)).at).toHaveLength(8);
    const several = new AggregateError([new TypeError(secret), new Error(secret)]);
    expect(errorRecord(several).cause?.name).toBe('TypeError');
  });

  test.for([
    { what: 'several lines', error: new Error(`a\n${secret}\nb`) },
    { what: 'a line that looks like a frame', error: new Error(`a${frame}\nb`) },
    { what: 'an end that looks like a frame', error: new Error(`a${frame} (b.ts:1:1)`) },
    { what: 'nothing but a frame', error: new Error(frame) },
    { what: 'a cause', error: new Error('a', { cause: new Error(secret) }) },
    { what: 'several errors', error: new AggregateError([new Error(secret)], secret) },
    { what: 'fields of its own', error: Object.assign(new Error('a'), { token: secret }) },
    { what: 'a message written later', error: Object.assign(new Error('a'), { message: secret }) },
    { what: 'a string in its place', error: secret },
    { what: 'an object in its place', error: { message: secret, stack: frame } },
  ])('keeps the message of an error to itself: $what', ({ error }) => {
    expect(inspect(error, { showHidden: true })).toContain(secret);
    expect(JSON.stringify(errorRecord(error))).not.toContain(secret);
  });

  test('gives the kind of what is no error, and no frames', () => {
    const kinds = ['a', 1, undefined, { name: 'Error' }].map((value) => errorRecord(value));
    expect(kinds.map(({ name }) => name)).toEqual(['string', 'number', 'undefined', 'object']);
    const { stack: _, ...error } = Object.getOwnPropertyDescriptors(new Error('a'));
    kinds.push(errorRecord(Object.create(Error.prototype, error)));
    expect(kinds.flatMap(({ at }) => at)).toEqual([]);
  });
});
