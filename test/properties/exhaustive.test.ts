import { describe, expect, test } from 'vitest';
import { type Bounds, search } from './one-session.ts';

// Small numbers, so that every order of every event fits: a grace of 10 s, an idle timeout of 25 s and a
// lifetime of 45 s meet each other in the same ways as minutes and hours do.
const rotation = { grace: 10 };
const sliding = { idle: 25, lifetime: 45, rotation };
const tokens = { idle: { token: 25 }, lifetime: 45, rotation };
const shortTokens = { ...tokens, lifetime: 36 };
const shortSliding = { ...sliding, lifetime: 36 };
const tight = { idle: 19, lifetime: 20, rotation };
const fixed = { rotation: 'fixed' } as const;

/** The smallest first: a broken rule is found soon. Mutation testing runs the first five for every mutant. */
const searches: readonly Bounds[] = [
  { policy: { ...tokens, ...fixed }, clock: [24, 25], tabs: 1, skew: 1, thief: true },
  { policy: { ...sliding, ...fixed }, clock: [24, 25], tabs: 2, skew: 1, thief: true },
  { policy: { ...sliding, lifetime: 40 }, clock: [18], tabs: 1, thief: true },
  { policy: { ...tokens, lifetime: 37 }, clock: [18], tabs: 1, thief: true },
  { policy: tight, clock: [1, 7, 10], tabs: 1, thief: false },
  { policy: tokens, clock: [10, 15], tabs: 1, thief: true },
  { policy: shortTokens, clock: [4, 18], tabs: 2, skew: 3, thief: false },
  { policy: shortSliding, clock: [4, 18], tabs: 2, skew: 3, thief: true },
  { policy: sliding, clock: [4, 18], tabs: 3, skew: 3, thief: false },
];

const onlySmall = Number(process.env.EFFORT ?? 1) < 1;
const chosen = searches
  .slice(0, onlySmall ? 5 : undefined)
  .map((bounds) => ({ bounds, what: JSON.stringify(bounds) }));

describe('every reachable state of one session', () => {
  let states = 0;

  test.for(chosen)('keeps the rules: $what', { timeout: 300_000 }, async ({ bounds, what }) => {
    const seen = await search(bounds);
    console.log(`${what}: ${JSON.stringify(seen)}`);
    states += seen.states;
  });

  test('is one of more than 100,000 states', () => {
    expect(states).toBeGreaterThan(onlySmall ? 10_000 : 100_000);
  });
});
