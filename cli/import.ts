import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { StorageUnavailable } from '../functions/core/session/table.ts';
import type { Answer } from '../functions/session-admin/command.ts';
import type { LineOutcome } from '../functions/session-admin/import.ts';
import type { CliInput } from './input.ts';
import { batches, type Line, lines, NotJsonLines } from './lines.ts';
import { progress } from './progress.ts';
import type { Call } from './remote.ts';
import { complain, type Terminal } from './terminal.ts';

/** How many lines of an import had each outcome. The fields are stable: scripts read them. */
export interface ImportSummary {
  readonly contract: unknown;
  /** Whether the lines were only checked, and nothing was written. */
  readonly dryRun: boolean;
  readonly lines: number;
  /** Written by this import. In a dry run: lines that the import would write. */
  readonly imported: number;
  /** Already in the table. */
  readonly unchanged: number;
  /** Not written, because the session has ended. */
  readonly over: number;
  /** Not written. Each was printed with its reason. */
  readonly failed: number;
  /** The file that the failed lines were copied to. */
  readonly failedFile?: string;
  readonly seconds: number;
}

/**
 * Imports the lines of a file in batches. For every line that is not written, prints its number but
 * not its text. While storage is throttled, waits and tries again.
 * @throws Error if storage does not answer for two minutes, or if the call throws. Lines that were
 * written stay, and the import may be run again
 */
export async function importFile(
  { contract, file = '-', rate, dryRun = false }: CliInput,
  call: Call,
  terminal: Terminal,
): Promise<Answer> {
  const size = file === '-' ? undefined : await sizeOf(file);
  if (size === 'no file') return { outcome: 'invalid', problem: 'cannot read the file' };
  const began = terminal.timer();
  const shown = progress(terminal);
  const failedFile = `${file === '-' ? 'import' : file}.failed.jsonl`;
  const counts = { imported: 0, unchanged: 0, over: 0, failed: 0 };
  let sent = 0;
  let failedLines: number | undefined;

  /** Sends lines until each has an outcome. */
  async function settle(batch: readonly Line[]): Promise<Answer | undefined> {
    let pending = batch;
    for (let tries = 0; pending.length > 0; tries += 1) {
      const answer = await call('import', {
        contract,
        lines: pending.map(({ text }) => text),
        dryRun,
      });
      if (answer.outcome !== 'done') return answer;
      const { outcomes } = answer.result as { readonly outcomes: readonly LineOutcome[] };
      const left: Line[] = [];
      for (const [at, line] of pending.entries()) {
        const outcome = outcomes[at] ?? 'unavailable';
        if (outcome === 'unavailable') left.push(line);
        else count(line, outcome);
      }
      if (left.length < pending.length) tries = 0;
      pending = left;
      if (pending.length === 0) break;
      // Before the first batch is done there are only two retries, so that a wrong address is
      // reported soon.
      if (tries === (sent === 0 ? 2 : mostTries))
        throw new StorageUnavailable('storage does not answer');
      await terminal.sleep(Math.min(2 ** tries / 4, 15));
    }
    return undefined;
  }

  function count({ number, text }: Line, outcome: Exclude<LineOutcome, 'unavailable'>) {
    if (typeof outcome === 'string') counts[outcome] += 1;
    if (outcome === 'imported' || outcome === 'unchanged') return;
    shown.clear();
    if (outcome === 'over')
      return terminal.err(`line ${number}: the session is over; not written\n`);
    counts.failed += 1;
    complain(terminal, `line ${number}: ${outcome.problem}`);
    failedLines ??= openSync(failedFile, 'w', 0o600);
    writeSync(failedLines, `${text}\n`);
  }

  const input = file === '-' ? terminal.stdin : createReadStream(file);
  try {
    for await (const batch of batches(lines(input), rate)) {
      const stopped = await settle(batch);
      if (stopped) return stopped;
      sent += batch.length;
      shown.show(sent, size && Math.min((batch.at(-1)?.end ?? 0) / size, 1));
      const ahead = rate ? sent / rate - (terminal.timer() - began) / 1000 : 0;
      if (ahead > 0) await terminal.sleep(ahead);
    }
  } catch (error) {
    if (error instanceof NotJsonLines) return { outcome: 'invalid', problem: error.message };
    if (sent === 0) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${message}; ${sent} lines are done; run the import again to continue`, {
      cause: error,
    });
  } finally {
    shown.clear();
    if (failedLines !== undefined) closeSync(failedLines);
  }
  const result: ImportSummary = {
    contract,
    dryRun: dryRun === true,
    lines: sent,
    ...counts,
    ...(failedLines !== undefined && { failedFile }),
    seconds: Math.round((terminal.timer() - began) / 100) / 10,
  };
  return { outcome: 'done', result };
}

/** The waits are 0.25 to 15 seconds each, and about two minutes in total. */
const mostTries = 12;

async function sizeOf(file: string): Promise<number | undefined | 'no file'> {
  const found = await stat(file).catch(() => undefined);
  if (!found || found.isDirectory()) return 'no file';
  return found.isFile() ? found.size : undefined;
}
