import type { Stored } from './credentials.ts';

/**
 * The answer in a store if another tab has put it there since the store was read, at most `waited`
 * milliseconds ago. So much is its greatest age, even if the clock was set back meanwhile.
 */
export function newAnswer<Grant>(
  before: WithAnswer<Grant> | undefined,
  stored: WithAnswer<Grant> | undefined,
  now: number,
  waited: number,
) {
  return stored?.last?.at === before?.last?.at ? undefined : storedAnswer(stored, now, waited);
}

/**
 * The last answer in a store, with what is left of it. If the clock was set back since, its age is
 * taken as `oldest` milliseconds, and the answer as unknown without `oldest`.
 */
export function storedAnswer<Grant>(
  stored: WithAnswer<Grant> | undefined,
  now: number,
  oldest?: number,
) {
  if (!stored?.last) return undefined;
  const { at, grant, expiresIn } = stored.last;
  const age = now < at ? oldest : now - at;
  if (age === undefined) return undefined;
  return { outcome: 'refreshed', grant, expiresIn: Math.max(0, expiresIn - age / 1000) } as const;
}

type WithAnswer<Grant> = Pick<Stored<unknown, Grant>, 'last'>;
