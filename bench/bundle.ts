import { join } from 'node:path';
import { build } from 'esbuild';
import { bundling } from '../infra/bundling.ts';

/** Bundles a file of the project as `infra/` does. Returns the path of the bundle. */
export async function bundle(folder: string, name: string, path: string): Promise<string> {
  const { externalModules: external, sourceMap: sourcemap, logLevel: _, ...same } = bundling;
  const [entry, outfile] = [join(import.meta.dirname, '..', path), join(folder, `${name}.mjs`)];
  const options = { ...same, external, sourcemap, bundle: true, platform: 'node' } as const;
  await build({ ...options, entryPoints: [entry], outfile });
  return outfile;
}
