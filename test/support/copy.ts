import { cpSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** A copy of the project, its packages aside, which are linked. */
export function copyOfProject(): string {
  const copy = mkdtempSync(join(tmpdir(), 'copy-'));
  for (const entry of readdirSync(root).filter((name) => !notOurs.has(name)))
    cpSync(join(root, entry), join(copy, entry), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** Every file of a project, by its path. */
export function filesOf(folder: string): ReadonlyMap<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !notOurs.has(path.split(sep)[0] ?? ''));
  return new Map(entries.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

/** What .gitignore leaves out, and git's own. */
const notOurs = new Set(['.git', 'node_modules', 'cdk.out', '.local']);
