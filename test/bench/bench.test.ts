import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { inSeries } from '../../bench/aws.ts';
import { median, quantile, shown } from '../../bench/numbers.ts';
import { markdown, type Table } from '../../bench/table.ts';

describe.skipIf(!inject('dynamoDBLocal'))('npm run bench -- --quick --only capacity', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
  const file = join(folder, 'results.json');
  let printed = '';
  let tables: readonly Table[] = [];

  beforeAll(() => {
    const words = ['bench/run.ts', '--quick', '--only', 'capacity', '--out', file];
    printed = execFileSync(process.execPath, words, { encoding: 'utf8' });
    tables = JSON.parse(readFileSync(file, 'utf8')).tables;
  }, 180_000);

  afterAll(() => rmSync(folder, { recursive: true }));

  test('prints every table that it writes, the summary last', () => {
    expect(tables.map(({ title }) => title)).toEqual(['Storage', 'Summary']);
    for (const table of tables) expect(printed).toContain(markdown(table));
  });

  test('counts over TLS one storage request a refresh, and one more for claims apart', () => {
    const [storage, summary] = tables;
    expect(storage?.rows.map(({ requests }) => requests)).toEqual([1, 2, 2, 1, 2, 2, 1, 1]);
    expect(summary?.rows).toEqual([
      { figure: 'storage requests a refresh', floor: 1, eos: 1, s360: 1, ccstore: 1 },
      { figure: 'write units', floor: 1, eos: 1, s360: 1, ccstore: 0 },
      { figure: 'read units', floor: 0, eos: 0, s360: 0, ccstore: 1 },
    ]);
  });
});

test.for([
  { what: 'none', times: [], series: 0 },
  {
    what: 'three side by side',
    times: [
      [0, 9],
      [1, 8],
      [2, 10],
    ],
    series: 1,
  },
  {
    what: 'three after one another',
    times: [
      [6, 9],
      [0, 2],
      [3, 5],
    ],
    series: 3,
  },
  {
    what: 'two beside a long one',
    times: [
      [0, 9],
      [0, 2],
      [3, 5],
    ],
    series: 2,
  },
])('requests in series: $what', ({ times, series }) => {
  const requests = times.map(([beganMs = 0, endedMs = 0]) => ({ beganMs, endedMs }));
  expect(inSeries(requests.map((one) => ({ action: 'a', units: 0, ...one })))).toBe(series);
});

describe('numbers', () => {
  test('takes the middle one, or what lies between two', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([])]).toEqual([2, 2.5, Number.NaN]);
  });

  test('takes a part of the way from the least to the greatest', () => {
    expect([quantile([1, 2, 3], 0), quantile([1, 2, 3], 0.75), quantile([1, 2, 3], 1)]).toEqual([
      1, 2.5, 3,
    ]);
  });

  test('shows three digits that count', () => {
    expect([0.85512, 1.5, 1005.3, 0].map(shown)).toEqual(['0.855', '1.5', '1005', '0']);
  });
});

test('a table of no rows has no columns', () => {
  expect(markdown({ title: 'T', note: 'N.', rows: [] })).toContain('**T.** N.');
});
