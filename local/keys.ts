import { randomBytes, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { sessionOwners } from '../functions/contracts.ts';
import { isObject } from '../functions/core/contract/json-text.ts';

/**
 * The text of the local keys. They are random, made once, and kept in a file that only its owner can
 * read. A contract that was added later gets its keys too.
 * @throws Error of one line where the file holds no JSON object; it quotes nothing of the file
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
 * Writes the file as a whole. `linkSync` fails where the file exists: of two processes that make the first
 * keys at the same time one wins, and the other reads the winner's.
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

/** What the file holds; nothing where it does not exist. */
function read(file: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (isObject(value)) return value;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  }
  // Without a cause: a JSON error quotes the keys.
  throw new Error(`${file} is not a JSON object; delete it and \`npm start\` makes new keys`);
}

function newKey(): string {
  return randomBytes(48).toString('base64url');
}
