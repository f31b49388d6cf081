import { execFile, execFileSync } from 'node:child_process';
import { existsSync, globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
const utf8 = { encoding: 'utf8' } as const;

/** The versions of Node that it is for, and every Node of this machine by its major version. */
const versions = ['20.20.2', '22.23.3', '24.21.0'];
const nodes = new Map<string, string>();
for (const folder of [dirname(process.execPath), ...(process.env.PATH ?? '').split(':')]) {
  const path = join(folder, 'node');
  if (existsSync(path)) nodes.set(execFileSync(path, ['--version'], utf8).slice(1, 3), path);
}
for (const version of versions.filter((version) => !nodes.has(version.slice(0, 2)))) {
  if (process.env.REQUIRE_NODES) {
    // 100 MB each: not a package that everybody should install.
    const asked = ['exec', '--yes', `--package=node@${version}`, '--', 'node', '-p'];
    const path = execFileSync('npm', [...asked, 'process.execPath'], utf8).trim();
    nodes.set(version.slice(0, 2), path);
  } else console.warn(`\nSKIPPED: the client in Node ${version}; REQUIRE_NODES=1 gets it\n`);
}

describe('the package', () => {
  test('has an entry for each contract, and two for all; no dependency, sources or tests', () => {
    const entries = [...clients.map(({ name }) => name), 'credentials', 'keep-fresh'];
    expect(Object.keys(packed.entries).sort()).toEqual(entries.sort());
    const manifest = JSON.parse(readFileSync(join(packed.folder, 'package.json'), 'utf8'));
    expect(Object.keys(manifest).filter((key) => /depend/i.test(key))).toEqual([]);
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
    const examples = globSync(join(root, 'client/*.{md,ts}')).flatMap((path) => {
      // In the README, or in a docstring.
      const found = readFileSync(path, 'utf8').matchAll(
        /^(?:```ts| \* @example)\n(.*?)^(?:```| \*\/)/gms,
      );
      return [...found].map(([, code = '']) => code.replaceAll(/^ \* ?/gm, ''));
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
    const [target, lib] = ['es2022', ['es2022', 'dom']];
    const resolutions = { nodenext: 'nodenext', esnext: 'bundler' };
    for (const [module, moduleResolution] of Object.entries(resolutions)) {
      const how = { target, lib, module, moduleResolution };
      const compilerOptions = { noEmit: true, strict: true, types: [], ...how };
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
  const majors = versions.map((version) => version.slice(0, 2));

  test.for(majors.filter((major) => nodes.has(major)))(
    'refreshes every contract in Node %s',
    async (major) => {
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
    },
  );
});
