import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadedBytes, type PackedClient, packedClient } from '../support/packed-client.ts';
import { clients, failingWire, says } from './support.ts';

let packed: PackedClient;
beforeAll(() => {
  packed = packedClient();
});
afterAll(() => packed.remove());

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
    const others = readdirSync(join(packed.folder, 'dist')).filter(
      (name) => !/\.(js|d\.ts)$/.test(name),
    );
    expect(others).toEqual([]);
  });

  test('has entries under 4 kB gzipped, with all that they load', () => {
    for (const [entry, file] of Object.entries(packed.entries)) {
      const bytes = loadedBytes(packed, file);
      expect([entry, bytes]).toEqual([entry, expect.toSatisfy((size) => size > 0 && size < 4096)]);
    }
  });

  test.for(['nodenext', 'bundler'])('brings its types, resolved by %s', async (resolution) => {
    const use = join(packed.project, 'use.ts');
    const imports = Object.keys(packed.entries)
      .map((entry, index) => `import * as m${index} from '@session-refresh/client/${entry}';`)
      .join('\n');
    const code = `${imports}
import { eos, type EosGrant } from '@session-refresh/client/eos';
import { keepFresh } from '@session-refresh/client/keep-fresh';
const refresh = eos({ url: '', credentials: { sessionId: '', secureCode: '' } });
const said = await refresh();
export const code: '3-2' | 'no-credential' | false = said.outcome === 'ended' && said.code;
export const grant: EosGrant | false = said.outcome === 'refreshed' && said.grant;
export const end: '3-2' | 'no-credential' | undefined = (await keepFresh(refresh))?.code;
export const all = [${Object.keys(packed.entries).map((_, index) => `m${index}`)}];
`;
    const tsc = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc');
    const module = resolution === 'bundler' ? 'esnext' : resolution;
    const options = `--ignoreConfig --noEmit --strict --target es2022 --lib es2022,dom
      --module ${module} --moduleResolution ${resolution} use.ts --types`;
    const said = async (text: string) => {
      writeFileSync(use, text);
      const args = [tsc, ...options.split(/\s+/), ''];
      const compiled = run(process.execPath, args, { cwd: packed.project });
      return (await compiled.catch((error: { stdout: string }) => error)).stdout;
    };
    expect(await said(code)).toBe('');
    // They are no `any`.
    expect(await said(code.replace("'3-2'", "'3-3'"))).toMatch(/error TS2322/);
  });
});

describe('the installed package', () => {
  const rows = clients.flatMap((client) =>
    versions
      .map((version) => version.slice(0, 2))
      .filter((major) => nodes.has(major))
      .map((major) => ({ name: client.name, client, major })),
  );

  test.for(rows)('refreshes $name in Node $major', async ({ client, name, major }) => {
    const { status, body } = client.contract.refuse('revoked', 'id');
    const wire = await failingWire(says(503, ''), says(200, client.granted), says(status, body));
    const options = { url: wire.url, apiKey: 'key', credentials: client.credential };
    const script = `
      import { ${name} } from '@session-refresh/client/${name}';
      import { keepFresh } from '@session-refresh/client/keep-fresh';
      const sleep = async () => {};
      const now = () => (clock += 3600000);
      let clock = 0;
      const runtime = { sleep, now };
      const refresh = ${name}({ ...${JSON.stringify(options)}, runtime });
      const heard = [];
      await keepFresh(refresh, { runtime, onOutcome: ({ outcome }) => heard.push(outcome) });
      console.log(process.version, ...heard);
    `;
    writeFileSync(join(packed.project, 'use.mjs'), script);
    const { stdout } = await run(nodes.get(major) ?? '', ['use.mjs'], { cwd: packed.project });
    expect(stdout).toMatch(new RegExp(`^v${major}\\.\\S+ refreshed ended\\n$`));
    expect(wire.reached).toHaveLength(3);
  });
});
