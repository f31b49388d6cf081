import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, onTestFinished } from 'vitest';
import { run } from '../local/processes.ts';
import { storedTest as test, type StoredWorld as World } from '../support/world.ts';
import { envOf, nowhere } from './in-process.ts';

const node = [process.execPath, 'cli/cli.ts'];

/** Whether this machine has util-linux's `script`, which runs a command in a terminal of its own. */
const hasScript = /util-linux/.test(
  execFileSync('sh', ['-c', 'script --version 2>&1 || true'], { encoding: 'utf8' }),
);

/** How many rows the world's table has. */
async function rows({ client, table }: World): Promise<number> {
  let count = 0;
  let from: Record<string, never> | undefined;
  do {
    const scan = new ScanCommand({ TableName: table, Select: 'COUNT', ExclusiveStartKey: from });
    const page = await client.send(scan);
    count += page.Count ?? 0;
    from = page.LastEvaluatedKey as typeof from;
  } while (from);
  return count;
}

describe('npm run sessions as a process', { timeout: 300_000 }, () => {
  test('reads stdin through npm, and prints one JSON object', async ({ world }) => {
    const line = `echo '{"id":"a","subject":"b","secret":"c"}' | npm run -s sessions -- import eos -`;
    const { code, stdout } = await run(['sh', '-c', line], envOf(world)).ended;
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ imported: 1 })]);
  });

  test.skipIf(!hasScript)('sees the terminal that it is in, and its colours', async ({ world }) => {
    const words = [...node, 'open', 'eos', '--id', 'id', '--secret', 'hunter2'];
    const script = ['script', '-qec', words.join(' '), '/dev/null'];
    const env = { ...envOf(world), SHELL: '/bin/sh', TERM: 'xterm-256color' };
    const { code, stdout } = await run(script, env).ended;
    expect(code).toBe(0);
    expect(stdout).toContain('\x1b[1msecureCode\x1b[22m  hunter2\r\n');
    const plain = await run(script, { ...env, NO_COLOR: '1' }).ended;
    expect(plain.stdout).not.toContain('\x1b');
  });

  test('is told what to type where npm takes --dry-run for its own', async () => {
    const args = ['npm', 'run', '-s', 'sessions', 'import', 'eos', 'x', '--dry-run'];
    const { code, stderr } = await run(args, nowhere).ended;
    expect(code).toBe(2);
    expect(stderr).toContain('type: npm run -s sessions -- import … --dry-run\n');
  });

  test('loses nothing, and writes nothing twice, where an import is killed and run again', async ({
    world,
  }) => {
    const folder = mkdtempSync(join(tmpdir(), 'import-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'sessions.jsonl');
    const claims = { profile: { a: 'x'.repeat(1500) }, mobilityApps: { system: [], user: [] } };
    const lines = Array.from({ length: 300 }, (_, at) => ({
      id: `s${at}`,
      subject: `p${at}`,
      secret: 'first',
      // Every fifth has claims that are an item of their own.
      ...(at % 5 === 0 && { claims }),
    }));
    writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'));
    const importing = run([...node, 'import', 'eos', file], envOf(world));
    while ((await rows(world)) < 40) await sleep(5);
    importing.kill('SIGKILL');
    expect(await importing.ended).toMatchObject({ signal: 'SIGKILL', stdout: '' });
    const written = await rows(world);
    expect(written).toBeLessThan(360);
    const { code, stdout } = await run([...node, 'import', 'eos', file], envOf(world)).ended;
    const { imported, unchanged } = JSON.parse(stdout);
    expect([code, imported + unchanged]).toEqual([0, 300]);
    expect(unchanged).toBeGreaterThan(20);
    expect(await rows(world)).toBe(360);
  });
});
