import { existsSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { importFile } from '../../cli/import.ts';
import { progressText } from '../../cli/progress.ts';
import type { Call } from '../../cli/remote.ts';
import type { Terminal } from '../../cli/terminal.ts';
import { eos } from '../../functions/eos/contract.ts';
import type { LineOutcome } from '../../functions/session-admin/import.ts';
import { noon } from '../support/world.ts';
import { cli, envOf, fileOf } from './in-process.ts';
import { sharedTest } from './support.ts';

/** Is in lines, and in nothing that is printed. */
const mark = 'hunter2';

const line = (id: string, more: object = {}) =>
  JSON.stringify({ id, subject: 'ann', secret: mark, ...more });

const counts = { contract: 'eos', dryRun: false, unchanged: 0, over: 0, failed: 0, seconds: 0 };

describe('npm run sessions -- import', () => {
  sharedTest('imports a file, and is run again to no effect', async ({ world }) => {
    const file = fileOf([line('a'), '', line('b'), `${line('c')}\r\n`].join('\n'));
    for (const done of [{ imported: 3 }, { imported: 0, unchanged: 3 }]) {
      const { stdout, ...ended } = await cli(`import eos ${file}`, envOf(world));
      expect(ended).toEqual({ status: 0, stderr: '' });
      expect(JSON.parse(stdout)).toEqual({ ...counts, lines: 3, ...done });
    }
    expect(await world.row(eos, 'c')).toBeDefined();
  });

  sharedTest('names each line that it does not write, and copies the failed', async ({ world }) => {
    const bad = ['{"id"', line('../b'), line('c', { claims: { a: mark } })];
    const over = line('old', { endsAt: noon });
    const file = fileOf(`\ufeff${line('named')}\n\n${bad.join('\n')}\n${over}\n`);
    const { status, stdout, stderr } = await cli(`import eos ${file}`, envOf(world));
    const failedFile = `${file}.failed.jsonl`;
    const written = { ...counts, lines: 5, imported: 1, over: 1, failed: 3, failedFile };
    expect([status, JSON.parse(stdout)]).toEqual([1, written]);
    expect(stderr.split('\n').map((text) => text.slice(0, 24))).toEqual([
      'error: line 3: a line is',
      'error: line 4: a session',
      'error: line 5: claims of',
      'line 6: the session is o',
      '',
    ]);
    expect(stderr).not.toContain(mark);
    expect(readFileSync(failedFile, 'utf8')).toBe(`${bad.join('\n')}\n`);
    expect(statSync(failedFile).mode & 0o777).toBe(0o600);
  });

  sharedTest.for([
    { what: 'bytes that are not UTF-8', stop: Buffer.from([0x7b, 0xff]), says: 'line 1 is not' },
    { what: 'a line of over 1 MB', stop: `\n${'x'.repeat(1_100_000)}`, says: 'line 2 is longer' },
  ])('stops at $what', async ({ stop, says }, { world }) => {
    const { status, stderr } = await cli(`import eos ${fileOf(stop)}`, envOf(world));
    expect([status, stderr]).toEqual([2, expect.stringContaining(says)]);
  });
});

/** Imports lines by a wire that answers as it is told; each batch takes some seconds. */
async function importBy(
  answer: (batch: readonly string[]) => readonly LineOutcome[],
  lines: readonly string[],
  { rate, takes = 1 }: { readonly rate?: number; readonly takes?: number } = {},
) {
  const batches: (readonly string[])[] = [];
  const waits: number[] = [];
  const texts: string[] = [];
  let now = 0;
  const call: Call = async (_, input) => {
    const batch = input.lines as readonly string[];
    batches.push(batch);
    now += takes;
    return { outcome: 'done', result: { outcomes: answer(batch) } };
  };
  const terminal = {
    ...{ person: { err: true }, colour: {}, timer: () => now * 1000 },
    err: (text: string) => texts.push(text),
    async sleep(seconds: number) {
      waits.push(seconds);
      now += seconds;
    },
  } as unknown as Terminal;
  const file = fileOf(lines.join('\n'));
  const input = { contract: 'eos', file, ...(rate && { rate }) };
  const result = await importFile(input, call, terminal).catch((error: Error) => error.message);
  return { result, batches, waits, file, shown: texts.join('').split('\r\x1b[K') };
}

const numbers = (count: number) => Array.from({ length: count }, (_, at) => String(at));
const all = (outcome: LineOutcome) => (batch: readonly string[]) => batch.map(() => outcome);

describe('an import', () => {
  test('shows its progress in a terminal, and leaves nothing of it', async () => {
    const { shown } = await importBy(all('imported'), numbers(1200));
    expect(shown).toEqual([
      '',
      '[#######             ]  38 %  500 lines  500/s  2 s left',
      '[###############     ]  79 %  1,000 lines  500/s  1 s left',
      '[####################] 100 %  1,200 lines  400/s  0 s left',
      '',
    ]);
    expect(progressText(0, 0, 0)).toBe('[                    ]   0 %  0 lines  0/s');
    expect(progressText(0, undefined, 1)).toBe('0 lines  0/s');
  });

  test('sends again, after a pause, the lines that storage did not take', async () => {
    const half = (batch: readonly string[]) =>
      batch.map((_, at) => (batch.length > 2 && at % 2 === 0 ? 'unavailable' : 'imported'));
    const { result, batches, waits } = await importBy(half, numbers(8));
    expect(batches).toEqual([numbers(8), ['0', '2', '4', '6'], ['0', '4']]);
    expect(waits).toEqual([0.25, 0.25]);
    expect(result).toMatchObject({ result: { lines: 8, imported: 8 } });
  });

  test('gives up after two minutes without an answer, and says how far it came', async () => {
    const half = (batch: readonly string[]) =>
      batch.map((text) => (Number(text) < 500 ? 'imported' : 'unavailable'));
    const { result, waits } = await importBy(half, numbers(600));
    const again = '500 lines are done; run the import again to continue';
    expect(result).toBe(`storage does not answer; ${again}`);
    expect(waits).toEqual([0.25, 0.5, 1, 2, 4, 8, ...Array(6).fill(15)]);
    const never = await importBy(all('unavailable'), ['1']);
    expect([never.result, never.waits]).toEqual(['storage does not answer', [0.25, 0.5]]);
  });

  test('keeps to its rate, counted from its beginning', async () => {
    const quick = await importBy(all('imported'), numbers(25), { rate: 10, takes: 0.25 });
    expect(quick.batches.map(({ length }) => length)).toEqual([10, 10, 5]);
    expect(quick.waits).toEqual([0.75, 0.75, 0.25]);
    const slow = await importBy(all('imported'), numbers(25), { rate: 10, takes: 2 });
    const free = await importBy(all('imported'), numbers(2000));
    expect([slow.waits, free.waits]).toEqual([[], []]);
  });

  test('keeps each batch within what Lambda takes', async () => {
    const large = Array.from({ length: 30 }, () => '"'.repeat(300_000));
    const { batches, file } = await importBy(all('over'), large);
    expect(batches.flat()).toEqual(large);
    const sizes = batches.map((lines) => JSON.stringify({ command: 'import', lines }).length);
    expect(Math.max(...sizes)).toBeLessThan(6_000_000);
    expect(batches.length).toBeLessThan(8);
    // No line failed.
    expect(existsSync(`${file}.failed.jsonl`)).toBe(false);
  });
});
