import { randomBytes, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { sessionOwners } from '../functions/contracts.ts';
import { isObject } from '../functions/core/contract/json-text.ts';

/**
 * The text of the local keys: random, made once, and kept in a file that its owner alone can read. A
 * contract that has come since gets its keys too.
 */
export function localKeyFile(file: string): string {
  const known = read(file);
  const missing = sessionOwners.filter(({ name }) => !Object.hasOwn(known ?? {}, name));
  if (known && missing.length === 0) return readFileSync(file, 'utf8');
  const made = missing.map(({ name, signs }) => [
    name,
    { root: newKey(), ...(signs && { signing: newKey() }) },
  ]);
  const text = `${JSON.stringify({ ...known, ...Object.fromEntries(made) }, null, 2)}\n`;
  return place(file, text, known ? renameSync : linkSync) ? text : localKeyFile(file);
}

/**
 * Puts the text there whole. Linked, it goes only where no file is yet: of two who make the first keys
 * one wins, and the other reads the winner's.
 */
function place(file: string, text: string, move: (from: string, to: string) => void): boolean {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, text, { mode: 0o600 });
  try {
    move(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** What is in the file; nothing where there is none. */
function read(file: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (isObject(value)) return value;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  }
  // Without a cause: a JSON error quotes the keys.
  throw new Error(`${file} can't be read as a JSON object; without it, new keys are made`);
}

function newKey(): string {
  return randomBytes(48).toString('base64url');
}
