import { describe, expect, test } from 'vitest';
import type { Fault } from '../../functions/core/contract/fault.ts';
import type { Refusal } from '../../functions/core/session/session.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { sampleUuid } from './s360-document.ts';
import { refusal } from './s360-envelope.ts';

interface Row {
  readonly status: number;
  readonly code: string;
  readonly en?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const E0003 = {
  status: 401,
  code: 'ESB-IDP-E0003',
  en: 'Session ID and/or sessionToken is invalid',
};

const table = {
  'unknown-session': E0003,
  'not-logged-in': E0003,
  'wrong-secret': E0003,
  'reused-secret': E0003,
  'idle-too-long': E0003,
  'lifetime-over': E0003,
  'malformed-request': E0003,
  revoked: { status: 401, code: 'ESB-IDP-E0004', en: 'User logged out' },
  'unknown-client': {
    status: 403,
    code: 'APIMDeveloperInactive',
    headers: { 'X-Mashery-Error-Code': 'ERR_403_DEVELOPER_INACTIVE' },
  },
  'over-rate': {
    status: 403,
    code: 'APIMDeveloperOverQps',
    headers: { 'X-Mashery-Error-Code': 'ERR_403_DEVELOPER_OVER_QPS', 'Retry-After': '1' },
  },
  'over-quota': {
    status: 403,
    code: 'APIMDeveloperOverRate',
    headers: { 'X-Mashery-Error-Code': 'ERR_403_DEVELOPER_OVER_RATE' },
  },
  forbidden: { status: 403, code: 'Forbidden' },
  'unknown-route': { status: 404, code: 'FlogoException' },
  'too-large': { status: 413, code: 'ESB-IDP-E0413' },
  failed: { status: 500, code: 'ESB-IDP-E0500', en: 'Unknown Error' },
  unavailable: { status: 503, code: 'APIMServiceUnavailable', headers: { 'Retry-After': '1' } },
  'timed-out': {
    status: 504,
    code: 'APIMGatewayTimeout',
    // Retry-After as every 503 and 504 has it, though the document's gateway is not known to send it.
    headers: { 'X-Mashery-Error-Code': 'ERR_504_GATEWAY_TIMEOUT', 'Retry-After': '1' },
  },
} as const satisfies Record<Refusal | Fault, Row>;

describe('s360.refuse', () => {
  test.for(
    Object.entries<Row>(table).map(([reason, row]) => ({
      reason: reason as Refusal | Fault,
      ...row,
    })),
  )('answers $reason with $status $code', ({ reason, status, code, en, headers }) => {
    const reply = s360.refuse(reason, sampleUuid);
    expect(reply.status).toBe(status);
    expect(reply.headers).toEqual(headers);
    const body = JSON.parse(reply.body);
    expect(body).toEqual(refusal(status, code, en));
    const { desc } = body;
    expect(reply.body).toBe(
      `{"status":${status},"esbUUID":"${sampleUuid}","desc":{"en":"${desc.en}","ar":"${desc.ar}","code":"${code}"}}`,
    );
  });
});
