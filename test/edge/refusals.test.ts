import { describe, expect, test } from 'vitest';
import { ccstoreui } from '../../functions/ccstoreui/contract.ts';
import { contracts } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import type { Fault } from '../../functions/core/contract/fault.ts';
import type { Refusal } from '../../functions/core/session/session.ts';
import { reasons } from '../support/reasons.ts';

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
