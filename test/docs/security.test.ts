import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mutants } from '../mutation/mutants.ts';

const root = join(import.meta.dirname, '..', '..');
const text = readFileSync(join(root, 'docs', 'security.md'), 'utf8');
const files = [
  ...new Set(text.match(/\b(?:test|functions|infra|local|docs)\/[\w/.-]+\.(?:ts|md)\b/g)),
];
const [, table = ''] = text.split('| broken rule |');

describe('docs/security.md', () => {
  test.for(files)('names a file that is there: %s', (file) => {
    expect(existsSync(join(root, file))).toBe(true);
  });

  test('names a test in every row of its threats', () => {
    const [, threats = ''] = /\| threat \|.*\n\|.*\n((?:\|.*\n)+)/.exec(text) ?? [];
    const rows = threats.trimEnd().split('\n');
    expect(rows.length).toBeGreaterThan(15);
    const bare = rows.filter((row) => !/test\/[\w/.-]+\.test\.ts/.test(row));
    expect(bare).toEqual([]);
  });

  test('has every mutant in its table, all of them red', () => {
    const rows = table
      .split('\n')
      .filter((row) => row.includes('`functions/') || row.includes('`infra/'));
    const listed = mutants.map(
      ({ name, file, suite }) => `| ${name} | \`${file}\` | \`${suite}\` | red |`,
    );
    expect(rows).toEqual(listed);
  });
});
