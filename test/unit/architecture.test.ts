import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { contracts } from '../../functions/contracts.ts';

const root = join(import.meta.dirname, '../..');
const exists = (file: string) => existsSync(join(root, file));
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** What a file imports, directly and through others: our files, and packages. */
async function importsOf(entry: string) {
  const { metafile } = await build({
    entryPoints: [join(root, entry)],
    absWorkingDir: root,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    metafile: true,
    write: false,
    logLevel: 'silent',
    // esbuild follows values only; so it does not see what TypeScript erases.
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
  const packages = imports.filter(({ external }) => external).map(({ path }) => path);
  return { files: Object.keys(metafile.inputs), packages };
}

describe('functions/', () => {
  const folders = readdirSync(join(root, 'functions')).filter((name) => !/\.\w+$/.test(name));
  const having = (file: string) => folders.filter((name) => exists(`functions/${name}/${file}`));

  test('has a handler in every folder but core, and each contract in a folder of its name', () => {
    expect([...having('handler.ts'), 'core'].sort()).toEqual(folders.sort());
    expect(having('contract.ts').sort()).toEqual(contracts.map(({ name }) => name).sort());
  });

  test('uses the named libraries in production', async () => {
    const imported = contracts.map(({ name }) => importsOf(`functions/${name}/handler.ts`));
    const used = (await Promise.all(imported)).flatMap(({ packages }) => packages);
    const libraries = ['@aws-sdk/client-dynamodb', '@aws-sdk/lib-dynamodb', 'jose', '@middy/core'];
    expect(used).toEqual(expect.arrayContaining(libraries));
    const { dependencies } = JSON.parse(read('package.json'));
    expect(Object.keys(dependencies)).toEqual(expect.arrayContaining(libraries));
  });
});

test('infra/ reads contracts as values: no handler, no AWS SDK', async () => {
  const { files, packages } = await importsOf('infra/app.ts');
  expect(files).toContain('functions/contracts.ts');
  expect(files.filter((file) => file.endsWith('/handler.ts'))).toEqual([]);
  const own = /^@(aws-sdk|smithy|aws-lambda-powertools|middy)/;
  expect(packages.filter((name) => own.test(name))).toEqual([]);
});

describe('docs/architecture.md', () => {
  const text = read('docs/architecture.md');
  const rows = text.match(/^\| \d+ \|.*$/gm) ?? [];
  const ways = [2, 3, 4, 5].map((column) =>
    rows.map((row) => (row.split('|')[column] ?? '').trim().replaceAll('`', '')).filter(Boolean),
  );

  test.for(ways)('names files that %s reaches, each once', async (files) => {
    const reached = await importsOf(files[0] ?? '');
    expect(reached.files).toEqual(expect.arrayContaining(files));
    expect(new Set(files).size).toBe(files.length);
  });

  test('leads through at most 12 files for eos, and 15 for ccstore under rotation', () => {
    expect(ways.map(({ length }) => length).slice(0, 2)).toEqual([12, 15]);
  });

  test('names files that exist', () => {
    const named = text.match(/(?<=`)(?:functions|cli|infra)\/[\w/.-]+\.ts(?=`)/g) ?? [];
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((file) => !exists(file))).toEqual([]);
  });
});
