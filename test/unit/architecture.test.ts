import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { contracts } from '../../functions/contracts.ts';

const root = join(import.meta.dirname, '../..');
const folders = readdirSync(join(root, 'functions'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

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
  const inputs = Object.values(metafile.inputs).flatMap(({ imports }) => imports);
  return {
    files: Object.keys(metafile.inputs),
    packages: new Set(inputs.filter(({ external }) => external).map(({ path }) => path)),
  };
}

describe('functions/', () => {
  test('has a handler in every folder but core', () => {
    const deployed = folders.filter((name) =>
      existsSync(join(root, 'functions', name, 'handler.ts')),
    );
    expect(folders.filter((name) => !deployed.includes(name))).toEqual(['core']);
  });

  test('lists every contract, each in the folder of its name', () => {
    const written = folders.filter((name) =>
      existsSync(join(root, 'functions', name, 'contract.ts')),
    );
    expect(written.sort()).toEqual(contracts.map(({ name }) => name).sort());
  });

  test('uses the named libraries in production', async () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const imported = await Promise.all(
      contracts.map(({ name }) => importsOf(`functions/${name}/handler.ts`)),
    );
    const used = new Set(imported.flatMap(({ packages }) => [...packages]));
    for (const library of [
      '@aws-sdk/client-dynamodb',
      '@aws-sdk/lib-dynamodb',
      'jose',
      '@middy/core',
    ]) {
      expect(dependencies).toHaveProperty([library]);
      expect(used).toContain(library);
    }
  });
});

describe('infra/', () => {
  test('reads contracts as values: no handler, no AWS SDK', async () => {
    const { files, packages } = await importsOf('infra/app.ts');
    expect(files).toContain('functions/contracts.ts');
    expect(files.filter((file) => file.endsWith('/handler.ts'))).toEqual([]);
    const own = [...packages].filter((name) =>
      /^@(aws-sdk|smithy|aws-lambda-powertools|middy)/.test(name),
    );
    expect(own).toEqual([]);
  });
});

describe('docs/architecture.md', () => {
  const text = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  const rows = text
    .split('\n')
    .filter((line) => /^\| \d+ \|/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(2, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
  const ways = [0, 1, 2, 3].map((at) => rows.map((cells) => cells[at] ?? '').filter(Boolean));

  test.for(ways.map((files) => ({ entry: files[0] ?? '', files })))(
    'names files that $entry reaches, each once',
    async ({ entry, files }) => {
      const reached = await importsOf(entry);
      expect(files.filter((file) => !reached.files.includes(file))).toEqual([]);
      expect(new Set(files).size).toBe(files.length);
    },
  );

  test('leads through at most 12 files for eos, and 15 for ccstore under rotation', () => {
    expect(ways.map(({ length }) => length).slice(0, 2)).toEqual([12, 15]);
  });

  test('names files that exist', () => {
    const named = [...text.matchAll(/`((?:functions|cli|infra)\/[\w/.-]+\.ts)`/g)].map(
      ([, file]) => file ?? '',
    );
    expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });
});
