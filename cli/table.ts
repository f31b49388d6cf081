/**
 * Makes a text safe to print in a terminal. Characters that move the cursor, set colours or change
 * the text direction are escaped, for example as `\u{1b}`. The zero-width joiner and non-joiner are
 * kept, because some scripts and emoji need them.
 */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** How many columns of a terminal a printable text takes. */
export function width(text: string): number {
  let columns = 0;
  for (const { segment } of graphemes.segment(text))
    columns += invisible.test(segment) ? 0 : wide.test(segment) ? 2 : 1;
  return columns;
}

/** Styles the text of a cell, which is already padded to the width of its column. */
export type Style = (text: string, cell: { readonly heading: boolean }) => string;

const plain: Style = (text) => text;

/** Rows under a heading, each column as wide as its widest cell. */
export function table(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  style: Style = plain,
): string {
  const all = [heading.map((cell) => cell.toUpperCase()), ...rows];
  return aligned(all, (text, { row }) => style(text, { heading: row === 0 }));
}

/** One line per pair, with the values below one another. */
export function nameValueLines(
  pairs: readonly (readonly [name: string, value: string])[],
  style: Style = plain,
): string {
  return aligned(pairs, (text, { column }) => style(text, { heading: column === 0 }));
}

function aligned(
  rows: readonly (readonly string[])[],
  style: (text: string, at: { readonly row: number; readonly column: number }) => string,
): string {
  const cells = rows.map((row) => row.map(printable));
  const widths: number[] = [];
  for (const row of cells)
    for (const [column, cell] of row.entries())
      widths[column] = Math.max(widths[column] ?? 0, width(cell));
  const lines = cells.map((cellsOfRow, row) =>
    cellsOfRow.map((cell, column) => {
      // The last cell is not padded: a secret may end in a space.
      const last = column === cellsOfRow.length - 1;
      const padding = last ? '' : ' '.repeat((widths[column] ?? 0) - width(cell));
      return style(cell + padding, { row, column });
    }),
  );
  return lines.map((line) => line.join('  ')).join('\n');
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Controls, lone surrogates, line separators, and all format characters except the two joiners. */
const unprintable = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const invisible = /^[\p{M}\u200c\u200d]+$/u;

/**
 * Characters that take two columns in a terminal, as far as a regular expression can tell (Unicode
 * UAX 11): East Asian scripts, their punctuation and full-width forms, and emoji. Half-width forms
 * are narrow.
 */
const wide =
  /^(?![\uff61-\uffdc])[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Emoji_Presentation}\u3001-\u303e\uff01-\uff60\uffe0-\uffe6]|\ufe0f/u;
