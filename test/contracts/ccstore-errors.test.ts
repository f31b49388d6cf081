import { describe, expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import type { Fault } from '../../functions/core/contract/fault.ts';
import type { Refusal } from '../../functions/core/session/session.ts';
import { test } from '../support/world.ts';
import { refresh } from './ccstore-client.ts';

interface Row {
  readonly status: number;
  readonly errorCode: string;
  /** The section of RFC 9110 that defines the status. */
  readonly section?: string;
  readonly retry?: true;
}

const unauthorized = { status: 401, section: '15.5.2' };
const denied = { status: 403, errorCode: '90403', section: '15.5.4' };
// RFC 9110 does not define 429.
const overRate = { status: 429, errorCode: '90429', retry: true } as const;

const table = {
  'malformed-request': { ...unauthorized, errorCode: '90001' },
  'unknown-session': { ...unauthorized, errorCode: '90002' },
  'not-logged-in': { ...unauthorized, errorCode: '90002' },
  'wrong-secret': { ...unauthorized, errorCode: '90002' },
  'reused-secret': { ...unauthorized, errorCode: '90002' },
  'idle-too-long': { ...unauthorized, errorCode: '90003' },
  'lifetime-over': { ...unauthorized, errorCode: '90003' },
  revoked: { ...unauthorized, errorCode: '90004' },
  'unknown-client': denied,
  forbidden: denied,
  'unknown-route': { status: 404, errorCode: '90404', section: '15.5.5' },
  'too-large': { status: 413, errorCode: '90413', section: '15.5.14' },
  'over-rate': overRate,
  'over-quota': overRate,
  failed: { status: 500, errorCode: '90500', section: '15.6.1' },
  unavailable: { status: 503, errorCode: '90503', section: '15.6.4', retry: true },
  // Retry-After as every 503 and 504 has it.
  'timed-out': { status: 504, errorCode: '90504', section: '15.6.5', retry: true },
} as const satisfies Record<Refusal | Fault, Row>;

describe('ccstore.refuse', () => {
  test.for(
    Object.entries<Row>(table).map(([reason, row]) => ({
      reason: reason as Refusal | Fault,
      ...row,
    })),
  )('answers $reason with $status $errorCode', ({ reason, status, errorCode, section, retry }) => {
    const reply = ccstore.refuse(reason, '51368f50-4a67-42d4-803c-ddc80c0be491');
    expect(reply.status).toBe(status);
    expect(reply.headers).toEqual(retry && { 'Retry-After': expect.stringMatching(/^[1-9]\d*$/) });
    const body = JSON.parse(reply.body);
    expect(Object.keys(body)).toEqual(['message', 'status', 'errorCode', 'type', 'devMessage']);
    const text = expect.stringMatching(/^[A-Z][\x20-\x7e]+\.$/);
    const type = section
      ? `https://www.rfc-editor.org/rfc/rfc9110#section-${section}`
      : 'https://www.rfc-editor.org/rfc/rfc6585#section-4';
    expect(body).toEqual({
      message: text,
      status: String(status),
      errorCode,
      type,
      devMessage: text,
    });
    expect(reply.body).toBe(JSON.stringify(body));
  });

  test('has a code of its own for every line of its table', () => {
    const texts = new Map(
      Object.keys(table).map((reason) => {
        const { body } = ccstore.refuse(reason as Refusal | Fault, '');
        return [JSON.parse(body).errorCode, body];
      }),
    );
    expect(texts.size).toBe(11);
    expect(new Set(texts.values()).size).toBe(11);
  });
});

describe('a refusal of POST /ccstore/v1/refresh', () => {
  test('leaves as it stands in the table, and without WWW-Authenticate', async ({ world }) => {
    const answer = await refresh(world, 'not.a.token');
    expect(answer.text).toBe(ccstore.refuse('wrong-secret', '').body);
    expect(answer.headers['Content-Type']).toMatch(/^application\/json\b/);
    const names = Object.keys(answer.headers).map((name) => name.toLowerCase());
    expect(names).not.toContain('www-authenticate');
  });
});
