/** A row of a table, by column. */
export type Cells = Readonly<Record<string, string>>;

/**
 * The text with each table in its place, which is between `<!-- name -->` and the next `<!-- end -->`.
 * @throws Error where a table has no place, or a place no table
 */
export function filled(text: string, tables: Readonly<Record<string, readonly Cells[]>>): string {
  const placed = new Set<string>();
  const written = text.replace(place, (_, name: string) => {
    const rows = tables[name];
    if (!rows) throw new Error(`there is no table ${name}`);
    placed.add(name);
    return `<!-- ${name} -->\n${table(rows)}\n<!-- end -->`;
  });
  const lost = Object.keys(tables).filter((name) => !placed.has(name));
  if (lost.length > 0) throw new Error(`there is no place for ${lost.join(', ')}`);
  return written;
}

const place = /<!-- (?!end)(\w+) -->[\s\S]*?<!-- end -->/g;

function table(rows: readonly Cells[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(columns.map((column) => row[column] ?? ''))),
  ].join('\n');
}
