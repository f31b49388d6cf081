import type { Readable } from 'node:stream';
import { styleText } from 'node:util';
import type { Env } from '../functions/core/env.ts';
import type { Clock } from '../functions/core/time.ts';
import { printable } from './table.ts';

/** The CLI's environment variables and streams, and whether a person reads the streams. */
export interface Terminal {
  readonly env: Env;
  readonly stdin: Readable;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether a person reads the stream in a terminal. */
  readonly person: PerStream;
  /** Whether the terminal has colours, and `NO_COLOR` does not forbid them. */
  readonly colour: PerStream;
  readonly clock: Clock;
  /** Milliseconds since an arbitrary moment. */
  readonly timer: () => number;
  /** Waits; rejects once the signal is aborted. */
  readonly sleep: (seconds: number, signal?: AbortSignal) => Promise<void>;
}

interface PerStream {
  readonly out: boolean;
  readonly err: boolean;
}

/** Prints a line on stdout. */
export function print({ out }: Terminal, text: string): void {
  out(`${text}\n`);
}

/** Prints an error on stderr: its first line begins with `error:`. */
export function complain({ err, colour }: Terminal, text: string): void {
  const plain = text.split('\n').map(printable).join('\n');
  err(`${coloured('red', 'error:', colour.err)} ${plain}\n`);
}

/** The text in a style, if colours are on. */
export function coloured(
  style: Parameters<typeof styleText>[0],
  text: string,
  colours: boolean,
): string {
  // `colours` already says whether the stream has colours.
  return colours ? styleText(style, text, { validateStream: false }) : text;
}
