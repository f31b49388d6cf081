import { shown } from './numbers.ts';

/** What one measure found: rows of the same columns. */
export interface Table {
  readonly title: string;
  /** How it was measured. */
  readonly note: string;
  readonly rows: readonly Row[];
}

/** One subject's numbers, by column. */
export type Row = Readonly<Record<string, string | number>>;

/** What one measure found: its tables, and its lines of the summary. */
export interface Found {
  readonly tables: readonly Table[];
  readonly figures: readonly Row[];
}

/** The table in Markdown. */
export function markdown({ title, note, rows }: Table): string {
  const columns = Object.keys(rows[0] ?? {});
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const cell = (value: string | number | undefined) =>
    typeof value === 'number' ? shown(value) : (value ?? '');
  return [
    `**${title}.** ${note}\n`,
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(columns.map((column) => cell(row[column])))),
  ].join('\n');
}
