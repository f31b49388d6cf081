import { isUtf8 } from 'node:buffer';

/** A file that is not JSON Lines. The message has the number of the line, but not its text. */
export class NotJsonLines extends Error {
  override readonly name = 'NotJsonLines';
}

/** A line of a file, without its line break. */
export interface Line {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
  /** The number of bytes from the start of the file to the end of the line. */
  readonly end: number;
}

/**
 * Reads the lines of a UTF-8 text, without the blank ones, in constant memory.
 * @throws NotJsonLines naming the first line that is not UTF-8, or is longer than 1 MB
 */
export async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let number = 0;
  let end = 0;
  let begun = Buffer.alloc(0);
  const line = (bytes: Buffer): Line | undefined => {
    number += 1;
    end += bytes.length + 1;
    if (bytes.length > longest) throw new NotJsonLines(`line ${number} is longer than 1 MB`);
    if (!isUtf8(bytes)) throw new NotJsonLines(`line ${number} is not UTF-8`);
    const text = bytes.toString().replace(number === 1 ? /^\ufeff/ : /^$/, '');
    return text.trim() === '' ? undefined : { number, text, end };
  };
  for await (const chunk of chunks) {
    let rest = begun.length === 0 ? Buffer.from(chunk) : Buffer.concat([begun, chunk]);
    for (let at = rest.indexOf('\n'); at >= 0; at = rest.indexOf('\n')) {
      const found = line(rest.subarray(0, at));
      if (found) yield found;
      rest = rest.subarray(at + 1);
    }
    if (rest.length > longest) throw new NotJsonLines(`line ${number + 1} is longer than 1 MB`);
    begun = rest;
  }
  const last = begun.length > 0 ? line(begun) : undefined;
  if (last) yield last;
}

/**
 * The maximum length of a line in bytes. Claims are at most 256 kB, but escapes make their JSON
 * longer.
 */
const longest = 1024 * 1024;

const mostLines = 500;

/** Lambda accepts an event of 6 MB, and the event is little more than the lines. */
const mostBytes = 5_000_000;

/** Groups lines into batches that fit one call of the Lambda, each of at most `rate` lines. */
export async function* batches(
  found: AsyncIterable<Line>,
  rate = mostLines,
): AsyncGenerator<readonly Line[]> {
  const most = Math.min(rate, mostLines);
  let batch: Line[] = [];
  let bytes = 0;
  for await (const line of found) {
    const own = Buffer.byteLength(JSON.stringify(line.text)) + 1;
    if (batch.length > 0 && (batch.length === most || bytes + own > mostBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(line);
    bytes += own;
  }
  if (batch.length > 0) yield batch;
}
