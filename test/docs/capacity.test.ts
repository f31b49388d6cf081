import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { computed } from '../../bench/cost/page.ts';

const page = readFileSync('docs/capacity.md', 'utf8');
const inputs = readFileSync('bench/cost/inputs.md', 'utf8');

describe('docs/capacity.md', () => {
  test('has the tables that `npm run cost` computes', () => {
    expect(computed(page, inputs).page).toBe(page);
  });

  test('begins with the price of a million at 10^8 a day, which is at most $4.20', () => {
    const { points } = computed(page, inputs);
    const answer = points.find(({ way, perDay }) => way === 'this stack' && perDay === 1e8);
    const [, stated] = /about \$([\d.]+) at 10\^8 a day/.exec(page) ?? [];
    expect(answer?.dollars.toFixed(2)).toBe(stated);
    expect(answer?.dollars).toBeLessThanOrEqual(4.2);
  });
});

describe('the model', () => {
  const points = (from: string, to: string) =>
    computed(page.replace(from, to), inputs.replace(from, to)).points;
  const dollars = (way: string, found = points('', '')) =>
    found.find((point) => point.way === way && point.perDay === 1e6)?.dollars;

  test('charges each unit by the tier that it falls into', () => {
    // 30 million requests: 10 at $3.50, 20 at $2.80.
    const cheaper = dollars('this stack', points('3.50 to 333', '3.50 to 10'));
    expect(cheaper).toBeCloseTo(Number(dollars('this stack')) - (20 * 0.7) / 30, 9);
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
    expect(dollars('this stack')).toBeCloseTo(
      byHand.reduce((a, b) => a + b),
      9,
    );
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
