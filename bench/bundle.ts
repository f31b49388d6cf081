import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { bundling } from '../infra/bundling.ts';

/** One module, as it would be deployed. */
export interface Bundle {
  readonly file: string;
  readonly kB: number;
}

/** What to bundle: a file of the project, or the text of one. */
export type Entry = { readonly path: string } | { readonly text: string };

const { format, target, mainFields, externalModules, minify, sourceMap, sourcesContent } = bundling;

/** esbuild's words for how `infra/` bundles. */
export const asDeployed = {
  bundle: true,
  platform: 'node',
  format,
  target,
  mainFields,
  external: externalModules,
  minify,
  sourcemap: sourceMap,
  sourcesContent,
} satisfies BuildOptions;

/** Bundles as `infra/` does, into a folder under a name. */
export async function bundle(folder: string, name: string, entry: Entry): Promise<Bundle> {
  const file = join(folder, `${name}.mjs`);
  const options = { ...asDeployed, outfile: file };
  await build(
    'path' in entry
      ? { ...options, entryPoints: [join(root, entry.path)] }
      : { ...options, stdin: { contents: entry.text, resolveDir: root, loader: 'ts' } },
  );
  return { file, kB: statSync(file).size / 1000 };
}

const root = join(import.meta.dirname, '..');
