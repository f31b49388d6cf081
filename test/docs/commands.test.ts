import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { listening, project, run, type Started } from '../local/processes.ts';

/** Lines that are marked as needing an account, lines that do, and the line that serves. */
const elsewhere = / # (.*; )?needs (AWS|Docker)$/;
const reachesAws = /^npx cdk |^aws |--function /;
const served = /\bnpm start\b/;

/** test/infra/artifacts.test.ts runs it. */
const synth = 'npm run synth';

const readme = commandsOf('README.md');
const commands = readme.flat();
const scripts: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(project, 'package.json'), 'utf8'),
).scripts;

describe('the commands of the README', () => {
  test('begin with the one that serves it all', () => {
    expect(commands[0]).toBe('npm ci && npm start');
    expect(commands.filter((line) => served.test(line))).toHaveLength(1);
  });

  test('are marked where they need AWS, and nowhere else', () => {
    expect(commands.filter((line) => elsewhere.test(line) !== reachesAws.test(line))).toEqual([]);
  });

  test('refresh a session of every contract, each by a line of its own', () => {
    const curls = commands.filter((line) => line.startsWith('curl '));
    const paths = curls.map((line) => new URL(/http:\S+/.exec(line)?.[0] ?? '').pathname);
    expect(paths).toEqual(contracts.map(({ path }) => path));
  });
});

describe('the commands of README and docs/run-locally.md', { timeout: 300_000 }, () => {
  test('do what they say beside `npm start`, which Ctrl-C ends with 0', async () => {
    // `npm ci` is left out: the packages are here.
    const npm = run(['npm', 'start'], { PORT: '0', DYNAMODB_PORT: '0' });
    const server = await listening(npm);
    const here = (line: string) => !elsewhere.test(line) && !served.test(line) && line !== synth;
    const blocks = [...readme, ...commandsOf('docs/run-locally.md')].map((one) => one.filter(here));
    const ran = await Promise.all(blocks.map((block) => typed(block, server)));
    for (const [at, { code, stdout, stderr }] of ran.entries())
      expect({ block: blocks[at], code, stderr: code === 0 ? '' : stdout + stderr }).toEqual({
        block: blocks[at],
        code: 0,
        stderr: '',
      });
    // Both lines of `npm run invoke`.
    const said = ran.map(({ stdout }) => stdout).join();
    expect(said.match(/"outcome":"refreshed"/g)).toHaveLength(2);
    npm.kill('SIGINT', 'all');
    expect(await npm.ended).toMatchObject({ code: 0, signal: null });
    await expect(fetch(server.origin)).rejects.toThrow('fetch failed');
  });
});

/** Types lines into a shell of their own, which ends at the first refusal. npm's scripts run without npm. */
function typed(lines: readonly string[], { origin, database }: Started) {
  const strictly = 'set -e\ncurl() { command curl --fail-with-body "$@"; }\n';
  const script = lines
    .join('\n')
    .replaceAll('http://127.0.0.1:3000', origin)
    .replaceAll(/\bnpm run (?:-s )?([\w-]+)/g, (_, name) => scripts[name] ?? '')
    .replaceAll(' -- ', ' ');
  const DYNAMODB_PORT = new URL(database).port;
  return run(['sh', '-c', strictly + script], { DYNAMODB_PORT }).ended;
}

/** The lines of each `sh` block: a backslash joins the next one. */
function commandsOf(page: string): readonly (readonly string[])[] {
  const text = readFileSync(join(project, page), 'utf8');
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) =>
    block
      .replaceAll(/ *\\\n */g, ' ')
      .split('\n')
      .filter((line) => line.trim() !== ''),
  );
}
