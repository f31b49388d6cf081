import { describe, expect, test } from 'vitest';
import type { RequestRecord } from '../../functions/core/lambda/record.ts';
import { meter } from '../../functions/core/lambda/record.ts';

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
