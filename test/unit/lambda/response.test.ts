import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ccstoreui } from '../../../functions/ccstoreui/contract.ts';
import { contracts } from '../../../functions/contracts.ts';
import type { Fault } from '../../../functions/core/contract/fault.ts';
import { meter, type RequestRecord } from '../../../functions/core/lambda/record.ts';
import { response as respond } from '../../../functions/core/lambda/response.ts';
import { keySource } from '../../../functions/core/lambda/services.ts';
import type { Refusal } from '../../../functions/core/session/session.ts';
import { s360 } from '../../../functions/s360/contract.ts';
import { reasons } from '../../support/openapi.ts';

const id = '51368f50-4a67-42d4-803c-ddc80c0be491';

test('respond gives the body as it stands with the reply’s own headers, and asks that nobody keep it', () => {
  const reply = { status: 403, body: '{"ar":"نجاح"}', headers: { 'Retry-After': '1' } };
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Request-Id': 'trace-7',
    'Retry-After': '1',
  };
  const { body } = reply;
  const response = { statusCode: 403, headers, body, isBase64Encoded: false };
  expect(respond(reply, { gateway: id, client: 'trace-7' })).toEqual(response);
});

test('meter adds up storage requests and their time, the SDK’s retries and failures too', async () => {
  const record = { storageRequests: 0, storageMs: 0 } as RequestRecord;
  let now = 100;
  const watch = meter(record, () => now);
  const error = Object.assign(new Error('a'), { $metadata: { attempts: 2 } });
  // An answer that does not say how often it was asked for counts once.
  for (const answer of [{ $metadata: { attempts: 3 } }, error, {}, { $metadata: {} }]) {
    const request = answer === error ? Promise.reject(error) : Promise.resolve(answer);
    const watched = watch(request).catch((thrown: unknown) => thrown);
    now += 7;
    expect(await watched).toBe(answer);
  }
  expect(record).toEqual({ storageRequests: 3 + 2 + 1 + 1, storageMs: 4 * 7 });
});

test.for([
  ['SESSION_KEYS', 'has no SESSION_KEYS'],
  ['SESSION_TABLE', 'the environment has no SESSION_TABLE; RefreshApi, or `npm start`, sets it'],
])('a handler does not load without %s', async ([name, problem]) => {
  const key = 'k'.repeat(32);
  vi.stubEnv('SESSION_KEYS', JSON.stringify({ eos: { root: key } }));
  vi.stubEnv('SESSION_TABLE', 'sessions');
  vi.stubEnv(name ?? '', '');
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.resetModules();
  await expect(import('../../../functions/eos/handler.ts')).rejects.toThrow(problem);
});

test.for([{}, { s360: { root: 'a' } }])('a Lambda of s360 starts not with the keys %o', (ids) => {
  const env = { SESSION_SECRETS: JSON.stringify(ids) };
  expect(() => keySource(s360, env, () => undefined)).toThrow('lacks some of s360');
});

/** What holds for a contract that is added, too. The answers themselves are in test/wire/all. */
describe.for(contracts)('$name', (contract) => {
  const refused = (reason: Refusal | Fault) => contract.refuse(reason, id);
  const status = (reason: Refusal | Fault) => refused(reason).status;

  test.for(reasons)('refuses %s in compact JSON, by its reason and its id alone', (reason) => {
    const { body } = refused(reason);
    if (contract === ccstoreui && status(reason) !== 401) return expect(body).toBe('');
    expect(JSON.stringify(JSON.parse(body))).toBe(body);
    expect(body.length).toBeGreaterThan(2);
    const template = contract.refuse(reason, '$context.requestId');
    const filled = template.body.replaceAll('$context.requestId', id);
    expect({ ...template, body: filled }).toEqual(refused(reason));
  });

  test('says nothing of what it runs on', () => {
    expect(JSON.stringify(reasons.map(refused))).not.toMatch(
      /dynamo|lambda|amazon|aws|node|\bsdk\b|hmac|digest|\$context|undefined|stack|\.ts\b/i,
    );
  });

  test('says 500, 503 and 504 of what is not the client’s doing, and when to retry', () => {
    expect((['failed', 'unavailable', 'timed-out'] as const).map(status)).toEqual([500, 503, 504]);
    for (const fault of ['unavailable', 'timed-out', 'over-rate'] as const)
      expect(refused(fault).headers?.['Retry-After']).toBe('1');
  });

  test('ends a client’s session over a dead credential, and over no fault that passes', () => {
    const dead = reasons.slice(0, reasons.indexOf('forbidden') + 1);
    for (const reason of dead) expect([401, 403]).toContain(status(reason));
    const passing = ['too-large', 'failed', 'unavailable', 'timed-out', 'unknown-route'] as const;
    for (const reason of passing) expect([404, 413, 500, 503, 504]).toContain(status(reason));
  });

  test('tells who does not hold the secret nothing of the session', () => {
    for (const reason of ['not-logged-in', 'wrong-secret'] as const)
      expect(refused(reason)).toEqual(refused('unknown-session'));
  });
});
