import { describe, expect, test } from 'vitest';
import { keepFresh } from '../../client/keep-fresh.ts';
import type { Outcome } from '../../client/outcome.ts';
import type { Refresh } from '../../client/refresher.ts';
import { clockwork } from './support.ts';

type Result = Outcome<string, string>;
const ended: Result = { outcome: 'ended', code: '3-2' };
const failed: Result = { outcome: 'retry-later', cause: 'network' };
const hour = { ...failed, retryAfter: 3600 };
const refreshed = (expiresIn: number) => ({ outcome: 'refreshed', grant: '', expiresIn }) as const;
/** As good as one, which `Math.random` never returns. */
const one = 0.999_999_999_999;

interface Options {
  readonly random?: number;
  readonly expiresIn?: number;
  /** Turns the wall clock alone, in such a step of a wait. */
  readonly turn?: { readonly step: number; readonly by: number };
}

/** Keeps a session whose refreshes have these outcomes, and then the end; tells when each was made. */
async function kept(outcomes: readonly Result[], { random = one, turn, ...options }: Options = {}) {
  const clock = clockwork(random);
  const rest = [...outcomes];
  const [at, asked, told]: [number[], unknown[], unknown[]] = [[], [], []];
  const refresh: Refresh<string, string> = async ({ maxAge } = {}) => {
    at.push(Math.round(clock.elapsed() - 1000) / 1000);
    asked.push(maxAge);
    return rest.shift() ?? ended;
  };
  const sleep: typeof clock.sleep = (milliseconds, signal) => {
    if (clock.slept.length + 1 === turn?.step) clock.turn(turn.by);
    return clock.sleep(milliseconds, signal);
  };
  const onOutcome = (outcome: unknown) => told.push(outcome);
  const end = await keepFresh(refresh, { ...options, runtime: { ...clock, sleep }, onOutcome });
  const gaps = at.slice(1).map((moment, index) => moment - (at[index] ?? 0));
  return { at, gaps, asked, told, end, slept: clock.slept };
}

describe('keepFresh', () => {
  const two = [refreshed(1800), refreshed(930)];
  const wakes = { step: 3, by: 8 * 3_600_000 };
  const setBack = { step: 1, by: -8 * 3_600_000 };
  type Row = [what: string, at: number[], outcomes: readonly Result[], options?: Options];
  test.for<Row>([
    ['at once, then after 60 % of what is left', [0, 1080, 1638], two, { random: 0 }],
    ['at once, then after 70 % of what is left', [0, 1260, 1911], two, { random: 0.5 }],
    ['at once, then after 80 % of what is left', [0, 1440, 2184], two],
    ['first by what the login gave', [700], [], { random: 0.5, expiresIn: 1000 }],
    ['first within five minutes for NaN', [210], [], { random: 0.5, expiresIn: Number.NaN }],
    ['first within five minutes for infinity', [240], [], { expiresIn: Number.POSITIVE_INFINITY }],
    ['before the end, 12 s away', [0, 9.6], [refreshed(12)]],
    ['before the end, 1.5 s away', [0, 1.2], [refreshed(1.5)]],
    // Eight hours that only the wall clock counts, because timers stand still.
    ['when the machine wakes', [180], [], { expiresIn: 1800, turn: wakes }],
    ['by no clock that is set back', [1440], [], { expiresIn: 1800, turn: setBack }],
  ])('refreshes %s', async ([, at, outcomes, options]) => {
    expect((await kept(outcomes, options)).at).toEqual(at);
  });

  test('waits for months in steps that a timer can count', async () => {
    const { at, slept } = await kept([], { random: 0, expiresIn: 45 * 86_400 });
    expect(at).toEqual([27 * 86_400]);
    expect(Math.max(...slept)).toBeLessThan(2 ** 31);
  });

  test('reports every outcome, resolves with the end, and reuses answers of other tabs', async () => {
    const outcomes = [refreshed(1000), failed, refreshed(1000)];
    const { told, end, asked } = await kept(outcomes, { random: 0.5 });
    expect(told).toEqual([...outcomes, ended]);
    expect(end).toEqual(ended);
    // No answer that is older than half of the wait.
    expect(asked).toEqual([0, 350, 7.5, 350]);
  });

  test.for([0, -5, 0.001])('never hurries: %d seconds left', async (seconds) => {
    for (const random of [0, one])
      for (const gap of (await kept(Array(10).fill(refreshed(seconds)), { random })).gaps)
        expect(gap).toBeCloseTo(10 * (1 + random), 2);
  });

  const rejected: Result = { outcome: 'rejected', status: 404, code: '9-6' };
  const longer = [20, 40, 80, 160, 300, 300, 300];
  const four = [hour, { ...hour, retryAfter: 3660 }, refreshed(1000), failed];
  const within = (expiresIn: number) => [{ ...hour, expiresIn }];
  test.for<Row>([
    ['ever longer after retry-later', longer, Array(7).fill(failed), { expiresIn: 100_000 }],
    ['ever longer after rejected', longer, Array(7).fill(rejected), { expiresIn: 100_000 }],
    ['ten seconds at least', [10, 10], [failed, rejected], { expiresIn: 100_000, random: 0 }],
    ['for Retry-After while there is time', [3620, 3700, 800, 20], four, { expiresIn: 1e6 }],
    ['for a fifth of 600 s, and starts over', [120, 96, 800, 20], four, { expiresIn: 3000 }],
    ['for a fifth of 186 s, and starts over', [37.2, 29.76, 800, 20], four, { expiresIn: 930 }],
    ['for a fifth of five minutes if the rest is unknown', [60, 60, 800, 20], four],
    ['by the expiresIn of a retry-later', [20], within(100)],
    // It is zero, and the session may still be alive.
    ['by no expiresIn that is zero', [60], within(0)],
    ['by the expiresIn, if it is shorter', [20], within(100), { expiresIn: 1000 }],
    ['by the rest, if that is shorter', [40], within(900), { expiresIn: 1000 }],
  ])('waits %s', async ([, gaps, outcomes, options]) => {
    expect((await kept(outcomes, options)).gaps).toEqual(gaps.map((gap) => expect.closeTo(gap, 2)));
  });

  test('tries more often towards the end, and spreads its tries', async () => {
    for (const random of [0, one]) {
      const { at } = await kept(Array(60).fill(hour), { random, expiresIn: 1000 });
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

  const steps = ['the start', 'refresh', 'onOutcome', 'sleep'] as const;
  test.for(steps)('resolves with nothing when it is stopped in %s', async (last) => {
    const controller = new AbortController();
    const clock = clockwork(0.5);
    const seen: string[] = [];
    const reach = (step: (typeof steps)[number]) => {
      seen.push(step);
      if (step === last) controller.abort();
    };
    const refresh: Refresh<string, string> = async () => {
      reach('refresh');
      return refreshed(1800);
    };
    const sleep: typeof clock.sleep = (milliseconds, signal) => {
      reach('sleep');
      return clock.sleep(milliseconds, signal);
    };
    reach('the start');
    const runtime = { ...clock, sleep };
    const options = { signal: controller.signal, runtime, onOutcome: () => reach('onOutcome') };
    expect(await keepFresh(refresh, options)).toBeUndefined();
    expect(seen).toEqual(steps.slice(0, steps.indexOf(last) + 1));
  });

  test('rejects with what the store throws', async () => {
    const error = new Error('of the store');
    await expect(keepFresh(() => Promise.reject(error))).rejects.toBe(error);
  });
});
