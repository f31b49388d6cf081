import { expect, inject } from 'vitest';
import { sampled } from '../properties/one-session.ts';
import { evaluate } from '../support/memory-table.ts';
import { rowOf } from '../support/session.ts';
import { onBothEngines } from '../support/world.ts';

onBothEngines('the table in memory', (test) => {
  test('writes and refuses as this engine does, whatever the search asks', async ({ world }) => {
    const asked = await sampled(inject('dynamoDBLocal') ? 400 : 100);
    for (const [at, { item, write }] of asked.entries()) {
      const rowKey = rowOf('eos', String(at));
      if (item) await world.rows.put({ ...item, rowKey });
      const there = item && { ...item, rowKey };
      expect(await world.rows.update({ ...write, rowKey })).toEqual(
        evaluate(there, { ...write, rowKey }),
      );
    }
  });
});
