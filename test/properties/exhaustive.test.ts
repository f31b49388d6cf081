import { describe, expect, test } from 'vitest';
import { type Bounds, opened, stepsOf } from './one-session.ts';
import { search } from './search.ts';

// Small numbers, so that every order of every event fits: a grace of 10 s, an idle timeout of 25 s and a
// lifetime of 50 s meet each other in the same ways as minutes and hours do.
const sliding = { idle: 25, lifetime: 50 } as const;
const tokens = { idle: { token: 25 }, lifetime: 50 } as const;
const rotation = { grace: 10 };

const searches: readonly (Bounds & { readonly what: string; readonly least: number })[] = [
  {
    what: 'rotation, a sliding idle timeout, two tabs, two Lambdas',
    policy: { ...sliding, rotation },
    clock: [3, 10, 18, 25],
    tabs: 2,
    skew: 3,
    thief: false,
    least: 40_000,
  },
  {
    what: 'rotation, tokens, two tabs, two Lambdas',
    policy: { ...tokens, lifetime: 36, rotation },
    clock: [3, 10, 18],
    tabs: 2,
    skew: 3,
    thief: false,
    least: 40_000,
  },
  {
    what: 'rotation, a sliding idle timeout, a thief',
    policy: { ...sliding, rotation },
    clock: [10, 18, 25],
    tabs: 1,
    thief: true,
    least: 10_000,
  },
  {
    what: 'rotation, tokens, a thief',
    policy: { ...tokens, rotation },
    clock: [10, 18, 25],
    tabs: 1,
    thief: true,
    least: 10_000,
  },
  {
    what: 'fixed secrets, a sliding idle timeout, two Lambdas',
    policy: { ...sliding, rotation: 'fixed' },
    clock: [3, 24, 25],
    tabs: 1,
    skew: 3,
    thief: true,
    least: 1000,
  },
  {
    what: 'fixed secrets, tokens, two Lambdas',
    policy: { ...tokens, rotation: 'fixed' },
    clock: [3, 24, 25],
    tabs: 1,
    skew: 3,
    thief: true,
    least: 1000,
  },
];

/** Small searches alone, where the suite runs once for every mutant. */
const quick = Number(process.env.EFFORT ?? 1) < 1;
const chosen = searches.filter(({ least }) => !quick || least <= 10_000);

describe('every reachable state of one session', () => {
  test.for(chosen)('keeps the rules: $what', async ({ what, least, ...bounds }) => {
    const seen = await search(await opened(bounds), stepsOf(bounds), 400_000);
    console.log(
      `${what}: ${seen.states} states, ${seen.transitions} transitions, depth ${seen.depth}`,
    );
    expect(seen.states).toBeGreaterThan(least);
  });
});
