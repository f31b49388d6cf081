import { describe, expect, test as pure } from 'vitest';
import type { Fault } from '../../functions/core/contract/fault.ts';
import type { Refusal } from '../../functions/core/session/session.ts';
import { later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import {
  invalidCredential,
  openSample,
  refresh,
  requestId,
  sampleRequest,
  secureCode,
  sessionId,
  wholeRequest,
} from '../support/eos.ts';
import { noon, onBothEngines } from '../support/world.ts';

const wrongCode = `${sampleRequest}&secureCode=20004007595`;

// Every case reaches its own reason, and none of them shows.
onBothEngines('POST /client/refresh', (test) => {
  test.for([
    {
      what: 'a session nobody opened',
      reason: 'unknown-session',
      body: `sessionId=nobody&secureCode=${secureCode}`,
    },
    { what: 'a wrong secureCode', reason: 'wrong-secret', body: wrongCode },
    { what: 'a revoked session', reason: 'revoked', revoke: true },
    {
      what: 'a wrong secureCode of a revoked session',
      reason: 'wrong-secret',
      revoke: true,
      body: wrongCode,
    },
    { what: 'a session idle for 30 minutes', reason: 'idle-too-long', seconds: 30 * 60 },
    { what: 'a session 12 hours old', reason: 'lifetime-over', seconds: 12 * 60 * 60 },
    { what: "the document's request", reason: 'malformed-request', body: sampleRequest },
    {
      what: 'an empty secureCode',
      reason: 'malformed-request',
      body: `${sampleRequest}&secureCode=`,
    },
    {
      what: 'a request without sessionId',
      reason: 'malformed-request',
      body: `secureCode=${secureCode}`,
    },
    { what: 'a request without a body', reason: 'malformed-request', body: null },
  ])('answers $what with Invalid credential, 3-2', async (row, { world }) => {
    const { reason, body = wholeRequest, revoke = false, seconds = 0 } = row;
    await openSample(world);
    if (revoke) await world.run('revoke', { contract: 'eos', sessionId });
    world.now = later(noon, seconds);
    expect(await refresh(world, body)).toEqual(invalidCredential);
    expect(world.records.at(-1)?.outcome).toBe(reason);
  });

  test('refuses the secureCode of another session', async ({ world }) => {
    await openSample(world);
    await world.open(eos, { sessionId: 'other', secret: 'other' });
    expect(await refresh(world, `${sampleRequest}&secureCode=other`)).toEqual(invalidCredential);
  });
});

interface No {
  readonly status: number;
  readonly code: string;
  readonly retryAfter: boolean;
}

const notLoggedIn: No = { status: 403, code: '3-2', retryAfter: false };

/** The document's own error, and the codes of area 9. */
const noes = {
  'unknown-session': notLoggedIn,
  'not-logged-in': notLoggedIn,
  'wrong-secret': notLoggedIn,
  'reused-secret': notLoggedIn,
  revoked: notLoggedIn,
  'idle-too-long': notLoggedIn,
  'lifetime-over': notLoggedIn,
  'malformed-request': notLoggedIn,
  'unknown-client': notLoggedIn,
  failed: { status: 500, code: '9-1', retryAfter: false },
  unavailable: { status: 503, code: '9-2', retryAfter: true },
  'timed-out': { status: 504, code: '9-3', retryAfter: true },
  'over-rate': { status: 429, code: '9-4', retryAfter: true },
  'over-quota': { status: 429, code: '9-4', retryAfter: true },
  'too-large': { status: 413, code: '9-5', retryAfter: false },
  'unknown-route': { status: 404, code: '9-6', retryAfter: false },
  forbidden: { status: 403, code: '9-7', retryAfter: false },
} satisfies Record<Refusal | Fault, No>;

const reasons = Object.keys(noes) as (keyof typeof noes)[];

describe('eos.refuse', () => {
  pure.for(reasons)('answers %s as its table says', (reason) => {
    const { status, code, retryAfter }: No = noes[reason];
    const { body, ...reply } = eos.refuse(reason, requestId);
    const again = { headers: { 'Retry-After': expect.stringMatching(/^\d+$/) } };
    expect(reply).toEqual({ status, ...(retryAfter && again) });
    const { message } = JSON.parse(body);
    expect(message).toMatch(/^[A-Z][a-z ]+$/);
    expect(body).toBe(`{"message":"${message}","code":"${code}"}`);
    if (code === '3-2') expect(body).toBe(invalidCredential.text);
  });
});
