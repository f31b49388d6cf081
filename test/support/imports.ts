import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** Source files by their path from the top of the project. */
export type Sources = ReadonlyMap<string, string>;

/** One import: `to` is a file of the project, or a package's name as it is written. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  /** Whether only types are imported: nothing of it is there at run time. */
  readonly typeOnly: boolean;
}

/** Every source file in these folders; one that is not there yet has none. */
export function sources(root: string, folders: readonly string[]): Sources {
  const files = folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
        posix.join(folder, file.replaceAll('\\', '/')),
      ),
    )
    .filter((path) => /\.[cm]?[jt]sx?$/.test(path) && !path.startsWith('client/dist/'))
    .sort();
  return new Map(files.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

/** Every import of every file, by `import`, `export … from`, `import()` or `require()`. */
export function arrows(files: Sources): readonly Arrow[] {
  return [...files].flatMap(([from, text]) => {
    const code = withoutComments(text);
    return [...code.matchAll(statements), ...code.matchAll(calls)].map(({ groups }) => {
      const to = groups?.to ?? '';
      const target = to.startsWith('.') ? posix.join(posix.dirname(from), to) : to;
      return { from, to: target, typeOnly: groups?.type !== undefined };
    });
  });
}

// As Biome writes them: at the start of a line, and no other statement looks like it.
const statements =
  /^(?:import|export)(?<type> type)?(?:\s+[\w$*{},\s]*?\bfrom)?\s+['"](?<to>[^'"]+)['"]/gm;
const calls = /\b(?:import|require|require\.resolve)\(\s*['"`](?<to>[^'"`]+)['"`]/g;

/** What a file brings with it at run time, by whatever way; itself only if it imports itself. */
export function reach(all: readonly Arrow[], start: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [start];
  for (let from = open.pop(); from !== undefined; from = open.pop())
    for (const arrow of all)
      if (arrow.from === from && !arrow.typeOnly && !found.has(arrow.to)) {
        found.add(arrow.to);
        open.push(arrow.to);
      }
  return found;
}

/** The code of a file: no comments. They begin a line or follow a space; in a URL they do neither. */
export function withoutComments(text: string): string {
  return text.replace(/(^|\s)\/\*[\s\S]*?\*\//g, '$1').replace(/(^|\s)\/\/.*$/gm, '$1');
}

/** The code of a file, its strings emptied; a template may hold code and stays. */
export function withoutStrings(text: string): string {
  return withoutComments(text).replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''");
}
