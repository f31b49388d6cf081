import { describe, expect, test } from 'vitest';
import { type Bounds, nameOf, opened, stepsOf } from './one-session.ts';
import { search } from './search.ts';

// Small numbers, so that every order of every event fits: a grace of 10 s, an idle timeout of 25 s and a
// lifetime of 45 s meet each other in the same ways as minutes and hours do.
const sliding = { idle: 25, lifetime: 45 } as const;
const tokens = { idle: { token: 25 }, lifetime: 45 } as const;
const rotation = { grace: 10 };

/** A search is `small` if mutation testing can run it for every mutant. */
const searches: readonly (Bounds & { readonly what: string; readonly small: boolean })[] = [
  {
    what: 'rotation, sliding idle timeout: three tabs, Lambda clocks 3 s apart',
    policy: { ...sliding, rotation },
    clock: [4, 18],
    tabs: 3,
    skew: 3,
    thief: false,
    small: false,
  },
  {
    what: 'rotation, sliding idle timeout: two tabs, a thief, Lambda clocks 3 s apart',
    policy: { ...sliding, rotation },
    clock: [4, 18],
    tabs: 2,
    skew: 3,
    thief: true,
    small: false,
  },
  {
    what: 'rotation, tokens: two tabs, Lambda clocks 3 s apart',
    policy: { ...tokens, lifetime: 36, rotation },
    clock: [4, 18],
    tabs: 2,
    skew: 3,
    thief: false,
    small: false,
  },
  {
    what: 'rotation, every second around the grace, the idle timeout and the end',
    policy: { idle: 19, lifetime: 20, rotation },
    clock: [1, 7, 10],
    tabs: 1,
    thief: false,
    small: true,
  },
  {
    what: 'rotation, sliding idle timeout: one tab, a thief',
    policy: { ...sliding, lifetime: 40, rotation },
    clock: [18],
    tabs: 1,
    thief: true,
    small: true,
  },
  {
    what: 'rotation, tokens: one tab, a thief',
    policy: { ...tokens, rotation },
    clock: [10, 15],
    tabs: 1,
    thief: true,
    small: false,
  },
  {
    what: 'rotation, tokens: one tab, a thief, fewer moments',
    policy: { ...tokens, lifetime: 37, rotation },
    clock: [18],
    tabs: 1,
    thief: true,
    small: true,
  },
  {
    what: 'fixed secrets, sliding idle timeout: two tabs, a thief, Lambda clocks 1 s apart',
    policy: { ...sliding, rotation: 'fixed' },
    clock: [24, 25],
    tabs: 2,
    skew: 1,
    thief: true,
    small: true,
  },
  {
    what: 'fixed secrets, tokens: one tab, a thief, Lambda clocks 1 s apart',
    policy: { ...tokens, rotation: 'fixed' },
    clock: [24, 25],
    tabs: 1,
    skew: 1,
    thief: true,
    small: true,
  },
];

const onlySmall = Number(process.env.EFFORT ?? 1) < 1;
const chosen = searches.filter(({ small }) => small || !onlySmall);

describe('every reachable state of one session', () => {
  let states = 0;

  test.for(chosen)('keeps the rules: $what', async ({ what, small, ...bounds }) => {
    const seen = await search(await opened(bounds), stepsOf(bounds), nameOf);
    console.log(
      `${what}: ${seen.states} states, ${seen.transitions} transitions, depth ${seen.depth}`,
    );
    states += seen.states;
  });

  test('is one of more than 100,000 states', () => {
    expect(states).toBeGreaterThan(onlySmall ? 10_000 : 100_000);
  });
});
