import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { importFile } from '../../cli/import.ts';
import { progressText } from '../../cli/progress.ts';
import type { Call } from '../../cli/remote.ts';
import type { Terminal } from '../../cli/terminal.ts';
import type { LineOutcome } from '../../functions/session-admin/import.ts';
import { noon, storedTest as test } from '../support/world.ts';
import { cli, envOf } from './in-process.ts';
import { item } from './support.ts';

/** Is in lines, and in nothing that is printed. */
const mark = 'hunter2';

const line = (id: string, more: object = {}) =>
  JSON.stringify({ id, subject: 'ann', secret: mark, ...more });

/** A file of a folder that goes with the test. */
function fileOf(content: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'import-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'sessions.jsonl'), content);
  return join(folder, 'sessions.jsonl');
}

describe('npm run sessions -- import', () => {
  test('imports a file, and is run again to no effect', async ({ world }) => {
    const file = fileOf([line('a'), '', line('b'), `${line('c')}\r\n`].join('\n'));
    const args = ['import', 'eos', file];
    const first = await cli(args, envOf(world));
    expect({ ...first, stdout: JSON.parse(first.stdout) }).toEqual({
      status: 0,
      stdout: {
        contract: 'eos',
        dryRun: false,
        lines: 3,
        imported: 3,
        unchanged: 0,
        over: 0,
        failed: 0,
        seconds: 0,
      },
      stderr: '',
    });
    expect(await item(world, 'eos', 'c')).toBeDefined();
    const again = JSON.parse((await cli(args, envOf(world))).stdout);
    expect(again).toMatchObject({ imported: 0, unchanged: 3 });
  });

  test('names each line that it does not write, and copies those that failed', async ({
    world,
  }) => {
    const bad = ['{"id"', line('../b'), line('c', { claims: { a: mark } })];
    const over = line('old', { endsAt: noon });
    const file = fileOf(`\ufeff${line('a')}\n\n${bad.join('\n')}\n${over}\n`);
    const { status, stdout, stderr } = await cli(['import', 'eos', file], envOf(world));
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ lines: 5, imported: 1, over: 1, failed: 3 });
    expect(stderr.split('\n').map((text) => text.slice(0, 24))).toEqual([
      'error: line 3: a line is',
      'error: line 4: a session',
      'error: line 5: claims of',
      'line 6: the session is o',
      '',
    ]);
    expect(stderr).not.toContain(mark);
    const { failedFile } = JSON.parse(stdout);
    expect(failedFile).toBe(`${file}.failed.jsonl`);
    expect(readFileSync(failedFile, 'utf8')).toBe(`${bad.join('\n')}\n`);
    expect(statSync(failedFile).mode & 0o777).toBe(0o600);
  });

  test('writes nothing in a dry run', async ({ world }) => {
    const args = ['import', 'eos', '-', '--dry-run'];
    const { stdout } = await cli(args, envOf(world), { stdin: line('a') });
    expect(JSON.parse(stdout)).toMatchObject({ dryRun: true, lines: 1, imported: 1 });
    expect(await item(world, 'eos', 'a')).toBeUndefined();
  });

  test.for([
    { what: 'bytes that are not UTF-8', content: Buffer.from([0x7b, 0xff]), says: 'line 1 is not' },
    {
      what: 'a line of over 1 MB',
      content: `\n${'x'.repeat(1_100_000)}`,
      says: 'line 2 is longer',
    },
  ])('stops at $what', async ({ content, says }, { world }) => {
    const { status, stderr } = await cli(['import', 'eos', fileOf(content)], envOf(world));
    expect(status).toBe(2);
    expect(stderr).toContain(says);
  });

  test('prints a table in a terminal', async ({ world }) => {
    const args = ['import', 'eos', '-'];
    const { stdout } = await cli(args, envOf(world), { stdin: line('a'), person: true });
    expect(stdout).toMatch(/^contract {3}eos\ndryRun {5}false\nlines {6}1\nimported {3}1\n/);
  });

  test.for([
    { share: 0, seconds: 0, text: '[                    ]   0 %  0 lines  0/s' },
    { share: 0.5, seconds: 100, text: '[##########          ]  50 %  0 lines  0/s  100 s left' },
    { share: undefined, seconds: 1, text: '0 lines  0/s' },
  ])('shows $text', ({ share, seconds, text }) => {
    expect(progressText(0, share, seconds)).toBe(text);
  });
});

/** Imports lines by a wire that answers as it is told; the lines are numbers. */
async function importBy(
  answer: (batch: readonly string[]) => readonly LineOutcome[],
  content: readonly string[],
  rate?: number,
  takes = 1,
) {
  const batches: (readonly string[])[] = [];
  const waits: number[] = [];
  let shown = '';
  let now = 0;
  const call: Call = async (_, { lines }) => {
    const batch = lines as readonly string[];
    batches.push(batch);
    now += takes;
    return { outcome: 'done', result: { outcomes: answer(batch) } };
  };
  const terminal = {
    err(text: string) {
      shown += text;
    },
    person: { err: true },
    colour: {},
    timer: () => now * 1000,
    async sleep(seconds: number) {
      waits.push(seconds);
      now += seconds;
    },
  } as unknown as Terminal;
  const file = fileOf(content.join('\n'));
  const input = { contract: 'eos', file, ...(rate && { rate }) };
  const result = await importFile(input, call, terminal).catch((error: Error) => error.message);
  return { result, batches, waits, file, shown: shown.split('\r\x1b[K') };
}

const numbers = (count: number) => Array.from({ length: count }, (_, at) => String(at));

describe('an import', () => {
  test('shows its progress in a terminal, and leaves nothing of it', async () => {
    const { shown } = await importBy((batch) => batch.map(() => 'imported'), numbers(1200));
    expect(shown).toEqual([
      '',
      '[#######             ]  38 %  500 lines  500/s  2 s left',
      '[###############     ]  79 %  1,000 lines  500/s  1 s left',
      '[####################] 100 %  1,200 lines  400/s  0 s left',
      '',
    ]);
  });

  test('sends again, after a pause, the lines that storage did not take, and no other', async () => {
    let calls = 0;
    const { result, batches, waits } = await importBy((batch) => {
      calls += 1;
      return batch.map((_, at) => (calls < 3 && at % 2 === 0 ? 'unavailable' : 'imported'));
    }, numbers(8));
    expect(batches).toEqual([numbers(8), ['0', '2', '4', '6'], ['0', '4']]);
    expect(waits).toEqual([0.25, 0.25]);
    expect(result).toMatchObject({ result: { lines: 8, imported: 8 } });
  });

  test('gives up where storage takes nothing for two minutes, and says how far it came', async () => {
    const { result, waits } = await importBy(
      (batch) => batch.map((text) => (Number(text) < 500 ? 'imported' : 'unavailable')),
      numbers(600),
    );
    expect(result).toBe(
      'storage does not answer; 500 lines are done; run the import again to continue',
    );
    const waited = waits.reduce((sum, one) => sum + one);
    expect(waited).toBeGreaterThan(90);
    expect(waited).toBeLessThan(150);
    expect(Math.max(...waits)).toBe(15);
  });

  test('says at once that storage was never there', async () => {
    const { result, waits } = await importBy((batch) => batch.map(() => 'unavailable'), ['1']);
    expect([result, waits]).toEqual(['storage does not answer', [0.25, 0.5]]);
  });

  test('keeps to its rate, counted from its beginning', async () => {
    const all = (batch: readonly string[]) => batch.map(() => 'imported' as const);
    const quick = await importBy(all, numbers(25), 10, 0.25);
    expect(quick.batches.map(({ length }) => length)).toEqual([10, 10, 5]);
    expect(quick.waits).toEqual([0.75, 0.75, 0.25]);
    expect((await importBy(all, numbers(25), 10, 2)).waits).toEqual([]);
    expect((await importBy(all, numbers(2000))).waits).toEqual([]);
  });

  test('keeps each batch within what Lambda takes', async () => {
    const large = Array.from({ length: 30 }, () => '"'.repeat(300_000));
    const { batches } = await importBy((batch) => batch.map(() => 'over'), large);
    expect(batches.flat()).toEqual(large);
    for (const batch of batches)
      expect(JSON.stringify({ command: 'import', lines: batch }).length).toBeLessThan(6_000_000);
    expect(batches.length).toBeLessThan(8);
  });

  test('makes no file of failed lines where none failed', async () => {
    const { file } = await importBy((batch) => batch.map(() => 'over'), ['1']);
    expect(existsSync(`${file}.failed.jsonl`)).toBe(false);
  });
});
