import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, inject, test } from 'vitest';
import { inSeries } from '../../bench/aws.ts';
import { computed } from '../../bench/cost/page.ts';
import { median, quantile, shown } from '../../bench/numbers.ts';
import { markdown } from '../../bench/table.ts';

describe.skipIf(!inject('dynamoDBLocal'))('npm run bench -- --only storage', () => {
  test('prints one storage request a refresh, and its units', () => {
    const words = ['bench/run.ts', '--only', 'storage'];
    const env = { ...process.env, AWS_ENDPOINT_URL_DYNAMODB: inject('dynamoDBLocal') };
    const printed = execFileSync(process.execPath, words, { encoding: 'utf8', env });
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
  { what: 'three after one another', times: '6-9 0-2 3-5', series: 3 },
  { what: 'two beside a long one', times: '0-9 0-2 3-5', series: 2 },
])('requests in series: $what', ({ times, series }) => {
  const requests = [...times.matchAll(/(\d+)-(\d+)/g)].map(([, began, ended]) => {
    return { action: 'a', units: 0, beganMs: Number(began), endedMs: Number(ended) };
  });
  expect(inSeries(requests)).toBe(series);
});

test('takes of measured numbers the greatest, a part of the way, and what lies between two', () => {
  expect([quantile([1, 2, 3], 1), quantile([3, 1, 2], 0.75)]).toEqual([3, 2.5]);
  expect([median([4, 1, 2, 3]), median([])]).toEqual([2.5, Number.NaN]);
});

test('shows three digits that count, and a table of no rows without columns', () => {
  expect([0.85512, 1.5, 1005.3, 0].map(shown)).toEqual(['0.855', '1.5', '1005', '0']);
  expect(markdown({ title: 'T', note: 'N.', rows: [] })).toContain('**T.** N.');
});

const page = readFileSync('docs/capacity.md', 'utf8');
const inputs = readFileSync('bench/cost/inputs.md', 'utf8');

describe('docs/capacity.md', () => {
  test('has the tables of `npm run cost`, and a price of 10^8 a day of at most $4.20', () => {
    const { points, page: tables } = computed(page, inputs);
    expect(tables).toBe(page);
    const answer = points.find(({ way, perDay }) => way === 'this stack' && perDay === 1e8);
    const [, stated] = /about \$([\d.]+) at 10\^8 a day/.exec(page) ?? [];
    expect(answer?.dollars.toFixed(2)).toBe(stated);
    expect(answer?.dollars).toBeLessThanOrEqual(4.2);
  });
});

describe('the cost model', () => {
  const points = (from: string, to: string) =>
    computed(page.replace(from, to), inputs.replace(from, to)).points;
  const dollars = (found = points('', '')) =>
    found.find(({ way, perDay }) => way === 'this stack' && perDay === 1e6)?.dollars;

  test('charges each unit by the tier that it falls into', () => {
    // 30 million requests: 10 at $3.50, 20 at $2.80.
    const cheaper = dollars(points('3.50 to 333', '3.50 to 10'));
    expect(cheaper).toBeCloseTo(Number(dollars()) - (20 * 0.7) / 30, 9);
  });

  test('counts a session, its writes and its logs as by hand', () => {
    // A million of 30: requests, Lambda, 1 + 2/20 + 0.001 write units and 2.5 MB, 855 bytes of logs kept.
    const byHand = [
      3.5,
      0.2 + 9.3e-3 * 0.5 * 13.3334,
      1.101 * 0.625 + ((1e6 / 20 / 30) * 1.5 * 662 * 0.45) / 1e9,
      0.855 * 0.5 + 0.855 * 0.15 * 3 * 0.03,
      0.986 * 0.09,
      // 2.592 million traces in any case, and 1 % of the rest.
      ((2.592 + (30 - 2.592) * 0.01) * 5) / 30,
      30.5 / 30,
    ];
    const sum = byHand.reduce((one, other) => one + other);
    expect(dollars()).toBeCloseTo(sum, 9);
  });

  test.for([
    { from: '| `write` |', to: '| `wrote` |', problem: 'no price "write"' },
    { from: '| 0.625 |', to: '| cheap |', problem: '"cheap" is not a number' },
    { from: '| `coldMs` | 300 |', to: '| `coldMs` | |', problem: '"" is not a number' },
    { from: '<!-- month -->', to: '', problem: 'no table "month"' },
  ])('refuses a page where "$from" reads "$to"', ({ from, to, problem }) => {
    expect(() => points(from, to)).toThrow(problem);
  });
});
