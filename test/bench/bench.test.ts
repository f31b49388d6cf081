import { execFileSync } from 'node:child_process';
import { describe, expect, inject, test } from 'vitest';
import { inSeries } from '../../bench/aws.ts';
import { median, quantile, shown } from '../../bench/numbers.ts';
import { markdown } from '../../bench/table.ts';

describe.skipIf(!inject('dynamoDBLocal'))('npm run bench -- --only storage', () => {
  test('prints one storage request a refresh, and its units', () => {
    const words = ['bench/run.ts', '--only', 'storage'];
    const printed = execFileSync(process.execPath, words, { encoding: 'utf8' });
    const rows = [
      { figure: 'storage requests a refresh', floor: 1, eos: 1, s360: 1, ccstore: 1 },
      { figure: 'write units', floor: 1, eos: 1, s360: 1, ccstore: 0 },
      { figure: 'read units', floor: 0, eos: 0, s360: 0, ccstore: 1 },
    ];
    const [, table] = markdown({ title: 'Summary', note: '', rows }).split('\n\n');
    expect(printed).toContain(table);
  }, 180_000);
});

test.for([
  { what: 'none', times: '', series: 0 },
  { what: 'three side by side', times: '0-9 1-8 2-10', series: 1 },
  { what: 'three after one another', times: '6-9 0-2 3-5', series: 3 },
  { what: 'two beside a long one', times: '0-9 0-2 3-5', series: 2 },
])('requests in series: $what', ({ times, series }) => {
  const requests = [...times.matchAll(/(\d+)-(\d+)/g)].map(([, began, ended]) => {
    return { action: 'a', units: 0, beganMs: Number(began), endedMs: Number(ended) };
  });
  expect(inSeries(requests)).toBe(series);
});

test.for([
  { what: 'the middle one', given: median([3, 1, 2]), number: 2 },
  { what: 'what lies between two', given: median([4, 1, 2, 3]), number: 2.5 },
  { what: 'nothing of nothing', given: median([]), number: Number.NaN },
  { what: 'the least', given: quantile([1, 2, 3], 0), number: 1 },
  { what: 'a part of the way', given: quantile([1, 2, 3], 0.75), number: 2.5 },
  { what: 'the greatest', given: quantile([1, 2, 3], 1), number: 3 },
])('of measured numbers it takes $what', ({ given, number }) => expect(given).toBe(number));

test('shows three digits that count, and a table of no rows without columns', () => {
  expect([0.85512, 1.5, 1005.3, 0].map(shown)).toEqual(['0.855', '1.5', '1005', '0']);
  expect(markdown({ title: 'T', note: 'N.', rows: [] })).toContain('**T.** N.');
});
