import { styleText } from 'node:util';
import { contracts } from '../functions/contracts.ts';
import { isLogged, type Level } from '../functions/core/lambda/log-level.ts';
import { levels, outcomes } from '../functions/core/lambda/outcome.ts';
import type { RequestRecord, WriteRecord } from '../functions/core/lambda/record.ts';
import type { GatewayRefusal } from './gateway.ts';

/** What prints a row for each request, whether its Lambda or API Gateway answered it. */
export interface LogLines {
  readonly record: WriteRecord;
  readonly refusal: (refusal: GatewayRefusal) => void;
}

/** Colours a text for a terminal. */
export type Paint = (color: 'green' | 'yellow' | 'red' | 'dim', text: string) => string;

/** Colours as stdout has them: none where it is no terminal, or `NO_COLOR` is set. */
export const terminalPaint: Paint = (color, text) =>
  styleText(color, text, { stream: process.stdout });

/**
 * Prints a row of at most 100 columns per request, from the record that a deployed Lambda logs or from what
 * API Gateway's access log has. A second row has the error of a failure, and with `LOG_LEVEL=DEBUG` the
 * other ids. `logLevel` is DEBUG, INFO, WARN, ERROR or SILENT; INFO where it is empty.
 * @throws Error of one line where it is another word
 */
export function logLines(
  logLevel: string | undefined,
  print: (line: string) => void,
  clock: () => Date,
  paint: Paint = (_, text) => text,
): LogLines {
  const asked = (logLevel || 'INFO').toUpperCase();
  if (!allowed.includes(asked))
    throw new Error(`LOG_LEVEL: unknown level "${logLevel}"; expected ${allowed.join(', ')}`);
  const say = (level: Level, row: Row, details: string) => {
    if (!isLogged(level, asked)) return;
    print(`${time(clock())} ${rowText(row, paint)}`);
    if (details) print(paint('dim', `${' '.repeat(9)}${details}`));
  };
  return {
    record(record) {
      const { totalMs, storageRequests, storageMs } = record;
      const took = `${ms(totalMs).padStart(8)}  ${`${storageRequests}×${ms(storageMs)}`.padEnd(10)}`;
      say(levels[record.outcome], { ...record, took }, details(record, asked === 'DEBUG'));
    },
    refusal: ({ fault, ...refusal }) =>
      say('info', { ...refusal, outcome: fault, took: 'API Gateway'.padEnd(20) }, ''),
  };
}

const allowed: readonly string[] = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'SILENT'];

interface Row {
  readonly contract: string;
  readonly status: number;
  readonly outcome: string;
  readonly took: string;
  readonly requestId: string;
}

/** `eos 200 refreshed 4.1ms 1×2.9ms 51368f50-…`, aligned with the rows of other contracts and outcomes. */
function rowText({ contract, status, outcome, took, requestId }: Row, paint: Paint): string {
  const color = status < 400 ? 'green' : status < 500 ? 'yellow' : 'red';
  const words = paint(color, `${status} ${outcome.padEnd(widestOutcome)}`);
  return `${contract.padEnd(widestContract)} ${words} ${took}  ${paint('dim', requestId)}`;
}

const widest = (texts: readonly string[]) => Math.max(...texts.map(({ length }) => length));
const widestContract = widest(contracts.map(({ name }) => name));
const widestOutcome = widest(outcomes);

/** What the row has no place for: the error always, the other ids where every detail is asked for. */
function details(record: RequestRecord, all: boolean): string {
  const { error } = record;
  const ids = [
    ['session', record.session],
    ['extended', record.extendedRequestId],
    ['client', record.clientRequestId === record.requestId ? undefined : record.clientRequestId],
    ['key', record.apiKeyId],
    ['cold', record.coldStart || undefined],
  ] as const;
  const fields = [
    ...(all ? ids : []),
    ['error', error && [error.name, error.code, error.at[0]].filter(Boolean).join(' ')] as const,
  ];
  return fields
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

const ms = (milliseconds: number) => `${milliseconds.toFixed(1)}ms`;

/** The time of day on this machine. */
function time(date: Date): string {
  return date.toTimeString().slice(0, 8);
}
