import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mutants } from './mutants.ts';

const root = join(import.meta.dirname, '..', '..');

describe('the mutants', () => {
  test.for(mutants)('$file $name: is one place, and a suite watches it', (mutant) => {
    const parts = readFileSync(join(root, mutant.file), 'utf8').split(mutant.from);
    expect(parts).toHaveLength(2);
    expect(mutant.to).not.toBe(mutant.from);
    expect(mutant.suite).toMatch(/^test\/.+\.test\.ts$/);
    expect(existsSync(join(root, mutant.suite))).toBe(true);
  });

  test('have names of their own', () => {
    const names = mutants.map(({ file, name }) => `${file} ${name}`);
    expect(new Set(names).size).toBe(names.length);
  });
});
