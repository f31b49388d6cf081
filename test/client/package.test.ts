import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { loadedBy, type PackedClient, packedClient } from '../support/copies.ts';
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
  test('has an entry for each contract, and for what they have in common', () => {
    const names = clients.map(({ name }) => name);
    expect(Object.keys(packed.entries).sort()).toEqual(
      [...names, 'credentials', 'keep-fresh'].sort(),
    );
  });

  test('depends on nothing, and has no sources, tests or settings', () => {
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
    const imports = Object.keys(packed.entries).map(
      (entry, index) => `export * as m${index} from '@session-refresh/client/${entry}';`,
    );
    const ofSources = readFileSync(join(import.meta.dirname, 'types.ts'), 'utf8');
    const types = ofSources.replaceAll(
      /'[./]+\/client\/([\w-]+)\.ts'/g,
      "'@session-refresh/client/$1'",
    );
    const files: Record<string, string> = {
      ...Object.fromEntries(examples.entries()),
      around,
      types: `${imports.join('\n')}\n${types}`,
    };
    for (const [name, code] of Object.entries(files))
      writeFileSync(join(packed.project, `use-${name}.${name === 'around' ? 'd.ts' : 'ts'}`), code);
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const config = join(packed.project, 'tsconfig.json');
    const shared = {
      noEmit: true,
      strict: true,
      target: 'es2022',
      lib: ['es2022', 'dom'],
      types: [],
    };
    for (const resolution of [
      { module: 'nodenext', moduleResolution: 'nodenext' },
      { module: 'esnext', moduleResolution: 'bundler' },
    ]) {
      const compilerOptions = { ...shared, ...resolution };
      writeFileSync(config, JSON.stringify({ compilerOptions, include: ['use-*.ts'] }));
      const compiled = run(process.execPath, [tsc, '-p', config]);
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
    const server = createServer(({ url }, response) => {
      const [client] = clients.filter(({ contract }) => contract.path === url);
      asked.push(client?.name);
      const answers = [
        { status: 503, body: '' },
        { status: 200, body: JSON.stringify(client?.granted) },
        client?.contract.refuse('revoked', 'id'),
      ];
      const { status = 500, body } = answers[(asked.length - 1) % 3] ?? {};
      response.writeHead(status).end(body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const uses = clients.map(({ name, contract, credential }) => {
      const url = `http://127.0.0.1:${port}${contract.path}`;
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
