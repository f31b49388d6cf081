import { describe, expect, test } from 'vitest';
import { keepFresh } from '../../client/keep-fresh.ts';
import type { Outcome } from '../../client/outcome.ts';
import type { Refresh } from '../../client/refresher.ts';
import { type Clockwork, clockwork } from './support.ts';

const ended: Outcome<string, string> = { outcome: 'ended', code: '3-2' };
const failed: Outcome<string, string> = { outcome: 'retry-later', cause: 'network' };
const hour = { ...failed, retryAfter: 3600 };
const refreshed = (expiresIn: number) => ({ outcome: 'refreshed', grant: '', expiresIn }) as const;
/** As good as one, which `Math.random` never returns. */
const one = 0.999_999_999_999;

/** Keeps a session whose refreshes have these outcomes, and then the end; tells when each was made. */
async function kept(
  random: number,
  outcomes: readonly Outcome<string, string>[],
  { sleepOf, ...options }: { expiresIn?: number; sleepOf?: (clock: Clockwork) => Sleep } = {},
) {
  const clock = clockwork(random);
  const rest = [...outcomes];
  const [at, asked, told]: [number[], unknown[], unknown[]] = [[], [], []];
  const refresh: Refresh<string, string> = async ({ maxAge } = {}) => {
    at.push(Math.round(clock.elapsed() - 1000) / 1000);
    asked.push(maxAge);
    return rest.shift() ?? ended;
  };
  const runtime = { ...clock, sleep: sleepOf?.(clock) ?? clock.sleep };
  const onOutcome = (outcome: unknown) => told.push(outcome);
  const end = await keepFresh(refresh, { ...options, runtime, onOutcome });
  const gaps = at.slice(1).map((moment, index) => moment - (at[index] ?? 0));
  return { at, gaps, asked, told, end };
}

type Sleep = Clockwork['sleep'];

describe('keepFresh', () => {
  test.for([
    { random: 0, at: [0, 1080, 1638] },
    { random: 0.5, at: [0, 1260, 1911] },
    { random: 1, at: [0, 1440, 2184] },
  ])('refreshes at once, and after 60 to 80 % of what is left: $random', async ({ random, at }) => {
    expect((await kept(random, [refreshed(1800), refreshed(930)])).at).toEqual(at);
  });

  test.for([
    { what: 'that the login gave', expiresIn: 1000, at: 700 },
    { what: 'of five minutes for NaN', expiresIn: Number.NaN, at: 210 },
    { what: 'of five minutes for infinity', expiresIn: Number.POSITIVE_INFINITY, at: 210 },
  ])('waits first by an expiresIn $what', async ({ expiresIn, at }) => {
    expect((await kept(0.5, [], { expiresIn })).at).toEqual([at]);
  });

  test('reports every outcome, resolves with the end, and reuses answers of other tabs', async () => {
    const outcomes = [refreshed(1000), failed, refreshed(1000)];
    const { told, end, asked } = await kept(0.5, outcomes);
    expect(told).toEqual([...outcomes, ended]);
    expect(end).toEqual(ended);
    // No answer that is older than half of the wait.
    expect(asked).toEqual([0, 350, 7.5, 350]);
  });

  test.for([0, -5, 0.001])('never hurries: %d seconds left', async (seconds) => {
    for (const random of [0, one])
      for (const gap of (await kept(random, Array(10).fill(refreshed(seconds)))).gaps)
        expect(gap).toBeCloseTo(10 * (1 + random), 2);
  });

  test.for([12, 5, 1.5])('refreshes before the end: %d seconds left', async (seconds) => {
    expect((await kept(one, [refreshed(seconds)])).at[1]).toBeCloseTo(seconds * 0.8, 5);
  });

  test('waits for months in steps that a timer can count', async () => {
    const seconds = 90 * 24 * 60 * 60;
    let longest = 0;
    const sleepOf = (clock: Clockwork) => async (milliseconds: number) => {
      longest = Math.max(longest, milliseconds);
      clock.pass(milliseconds);
    };
    expect((await kept(0, [], { expiresIn: seconds, sleepOf })).at).toEqual([seconds * 0.6]);
    expect(longest).toBeLessThan(2 ** 31);
  });

  test.for([
    { what: 'retry-later', outcome: failed },
    { what: 'rejected', outcome: { outcome: 'rejected', status: 404, code: '9-6' } as const },
  ])('slows down after $what, from ten seconds to five minutes', async ({ outcome }) => {
    const options = { expiresIn: 100_000 };
    const { gaps } = await kept(one, Array(7).fill(outcome), options);
    expect(gaps.map(Math.round)).toEqual([20, 40, 80, 160, 300, 300, 300]);
    expect((await kept(0, [outcome, outcome], options)).gaps).toEqual([10, 10]);
  });

  test.for([
    { what: 'Retry-After while there is time', expiresIn: 1e6, gaps: [3620, 3700] },
    { what: 'a fifth of 600 s', expiresIn: 3000, gaps: [120, 96] },
    { what: 'a fifth of 186 s', expiresIn: 930, gaps: [37.2, 29.76] },
    { what: 'a fifth of five minutes if the rest is unknown', gaps: [60, 60] },
  ])('waits for $what, and starts over after a refresh', async ({ gaps, ...options }) => {
    const outcomes = [hour, { ...hour, retryAfter: 3660 }, refreshed(1000), failed];
    expect((await kept(one, outcomes, options)).gaps).toEqual(
      [...gaps, 800, 20].map((gap) => expect.closeTo(gap, 2)),
    );
  });

  test.for([
    { what: 'it alone', given: {}, expiresIn: 100, gap: 20 },
    // It is zero, and the session may still be alive.
    { what: 'none where it is zero', given: {}, expiresIn: 0, gap: 60 },
    { what: 'it, if it is shorter', given: { expiresIn: 1000 }, expiresIn: 100, gap: 20 },
    { what: 'the rest, if that is shorter', given: { expiresIn: 1000 }, expiresIn: 900, gap: 40 },
  ])('goes by the expiresIn of a retry-later: $what', async ({ given, expiresIn, gap }) => {
    expect((await kept(one, [{ ...hour, expiresIn }], given)).gaps[0]).toBeCloseTo(gap, 2);
  });

  test('tries more often towards the end, and spreads its tries', async () => {
    for (const random of [0, one]) {
      const { at } = await kept(random, Array(60).fill(hour), { expiresIn: 1000 });
      const left = at.map((moment) => 1000 - moment).filter((seconds) => seconds > 0);
      for (const [index, seconds] of left.slice(1).entries()) {
        const before = left[index] ?? 0;
        // The service's `Retry-After` is a second.
        const gap = Math.max(1, (before / 5) * (0.5 + 0.5 * random));
        expect(before - seconds).toBeCloseTo(gap, 1);
      }
      expect(left.at(-1)).toBeLessThanOrEqual(1);
    }
  });

  test.for([
    // Eight hours that only the wall clock counts, because timers stand still.
    { what: 'wakes with the machine that sleeps', step: 3, turn: 8 * 3_600_000, at: 180 },
    { what: 'ignores a wall clock that is set back', step: 1, turn: -8 * 3_600_000, at: 1260 },
  ])('$what', async ({ step, turn, at }) => {
    let steps = 0;
    const sleepOf = (clock: Clockwork) => (milliseconds: number, signal: AbortSignal) => {
      steps += 1;
      if (steps === step) clock.turn(turn);
      return clock.sleep(milliseconds, signal);
    };
    expect((await kept(0.5, [], { expiresIn: 1800, sleepOf })).at).toEqual([at]);
  });

  test.for([
    { when: 'before', calls: [] },
    { when: 'during a wait', calls: ['refresh', 'onOutcome'] },
    { when: 'during a refresh', calls: ['refresh'] },
    { when: 'in onOutcome', calls: ['refresh', 'onOutcome'] },
  ])('resolves with nothing when it is stopped $when', async ({ when, calls }) => {
    const controller = new AbortController();
    const abort = (now: string) => now === when && controller.abort();
    const clock = clockwork(0.5);
    const called: string[] = [];
    abort('before');
    const refresh: Refresh<string, string> = async () => {
      called.push('refresh');
      abort('during a refresh');
      return refreshed(1800);
    };
    const sleep: Sleep = (milliseconds, signal) => {
      abort('during a wait');
      return clock.sleep(milliseconds, signal);
    };
    const onOutcome = () => {
      called.push('onOutcome');
      abort('in onOutcome');
    };
    const options = { signal: controller.signal, runtime: { ...clock, sleep }, onOutcome };
    expect(await keepFresh(refresh, options)).toBeUndefined();
    expect(called).toEqual(calls);
  });

  test('rejects with what the store throws', async () => {
    const error = new Error('of the store');
    await expect(keepFresh(() => Promise.reject(error))).rejects.toBe(error);
  });
});
