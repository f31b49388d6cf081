import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { loadedBy, type PackedClient, packedClient } from '../support/copies.ts';
import { listening } from '../support/stand-ins.ts';
import { clients } from './support.ts';

let packed: PackedClient;
beforeAll(() => {
  packed = packedClient();
});
afterAll(() => packed.remove());

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** Versions of Node that it is for. */
const versions = ['20.20.2', '22.23.3', '24.21.0'] as const;

/** Every Node of this machine by its major version. */
const nodes = new Map(
  [process.execPath, ...(process.env.PATH ?? '').split(':').map((folder) => join(folder, 'node'))]
    .filter((path) => existsSync(path))
    .map((path) => {
      const version = execFileSync(path, ['--version'], { encoding: 'utf8' });
      return [version.slice(1).split('.')[0] ?? '', path] as const;
    }),
);
const missing = versions.filter((version) => !nodes.has(version.slice(0, 2)));
// 100 MB each: not a package that everybody should install.
if (process.env.REQUIRE_NODES)
  for (const version of missing) {
    const asked = ['exec', '--yes', `--package=node@${version}`, '--', 'node', '-p'];
    const path = execFileSync('npm', [...asked, 'process.execPath'], { encoding: 'utf8' });
    nodes.set(version.slice(0, 2), path.trim());
  }
else if (missing.length > 0)
  console.warn(
    `\nSKIPPED: the client in Node ${missing.join(' and ')}; REQUIRE_NODES=1 gets them\n`,
  );

describe('the package', () => {
  test('has an entry for each contract, and two for all; no dependency, sources or tests', () => {
    const entries = [...clients.map(({ name }) => name), 'credentials', 'keep-fresh'];
    expect(Object.keys(packed.entries).sort()).toEqual(entries.sort());
    const manifest = readFileSync(join(packed.folder, 'package.json'), 'utf8');
    expect(Object.keys(JSON.parse(manifest)).filter((key) => /depend/i.test(key))).toEqual([]);
    expect(readdirSync(packed.folder).sort()).toEqual(['README.md', 'dist', 'package.json']);
    const built = readdirSync(join(packed.folder, 'dist'));
    expect(built.filter((name) => !/\.(js|d\.ts)$/.test(name))).toEqual([]);
  });

  test('has entries under 4 kB gzipped, with the files that they load, which are its own', () => {
    for (const [entry, file] of Object.entries(packed.entries)) {
      const { bytes, imports } = loadedBy(packed, file);
      expect([entry, bytes]).toEqual([entry, expect.toSatisfy((size) => size > 0 && size < 4096)]);
      expect(imports.filter((name) => !name.startsWith('./'))).toEqual([]);
    }
  });

  test('brings types, and is used as its README says', { timeout: 300_000 }, async () => {
    const sources = readdirSync(join(root, 'client')).filter((name) => /\.(md|ts)$/.test(name));
    const examples = sources.flatMap((name) => {
      const text = readFileSync(join(root, 'client', name), 'utf8');
      const inReadme = [...text.matchAll(/^```ts\n(.*?)^```/gms)];
      const inDocstrings = [...text.matchAll(/^ \* @example\n(.*?)^ \*\//gms)];
      return [...inReadme, ...inDocstrings].map(([, code = '']) => code.replaceAll(/^ \* ?/gm, ''));
    });
    expect(examples).toHaveLength(10);
    const entries = Object.keys(packed.entries).map((entry) => `@session-refresh/client/${entry}`);
    const imports = entries.map((entry, at) => `export * as m${at} from '${entry}';`).join('\n');
    const types = readFileSync(join(import.meta.dirname, 'types.ts'), 'utf8').replaceAll(
      /'[./]+\/client\/([\w-]+)\.ts'/g,
      "'@session-refresh/client/$1'",
    );
    const write = (name: string, code: string) => writeFileSync(join(packed.project, name), code);
    for (const [at, code] of examples.entries()) write(`use-${at}.ts`, code);
    write('use-types.ts', `${imports}\n${types}`);
    write('use-around.d.ts', around);
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const lib = ['es2022', 'dom'];
    const shared = { noEmit: true, strict: true, target: 'es2022', lib, types: [] };
    for (const resolution of [
      { module: 'nodenext', moduleResolution: 'nodenext' },
      { module: 'esnext', moduleResolution: 'bundler' },
    ]) {
      const compilerOptions = { ...shared, ...resolution };
      write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['use-*.ts'] }));
      const compiled = run(process.execPath, [tsc, '-p', packed.project]);
      expect((await compiled.catch((error: { stdout: string }) => error)).stdout).toBe('');
    }
  });
});

/** What the examples have around them. */
const around = `
declare const host: string, sessionId: string, secureCode: string, sessionToken: string;
declare const accessToken: string, apiKey: string, signal: AbortSignal;
declare function show(profile: Readonly<Record<string, unknown>>, apps: object): void;
declare function use(token: string): void;
declare function logIn(): void;
`;

describe('the installed package', () => {
  const majors = versions.map((version) => version.slice(0, 2)).filter((major) => nodes.has(major));

  test.for(majors)('refreshes every contract in Node %s', async (major) => {
    const asked: unknown[] = [];
    const { endpoint, close } = await listening(({ url }, response) => {
      const [client] = clients.filter(({ contract }) => contract.path === url);
      asked.push(client?.name);
      const answers = [
        { status: 503, body: '' },
        { status: 200, body: JSON.stringify(client?.granted) },
        client?.contract.refuse('revoked', 'id'),
      ];
      const { status = 500, body } = answers[(asked.length - 1) % 3] ?? {};
      response.writeHead(status).end(body);
    });
    onTestFinished(close);
    const uses = clients.map(({ name, contract, credential }) => {
      const url = endpoint + contract.path;
      return [name, { url, apiKey: 'key', credentials: credential }] as const;
    });
    const script = `
      import { keepFresh } from '@session-refresh/client/keep-fresh';
      for (const [name, options] of ${JSON.stringify(uses)}) {
        const { [name]: client } = await import('@session-refresh/client/' + name);
        let clock = 0;
        const runtime = { sleep: async () => {}, now: () => (clock += 3600000) };
        const told = [];
        const onOutcome = ({ outcome }) => told.push(outcome);
        await keepFresh(client({ ...options, runtime }), { runtime, onOutcome });
        console.log(process.version.slice(1, 3), name, ...told);
      }
    `;
    writeFileSync(join(packed.project, 'use.mjs'), script);
    const { stdout } = await run(nodes.get(major) ?? '', ['use.mjs'], { cwd: packed.project });
    const lines = clients.map(({ name }) => `${major} ${name} refreshed ended\n`);
    expect(stdout).toBe(lines.join(''));
    expect(asked).toEqual(clients.flatMap(({ name }) => Array(3).fill(name)));
  });
});
