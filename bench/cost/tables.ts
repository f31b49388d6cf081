/** A row of a Markdown table, by column. */
export type Cells = Readonly<Record<string, string>>;

/** Reads the table between `<!-- name -->` and the next `<!-- end -->`. @throws Error without one */
export function read(text: string, name: string): readonly Cells[] {
  const [, table] = new RegExp(`<!-- ${name} -->\\n([\\s\\S]*?)<!-- end -->`).exec(text) ?? [];
  if (table === undefined) throw new Error(`there is no table "${name}"`);
  const [columns = [], , ...rows] = table.trim().split('\n').map(cells);
  return rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at] ?? ''])));
}

/** Puts a table into its place. @throws Error without one */
export function filled(text: string, name: string, rows: readonly Cells[]): string {
  read(text, name);
  const columns = Object.keys(rows[0] ?? {});
  const line = (row: readonly string[]) => `| ${row.join(' | ')} |`;
  const body = rows.map((row) => line(columns.map((column) => row[column] ?? '')));
  const table = [line(columns), line(columns.map(() => '---')), ...body].join('\n');
  const place = new RegExp(`<!-- ${name} -->[\\s\\S]*?<!-- end -->`);
  return text.replace(place, () => `<!-- ${name} -->\n${table}\n<!-- end -->`);
}

function cells(line: string): string[] {
  const inner = line.split('|').slice(1, -1);
  return inner.map((cell) => cell.trim().replaceAll('`', ''));
}
