import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { contracts } from '../functions/contracts.ts';

/**
 * The text of the local keys: random, made once, and kept in a file that its owner alone can read. A
 * contract that has come since gets its keys too.
 */
export function localKeyFile(file: string): string {
  const known = read(file);
  const missing = contracts.filter(({ name }) => !Object.hasOwn(known, name));
  for (const { name, signs } of missing)
    known[name] = { root: newKey(), ...(signs && { signing: newKey() }) };
  const text = `${JSON.stringify(known, null, 2)}\n`;
  if (missing.length > 0) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, text, { mode: 0o600 });
  }
  return text;
}

function read(file: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    // Without the cause: a JSON error quotes the keys.
    throw new Error(`${file} can't be read as JSON; without it, new keys are made`);
  }
}

function newKey(): string {
  return randomBytes(48).toString('base64url');
}
