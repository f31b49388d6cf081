import type { Item } from '../../functions/core/session/row.ts';
import type { Write } from '../../functions/core/session/table.ts';
import { nameOf, opened, stepsOf } from './one-session.ts';
import { search } from './search.ts';

/** What a search asks the table. */
export interface Asked {
  readonly item: Item | undefined;
  readonly write: Write;
}

/** Some of the different writes that a search makes, drawn at random. */
export async function sampled(count: number): Promise<readonly Asked[]> {
  const policy = { idle: 25, lifetime: 50, rotation: { grace: 10 } };
  const bounds = { policy, clock: [10, 18, 25], tabs: 1, skew: 3, thief: true };
  const seen: Asked[] = [];
  await search(
    await opened(bounds),
    stepsOf(bounds, (one) => seen.push(one)),
    nameOf,
  );
  return Array.from({ length: count }, () => seen[Math.floor(Math.random() * seen.length)]).filter(
    (one) => one !== undefined,
  );
}
