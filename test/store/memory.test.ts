import { expect } from 'vitest';
import { sampled } from '../properties/one-session.ts';
import { evaluate } from '../support/memory-table.ts';
import { rowOf } from '../support/session.ts';
import { onBothEngines } from '../support/world.ts';

const samples = sampled(200);

onBothEngines('the table in memory', (test) => {
  test('writes and refuses as this engine does, whatever the search asks', async ({ world }) => {
    for (const [at, { item, write }] of (await samples).entries()) {
      const rowKey = rowOf('eos', String(at));
      const there = item && { ...item, rowKey };
      if (there) await world.rows.put(there);
      const written = await world.rows.update({ ...write, rowKey });
      expect(written).toEqual(evaluate(there, { ...write, rowKey }));
    }
  });
});
