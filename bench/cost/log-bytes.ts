import type { Contract } from '../../functions/core/contract/contract.ts';
import { cloudWatchLog } from '../../functions/core/lambda/log.ts';
import type { RequestRecord } from '../../functions/core/lambda/record.ts';
import { assumed } from './assumptions.ts';

/** The bytes that one refresh writes into logs, each event with what CloudWatch Logs adds to it. */
export interface LogBytes {
  /** The line of the request, as the handler writes it. */
  readonly line: number;
  /** The record of its metrics. */
  readonly metrics: number;
  /** What Lambda itself says of it. */
  readonly platform: number;
  /** API Gateway's access log. */
  readonly access: number;
}

/** Has the real logger write a typical refresh, and fills in the access log's format. */
export function logBytes(contract: Contract, accessLog: string): LogBytes {
  const { path, apiKey } = contract;
  const [line = '', metrics = ''] = written(() =>
    cloudWatchLog(contract.name, 'SessionRefresh-prod').write({
      ...typical,
      contract: contract.name,
      ...(apiKey === 'required' && { apiKeyId: 'a1b2c3d4e5' }),
    }),
  );
  const access = accessLog.replace(/\$context\.([\w.]+)/g, (_, name: string) => values(path, name));
  return {
    line: event(line),
    metrics: event(metrics),
    platform: platform.reduce((sum, text) => sum + event(text), 0),
    access: event(access),
  };
}

const id = '51368f50-4a67-42d4-803c-ddc80c0be491';
const trace = '1-5759e988-bd862e3fe1be46a994272793';

const typical = {
  requestId: id,
  extendedRequestId: 'K1lm3Zp4oAMFabc=',
  clientRequestId: id,
  coldStart: false,
  outcome: 'refreshed',
  status: 200,
  session: 'uTzeZ4RISPVOUG4ccw7gx9',
  storageRequests: 1,
  storageMs: 4.102,
  totalMs: 6.513,
} as const satisfies Omit<RequestRecord, 'contract'>;

const platform = [
  `START RequestId: ${id} Version: $LATEST\n`,
  `END RequestId: ${id}\n`,
  `REPORT RequestId: ${id}\tDuration: 7.45 ms\tBilled Duration: 8 ms\tMemory Size: 512 MB\tMax Memory Used: 112 MB\t\n`,
];

/** What a variable of API Gateway typically holds. */
function values(path: string, name: string): string {
  const known: Readonly<Record<string, string>> = {
    requestId: id,
    extendedRequestId: typical.extendedRequestId,
    xrayTraceId: trace,
    requestTimeEpoch: '1795305600000',
    httpMethod: 'POST',
    resourcePath: `/${path.split('/').slice(2).join('/')}`,
    status: '200',
    'identity.apiKeyId': 'a1b2c3d4e5',
    'identity.sourceIp': '203.0.113.117',
    responseLatency: '14',
    'integration.latency': '11',
    'integration.status': '200',
  };
  const value = known[name];
  if (value === undefined)
    throw new Error(`the access log has a variable ${name} that no value is known of`);
  return value;
}

/** The lines that go to stdout meanwhile; they go nowhere else. */
function written(say: () => void): string[] {
  const { write } = process.stdout;
  const before = process.env._X_AMZN_TRACE_ID;
  let text = '';
  process.env._X_AMZN_TRACE_ID = `Root=${trace};Parent=53995c3f42cd8ad8;Sampled=0`;
  process.stdout.write = (chunk) => {
    text += String(chunk);
    return true;
  };
  try {
    say();
  } finally {
    process.stdout.write = write;
    if (before === undefined) delete process.env._X_AMZN_TRACE_ID;
    else process.env._X_AMZN_TRACE_ID = before;
  }
  return text.split('\n').filter((line) => line !== '');
}

function event(text: string): number {
  return Buffer.byteLength(text) + assumed.eventBytes;
}
