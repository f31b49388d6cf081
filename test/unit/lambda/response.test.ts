import { describe, expect, test } from 'vitest';
import { ccstoreui } from '../../../functions/ccstoreui/contract.ts';
import { contracts } from '../../../functions/contracts.ts';
import type { Contract } from '../../../functions/core/contract/contract.ts';
import type { Fault } from '../../../functions/core/contract/fault.ts';
import { reply } from '../../../functions/core/contract/reply.ts';
import { meter, type RequestRecord } from '../../../functions/core/lambda/record.ts';
import { response as respond } from '../../../functions/core/lambda/response.ts';
import type { Refusal } from '../../../functions/core/session/session.ts';
import { reasons } from '../../support/reasons.ts';

describe('reply', () => {
  test('writes its body compact, in the order of its keys, beyond ASCII as it is', () => {
    const body = { status: 200, desc: { en: 'Success', ar: 'نجاح' }, a: [1, null] };
    expect(reply(200, body)).toEqual({
      status: 200,
      body: '{"status":200,"desc":{"en":"Success","ar":"نجاح"},"a":[1,null]}',
    });
  });

  test('has headers only where it is given some', () => {
    expect(reply(503, {}, { 'Retry-After': '1' }).headers).toEqual({ 'Retry-After': '1' });
    expect(reply(200, {})).not.toHaveProperty('headers');
  });
});

describe('respond', () => {
  const ids = { gateway: '51368f50-4a67-42d4-803c-ddc80c0be491', client: 'trace-7' };

  test('gives the body as it stands, and asks that nobody keep it', () => {
    expect(respond({ status: 403, body: '{"ar":"نجاح"}' }, ids)).toEqual({
      statusCode: 403,
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': 'no-store',
        'X-Request-Id': 'trace-7',
      },
      body: '{"ar":"نجاح"}',
      isBase64Encoded: false,
    });
  });

  test('adds the reply’s own headers', () => {
    const { headers } = respond({ status: 429, body: '{}', headers: { 'Retry-After': '1' } }, ids);
    expect(headers).toEqual({
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Request-Id': 'trace-7',
      'Retry-After': '1',
    });
  });
});

function metered() {
  const record = { storageRequests: 0, storageMs: 0 } as RequestRecord;
  let now = 100;
  const watch = meter(record, () => now);
  return {
    record,
    watch,
    pass(milliseconds: number) {
      now += milliseconds;
    },
  };
}

describe('meter', () => {
  test('counts an answer, the SDK’s own retries included, and the time it took', async () => {
    const { record, watch, pass } = metered();
    const asked = watch(Promise.resolve({ $metadata: { attempts: 3 }, Item: 'row' }));
    pass(7);
    expect(await asked).toMatchObject({ Item: 'row' });
    expect(record).toEqual({ storageRequests: 3, storageMs: 7 });
  });

  test('counts a failure, and passes it on', async () => {
    const { record, watch, pass } = metered();
    const error = Object.assign(new Error('a'), { $metadata: { attempts: 2 } });
    const asked = watch(Promise.reject(error));
    pass(5);
    await expect(asked).rejects.toBe(error);
    expect(record).toEqual({ storageRequests: 2, storageMs: 5 });
  });

  test.for([
    { what: 'nothing about its attempts', answer: {} },
    { what: 'no count', answer: { $metadata: {} } },
  ])('counts one for an answer that says $what', async ({ answer }) => {
    const { record, watch } = metered();
    await watch(Promise.resolve(answer));
    expect(record.storageRequests).toBe(1);
  });

  test('adds up what one request asks', async () => {
    const { record, watch, pass } = metered();
    for (const milliseconds of [1, 2]) {
      const asked = watch(Promise.resolve({}));
      pass(milliseconds);
      await asked;
    }
    expect(record).toEqual({ storageRequests: 2, storageMs: 3 });
  });
});

const id = '51368f50-4a67-42d4-803c-ddc80c0be491';

const every = contracts.flatMap((contract) =>
  reasons.map((reason) => ({ name: contract.name, contract, reason })),
);

/** The status of a reason, where the contracts agree on it. */
function statusOf(contract: Contract, reason: Refusal | Fault): number {
  return contract.refuse(reason, id).status;
}

describe.for(every)('$name refusing $reason', ({ contract, reason }) => {
  const refused = contract.refuse(reason, id);

  test('answers one JSON object, compact and never empty; ccstoreui says nothing but 401', () => {
    if (contract === ccstoreui && refused.status !== 401) return expect(refused.body).toBe('');
    const value = JSON.parse(refused.body);
    expect(JSON.stringify(value)).toBe(refused.body);
    expect(Object.keys(value).length).toBeGreaterThan(0);
  });

  test('answers an error of HTTP, with headers that are text', () => {
    expect([401, 403, 404, 413, 429, 500, 503, 504]).toContain(refused.status);
    for (const [name, value] of Object.entries(refused.headers ?? {})) {
      expect(name).toMatch(/^[A-Z][A-Za-z-]+$/);
      expect(value).toMatch(/^[\x21-\x7e]+$/);
    }
  });

  test('answers the same every time', () => {
    expect(contract.refuse(reason, id)).toEqual(refused);
  });

  test('answers nothing that depends on the request but its id', () => {
    const other = contract.refuse(reason, '$context.requestId');
    expect({ ...other, body: other.body.replaceAll('$context.requestId', id) }).toEqual(refused);
  });

  test('says nothing of what it runs on', () => {
    expect(JSON.stringify(refused)).not.toMatch(
      /dynamo|lambda|amazon|aws|node|\bsdk\b|hmac|digest|\$context|undefined|stack|\.ts\b/i,
    );
  });
});

describe.for(contracts.map((contract) => ({ name: contract.name, contract })))(
  '$name',
  ({ contract }) => {
    test('says 500, 503 and 504 of what is not the client’s doing, and when to retry', () => {
      expect(statusOf(contract, 'failed')).toBe(500);
      expect(statusOf(contract, 'unavailable')).toBe(503);
      expect(statusOf(contract, 'timed-out')).toBe(504);
      for (const fault of ['unavailable', 'timed-out', 'over-rate'] as const)
        expect(contract.refuse(fault, id).headers?.['Retry-After']).toBe('1');
    });

    test('ends no client’s session over a fault that passes', () => {
      const passing: Fault[] = ['too-large', 'failed', 'unavailable', 'timed-out', 'unknown-route'];
      for (const fault of passing) expect([401, 403]).not.toContain(statusOf(contract, fault));
    });

    test('says 401 or 403 of every credential that is dead', () => {
      const dead = reasons.slice(0, reasons.indexOf('forbidden') + 1);
      for (const reason of dead) expect([401, 403]).toContain(statusOf(contract, reason));
    });

    test('tells who does not hold the secret nothing of the session', () => {
      const answers = ['unknown-session', 'not-logged-in', 'wrong-secret'] as const;
      const bodies = answers.map((reason) => contract.refuse(reason, id));
      expect(bodies).toEqual([bodies[0], bodies[0], bodies[0]]);
    });
  },
);
