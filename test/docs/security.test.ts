import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const text = readFileSync(join(root, 'docs', 'security.md'), 'utf8');
const files = [
  ...new Set(text.match(/\b(?:test|functions|infra|local|docs)\/[\w/.-]+\.(?:ts|md)\b/g)),
];

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
});
