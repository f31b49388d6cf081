import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { median, quantile, shown } from '../../bench/numbers.ts';
import { markdown, type Row, type Table } from '../../bench/table.ts';

describe.skipIf(!inject('dynamoDBLocal'))('npm run bench -- --quick', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
  let printed = '';
  let tables: readonly Table[] = [];

  beforeAll(() => {
    const file = join(folder, 'results.json');
    const words = ['bench/run.ts', '--quick', '--out', file];
    printed = execFileSync(process.execPath, words, { encoding: 'utf8' });
    tables = JSON.parse(readFileSync(file, 'utf8')).tables;
  }, 180_000);

  afterAll(() => rmSync(folder, { recursive: true }));

  const rowsOf = (title: string): readonly Row[] =>
    tables.find((table) => table.title === title)?.rows ?? [];

  test('prints every table that it writes', () => {
    expect(tables).toHaveLength(5);
    for (const table of tables) expect(printed).toContain(markdown(table));
  });

  test.for(['One refresh', 'Cold start', 'Memory'])(
    'measures under %s all beside the floor',
    (title) => {
      const subjects = rowsOf(title).map(({ subject }) => subject);
      expect(subjects).toEqual(expect.arrayContaining(['floor', 'eos', 's360', 'ccstore']));
    },
  );

  test('measures nothing as no number', () => {
    const numbers = tables.flatMap(({ rows }) => rows.flatMap((row) => Object.values(row)));
    expect(numbers.filter((value) => typeof value === 'number' && !Number.isFinite(value))).toEqual(
      [],
    );
  });

  test('counts one storage request for every refresh, and one more for claims apart', () => {
    const requests = rowsOf('Storage').map(({ requests }) => requests);
    expect(requests).toEqual([1, 2, 2, 2, 2, 1, 2, 2, 2, 2, 1, 1, 1]);
  });

  test.for([
    { contract: 'eos', write: 1, read: 0 },
    { contract: 's360', write: 1, read: 0 },
    { contract: 'ccstore', write: 0, read: 1 },
  ])('counts the units of a row of $contract that fits a kilobyte', ({ contract, write, read }) => {
    const [small] = rowsOf('Storage').filter((row) => row.contract === contract);
    expect(small).toMatchObject({ 'write units': write, 'read units': read });
  });
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
