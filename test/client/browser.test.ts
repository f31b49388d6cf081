import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { describe, expect, onTestFinished, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const files = readdirSync(join(root, 'client'))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join('client', name));

/** What the examples of the README have around them. */
const surroundings = `
declare const host: string;
declare const sessionId: string;
declare const secureCode: string;
declare const sessionToken: string;
declare const accessToken: string;
declare const apiKey: string;
declare const signal: AbortSignal;
declare function show(profile: Readonly<Record<string, unknown>>, apps: object): void;
declare function use(token: string): void;
declare function logIn(): void;
`;

/** What a browser's compiler says of these files. */
async function compiled(paths: readonly string[]): Promise<string> {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = [
    '--ignoreConfig --noEmit --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess',
    '--verbatimModuleSyntax --erasableSyntaxOnly --allowImportingTsExtensions',
    '--target es2022 --lib es2022,dom --module esnext --moduleResolution bundler --types',
  ];
  const args = [tsc, ...options.join(' ').split(' '), '', ...paths];
  const run = promisify(execFile)(process.execPath, args, { cwd: root });
  // It exits with 1 or 2 where it has something to say.
  return (await run.catch((error: { stdout: string }) => error)).stdout;
}

describe('the client', () => {
  test('compiles by what a browser has, and nothing of Node', async () => {
    expect(await compiled(files)).toBe('');
  });

  test('is used as its README and its docstrings say', async () => {
    const readme = readFileSync(join(root, 'client', 'README.md'), 'utf8');
    const examples = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = '']) => code);
    expect(examples).toHaveLength(3);
    for (const file of files) {
      const text = readFileSync(join(root, file), 'utf8');
      for (const [, code = ''] of text.matchAll(/^ \* @example\n(.*?)^ \*\//gms))
        examples.push(code.replaceAll(/^ \* ?/gm, ''));
    }
    expect(examples).toHaveLength(9);
    const folder = mkdtempSync(join(tmpdir(), 'readme-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const written = examples.map((code, index) => {
      const file = join(folder, `example-${index}.ts`);
      // Each is a module with names of its reader's around it.
      const ours = /'@session-refresh\/client\/([\w-]+)'/g;
      writeFileSync(file, code.replaceAll(ours, `'${root}/client/$1.ts'`));
      return file;
    });
    const around = join(folder, 'around.d.ts');
    writeFileSync(around, surroundings);
    expect(await compiled([around, ...written])).toBe('');
    // A member that is not there would be seen.
    writeFileSync(written[0] ?? '', examples[0]?.replace('profile', 'profil') ?? '');
    expect(await compiled([around, ...written])).toMatch(/error TS/);
  });

  test('bundles for a browser out of its own files alone', async () => {
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: files,
      bundle: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      outdir: 'out',
      write: false,
      metafile: true,
    });
    expect(Object.keys(metafile.inputs).sort()).toEqual([...files].sort());
  });
});
