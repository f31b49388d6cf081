import type { Page, SessionRegistry } from '../core/session/registry.ts';
import type { RowKey } from '../core/session/session.ts';

/** Every row that the index has for a subject. */
export async function allRows(
  registry: SessionRegistry,
  subject: string,
): Promise<readonly RowKey[]> {
  const rows: RowKey[] = [];
  let page: Page | undefined;
  do {
    page = await registry.page(subject, page?.next);
    rows.push(...page.rows);
  } while (page.next);
  return rows;
}

/** Does the same for each, so many at once as the SDK has connections to spare. */
export async function inTurns<Item, Result>(
  items: readonly Item[],
  one: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += 25)
    results.push(...(await Promise.all(items.slice(at, at + 25).map(one))));
  return results;
}
