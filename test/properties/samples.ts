import type { Item } from '../../functions/core/session/row.ts';
import type { Write } from '../../functions/core/session/table.ts';
import { type Bounds, nameOf, opened, stepsOf } from './one-session.ts';
import { search } from './search.ts';

/** A write of a search, and the row that it meets. */
export interface Asked {
  readonly item: Item | undefined;
  readonly write: Write;
}

const around = { clock: [18], tabs: 1, skew: 3, thief: true };
const rotation = { grace: 10 };
const searches: readonly Bounds[] = [
  { ...around, policy: { idle: 25, lifetime: 40, rotation } },
  { ...around, policy: { idle: { token: 25 }, lifetime: 37, rotation } },
  { ...around, policy: { idle: 25, lifetime: 40, rotation: 'fixed' } },
];

/** Random writes of some searches, each with its row. */
export async function sampled(count: number): Promise<readonly Asked[]> {
  const seen: Asked[] = [];
  for (const bounds of searches)
    await search(
      await opened(bounds),
      stepsOf(bounds, (one) => seen.push(one)),
      nameOf,
    );
  return Array.from({ length: count }, () => seen[Math.floor(Math.random() * seen.length)]).filter(
    (one) => one !== undefined,
  );
}
