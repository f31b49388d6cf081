import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';

const root = join(import.meta.dirname, '../..');

/** What .gitignore leaves out, and git's own. */
const notOurs = new Set(['.git', 'node_modules', 'cdk.out', '.local', '.stryker-tmp']);

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

/** The client as a project has it that installed its tarball. */
export type PackedClient = ReturnType<typeof packedClient>;

/**
 * Packs a copy of `client/` and unpacks it into a project, which is all that npm does for it. `folder`
 * is the package's own there, `entries` are the files of what its package.json exports.
 */
export function packedClient() {
  const base = mkdtempSync(join(tmpdir(), 'client-'));
  const [source, project] = [join(base, 'client'), join(base, 'project')];
  const filter = (path: string) => !path.endsWith('/dist');
  cpSync(join(root, 'client'), source, { recursive: true, filter });
  const { name, version, exports } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
  const folder = join(project, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(project, 'package.json'), '{"private":true,"type":"module"}');
  npm(source, 'pack', '--pack-destination', project);
  const tarball = join(project, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
  execFileSync('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
  const files = Object.entries<{ default?: string }>(exports).flatMap(([entry, to]) =>
    to.default ? [[entry.slice(2), to.default] as const] : [],
  );
  const entries: Readonly<Record<string, string>> = Object.fromEntries(files);
  return { project, folder, entries, remove: () => rmSync(base, { recursive: true }) };
}

/** What an entry makes a browser load: the bytes of all files, gzipped, and what they import. */
export function loadedBy({ folder }: PackedClient, entry: string) {
  const found = new Set([join(folder, entry)]);
  const imports: string[] = [];
  let bytes = 0;
  for (const file of found) {
    const code = readFileSync(file, 'utf8');
    bytes += gzipSync(code).length;
    for (const [, to = ''] of code.matchAll(/\b(?:from|import)\s*\(?"([^"]+)"/g)) {
      imports.push(to);
      found.add(join(file, '..', to));
    }
  }
  return { bytes, imports };
}

/** Runs npm with the project's own tools, and quietly. */
function npm(cwd: string, ...args: readonly string[]): void {
  const PATH = `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`;
  // An npm that runs the tests tells its children of its own project.
  const own = Object.entries(process.env).filter(([key]) => !/^npm_/i.test(key));
  execFileSync('npm', args, { cwd, env: { ...Object.fromEntries(own), PATH }, stdio: 'pipe' });
}
