import type { Contract } from '../../functions/core/contract/contract.ts';
import { cloudWatchLog } from '../../functions/core/lambda/log.ts';
import type { RequestRecord } from '../../functions/core/lambda/record.ts';

/**
 * Counts the bytes of a typical refresh in CloudWatch Logs, with what it adds to each event: of the
 * Lambda's line, which carries the metrics, and of API Gateway's access log. The client sends a request
 * id of its own, and the contract's api key has an id.
 */
export function logBytes({ name, apiKey }: Contract, accessLog: string) {
  const keyed = apiKey === 'required';
  const record = { ...typical, contract: name, ...(keyed && { apiKeyId }) };
  const line = written(() => cloudWatchLog(name, 'SessionRefresh-prod').write(record));
  const access = accessLog.replace(/\$context\.([\w.]+)/g, (_, variable: string) => {
    const value = variable === 'identity.apiKeyId' && !keyed ? '-' : values[variable];
    if (value !== undefined) return `${value}`;
    throw new Error(`no typical value is known of the access log's variable ${variable}`);
  });
  return { line: bytes(line), access: bytes(access) };
}

const apiKeyId = 'a1b2c3d4e5';

const typical = {
  requestId: '51368f50-4a67-42d4-803c-ddc80c0be491',
  extendedRequestId: 'K1lm3Zp4oAMFabc=',
  clientRequestId: 'f0c1d2e3-5a6b-4c7d-8e9f-0a1b2c3d4e5f',
  coldStart: false,
  outcome: 'refreshed',
  status: 200,
  session: 'uTzeZ4RISPVOUG4ccw7gx9',
  storageRequests: 1,
  storageMs: 4.102,
  totalMs: 6.513,
} as const satisfies Omit<RequestRecord, 'contract'>;

/** What the variables of API Gateway typically hold. */
const values: Readonly<Record<string, unknown>> = {
  ...typical,
  'identity.apiKeyId': apiKeyId,
  'identity.sourceIp': '203.0.113.117',
  responseLatency: '14',
};

/** CloudWatch counts 26 bytes more for each event: docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html */
function bytes(line: string): number {
  return Buffer.byteLength(line) + 26;
}

/** The line that goes to stdout meanwhile; it goes nowhere else. */
function written(write: () => void): string {
  const real = process.stdout.write;
  const chunks: unknown[] = [];
  process.stdout.write = (chunk) => chunks.push(chunk) > 0;
  try {
    write();
  } finally {
    process.stdout.write = real;
  }
  return chunks.join('').trimEnd();
}
