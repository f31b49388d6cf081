import { describe, expect, onTestFinished, test } from 'vitest';
import { keepFresh } from '../../client/keep-fresh.ts';
import type { Outcome } from '../../client/outcome.ts';
import type { Refresh } from '../../client/refresher.ts';
import { runtimeWith } from '../../client/runtime.ts';
import { later } from '../../functions/core/time.ts';
import { realRoutes, serve } from '../local/wire.ts';
import { noon, test as worldTest } from '../support/world.ts';
import {
  type Clockwork,
  clients,
  clockwork,
  failingWire,
  opened,
  type Store,
  says,
  timeOf,
  urlOf,
} from './support.ts';

type Said = Outcome<string, string>;

const ended: Said = { outcome: 'ended', code: '3-2' };
const failed: Said = { outcome: 'retry-later', cause: 'network' };
const refreshed = (expiresIn: number): Said => ({ outcome: 'refreshed', grant: '', expiresIn });

/** Says one thing after the other, then that the session ended; when it was asked, by the clock. */
function script(clock: Clockwork, ...said: readonly Said[]) {
  const rest = [...said];
  const at: number[] = [];
  const asked: unknown[] = [];
  const refresh: Refresh<string, string> = async (options) => {
    at.push(Math.round(clock.elapsed()) - 1000);
    asked.push(options?.maxAge);
    return rest.shift() ?? ended;
  };
  return { refresh, at, asked };
}

/** The seconds between two moments. */
function gapsIn(at: readonly number[]): number[] {
  return at.slice(1).map((moment, index) => (moment - (at[index] ?? 0)) / 1000);
}

describe('keepFresh', () => {
  test('refreshes at once, and then after 60 to 80 % of what is left', async () => {
    for (const [chance, first, second] of [
      [0, 1080, 1638],
      [0.5, 1260, 1911],
      [1, 1440, 2184],
    ] as const) {
      const clock = clockwork(chance);
      const { refresh, at } = script(clock, refreshed(1800), refreshed(930));
      await keepFresh(refresh, { runtime: timeOf(clock) });
      expect(at).toEqual([0, first * 1000, second * 1000]);
    }
  });

  test('waits first where the login said how long the session holds', async () => {
    const clock = clockwork(0.5);
    const { refresh, at } = script(clock, ended);
    await keepFresh(refresh, { expiresIn: 1000, runtime: timeOf(clock) });
    expect(at).toEqual([700_000]);
  });

  test('tells every outcome, and resolves with the end', async () => {
    const clock = clockwork(0);
    const said = [refreshed(100), failed, refreshed(100)];
    const heard: Said[] = [];
    const { refresh } = script(clock, ...said);
    const runtime = timeOf(clock);
    const end = await keepFresh(refresh, { runtime, onOutcome: (each) => heard.push(each) });
    expect(end).toEqual(ended);
    expect(heard).toEqual([...said, ended]);
  });

  test.for([0, -5, 0.001])('never hurries: %d seconds left', async (seconds) => {
    for (const chance of [0, 0.999]) {
      const clock = clockwork(chance);
      const { refresh, at } = script(
        clock,
        ...Array.from({ length: 10 }, () => refreshed(seconds)),
      );
      await keepFresh(refresh, { runtime: timeOf(clock) });
      const gaps = at.slice(1).map((moment, index) => moment - (at[index] ?? 0));
      // Tabs that saw it at the same moment do not come back at the same moment.
      for (const gap of gaps) expect(gap).toBeCloseTo(10_000 * (1 + chance), -1);
    }
  });

  test.for([12, 5, 1.5])('refreshes before the end: %d seconds left', async (seconds) => {
    const clock = clockwork(0.999_999_999);
    const { refresh, at } = script(clock, refreshed(seconds));
    await keepFresh(refresh, { runtime: timeOf(clock) });
    expect(at).toEqual([0, seconds * 800]);
  });

  test.for([Number.NaN, Number.POSITIVE_INFINITY])(
    'takes %d seconds for five minutes',
    async (seconds) => {
      const clock = clockwork(0.5);
      const { refresh, at } = script(clock, ended);
      await keepFresh(refresh, { expiresIn: seconds, runtime: timeOf(clock) });
      expect(at).toEqual([210_000]);
    },
  );

  test('waits for months in naps that no timer is too short for', async () => {
    const clock = clockwork(0);
    const { refresh, at } = script(clock, ended);
    const seconds = 90 * 24 * 60 * 60;
    await keepFresh(refresh, { expiresIn: seconds, runtime: timeOf(clock) });
    expect(at).toEqual([seconds * 600]);
    expect(Math.max(...clock.slept)).toBeLessThan(2 ** 31);
  });

  test.for([
    { what: 'retry-later', said: failed },
    { what: 'rejected', said: { outcome: 'rejected', status: 404, code: '9-6' } as const },
  ])('goes on after $what, ever more slowly up to five minutes', async ({ said }) => {
    const clock = clockwork(0.999_999_999);
    const { refresh, at } = script(clock, ...Array.from({ length: 7 }, () => said));
    await keepFresh(refresh, { expiresIn: 100_000, runtime: timeOf(clock) });
    expect(gapsIn(at)).toEqual([20, 40, 80, 160, 300, 300, 300]);
  });

  test('waits at least ten seconds after a failure far from the end', async () => {
    const clock = clockwork(0);
    const { refresh, at } = script(clock, failed, { outcome: 'rejected' });
    await keepFresh(refresh, { runtime: timeOf(clock) });
    expect(at).toEqual([0, 10_000, 20_000]);
  });

  const hour = { ...failed, retryAfter: 3600 };

  test.for([
    { what: 'what the service asked of a session with time', holds: 1e6, gaps: [3620, 3700] },
    { what: 'a fifth of 600 s', holds: 3000, gaps: [120, 96] },
    { what: 'a fifth of 186 s', holds: 930, gaps: [37.2, 29.76] },
    { what: 'a fifth of five minutes where nobody knows', holds: undefined, gaps: [60, 60] },
  ])('waits for $what, and starts over after a refresh', async ({ holds, gaps }) => {
    const clock = clockwork(0.999_999_999_999);
    const again = { ...hour, retryAfter: 3660 };
    const { refresh, at } = script(clock, hour, again, refreshed(1000), failed);
    await keepFresh(refresh, { ...(holds && { expiresIn: holds }), runtime: timeOf(clock) });
    expect(gapsIn(at)).toEqual([...gaps, 800, 20]);
  });

  test.for([
    { what: 'the store knows it', said: { ...hour, expiresIn: 100 }, gap: 20 },
    { what: 'it is longer over than it could be', said: { ...hour, expiresIn: 0 }, gap: 60 },
  ])('believes what a refresh says is left: $what', async ({ said, gap }) => {
    const clock = clockwork(0.999_999_999_999);
    const { refresh, at } = script(clock, said);
    await keepFresh(refresh, { runtime: timeOf(clock) });
    expect(gapsIn(at)).toEqual([gap]);
  });

  test('tries ever more often as the end comes near, and spreads its tries', async () => {
    for (const chance of [0, 0.999_999_999]) {
      const clock = clockwork(chance);
      const { refresh, at } = script(clock, ...Array.from({ length: 60 }, () => hour));
      await keepFresh(refresh, { expiresIn: 1000, runtime: timeOf(clock) });
      const before = at.map((moment) => 1000 - moment / 1000).filter((left) => left > 0);
      const gaps = before.slice(1).map((left, index) => (before[index] ?? 0) - left);
      for (const [index, gap] of gaps.entries())
        expect(gap).toBeCloseTo(Math.max(1, (before[index] ?? 0) / 5) * (0.5 + 0.5 * chance), 2);
      expect(before.at(-1)).toBeLessThanOrEqual(1);
    }
  });

  test('wakes with the machine: a timer stands still while it sleeps', async () => {
    const clock = clockwork(0.5);
    const { refresh, at } = script(clock, ended);
    let naps = 0;
    const sleep: Clockwork['sleep'] = (milliseconds, signal) => {
      naps += 1;
      // Eight hours, of which the monotonic clock knows nothing.
      if (naps === 3) clock.set(clock.now() + 8 * 60 * 60_000);
      return clock.sleep(milliseconds, signal);
    };
    await keepFresh(refresh, { expiresIn: 1800, runtime: { ...timeOf(clock), sleep } });
    expect(at).toEqual([180_000]);
  });

  test('is not held up by a wall clock that is set back', async () => {
    const clock = clockwork(0.5);
    const { refresh, at } = script(clock, ended);
    const sleep: Clockwork['sleep'] = async (milliseconds, signal) => {
      await clock.sleep(milliseconds, signal);
      clock.set(0);
    };
    await keepFresh(refresh, { expiresIn: 1800, runtime: { ...timeOf(clock), sleep } });
    expect(at).toEqual([1_260_000]);
  });

  test('asks for no answer older than half of its wait', async () => {
    const clock = clockwork(0.5);
    const { refresh, asked } = script(clock, refreshed(1000));
    await keepFresh(refresh, { runtime: timeOf(clock) });
    expect(asked).toEqual([0, 350]);
  });

  test.for(['before', 'during the wait', 'during the refresh', 'by what it tells'])(
    'resolves with nothing where it is stopped: %s',
    async (when) => {
      const controller = new AbortController();
      const clock = clockwork(0.5);
      const heard: Said[] = [];
      let refreshes = 0;
      if (when === 'before') controller.abort();
      const end = await keepFresh<string, string>(
        async () => {
          refreshes += 1;
          if (when === 'during the refresh') controller.abort();
          return refreshed(1800);
        },
        {
          signal: controller.signal,
          runtime: {
            ...timeOf(clock),
            sleep: (milliseconds, signal) => {
              if (when === 'during the wait') controller.abort();
              return clock.sleep(milliseconds, signal);
            },
          },
          onOutcome: (outcome) => {
            heard.push(outcome);
            if (when === 'by what it tells') controller.abort();
          },
        },
      );
      expect(end).toBeUndefined();
      expect(refreshes).toBe(when === 'before' ? 0 : 1);
      expect(heard).toHaveLength(when === 'before' || when === 'during the refresh' ? 0 : 1);
    },
  );

  test('rejects with what the store throws', async () => {
    const error = new Error('of the store');
    await expect(keepFresh(() => Promise.reject(error))).rejects.toBe(error);
  });

  worldTest.for(clients)(
    'keeps $name for its lifetime, and hears its end',
    async (client, { world }) => {
      const clock = clockwork(0.3, 0.7, 0.1, 0.9);
      const credentials = await opened(client, world);
      const url = urlOf(await serve(realRoutes(world)), client.contract);
      const runtime = {
        ...timeOf(clock),
        // The world's clock is the service's: as it turns, so does that.
        fetch: async (request: Request) => {
          world.now = later(noon, Math.floor((clock.elapsed() - 1000) / 1000));
          const { status, body, headers } = await fetch(request);
          const dated = new Headers(headers);
          dated.set('date', new Date(world.now * 1000).toUTCString());
          return new Response(body, { status, headers: dated });
        },
      };
      let refreshes = 0;
      const end = await keepFresh(client.make({ url, credentials, runtime }), {
        runtime,
        onOutcome: ({ outcome }) => {
          refreshes += Number(outcome === 'refreshed');
        },
      });
      expect(end).toMatchObject({ outcome: 'ended' });
      const { lifetime } = client.contract.policy;
      expect(world.now - noon).toBeGreaterThanOrEqual(lifetime);
      expect(world.now - noon).toBeLessThan(lifetime + 60);
      const life = client.name === 'ccstore' ? 930 : 1800;
      expect(refreshes).toBeGreaterThan(lifetime / (0.8 * life));
      expect(refreshes).toBeLessThan(lifetime / (0.6 * life) + 12);
    },
  );

  test('shares the work of two tabs', async () => {
    const [eos] = clients;
    if (!eos) throw new Error('there is no client');
    const clock = clockwork(0.2, 0.9, 0.4, 0.6);
    const kept: { now: Awaited<ReturnType<Store['read']>> } = {
      now: { credential: eos.credential },
    };
    const store: Store = {
      read: () => kept.now,
      write: (next) => {
        kept.now = next;
      },
    };
    const wire = await failingWire((response, request) => {
      const expireTime = clock.now() + 1_800_000;
      const date = new Date(clock.now()).toUTCString();
      says(200, { ...eos.granted, expireTime }, { Date: date })(response, request);
    });
    const controller = new AbortController();
    const { signal } = controller;
    const outcomes: string[] = [];
    const over = clock.elapsed() + 12 * 60 * 60_000;
    await Promise.all(
      [0, 1].map(() => {
        // Each tab naps for itself, on one clock: it turns by a second while both do.
        const sleep: Clockwork['sleep'] = async (milliseconds, signal) => {
          for (const until = clock.elapsed() + milliseconds; clock.elapsed() < until; )
            await clock.sleep(1000, signal);
        };
        const runtime = { ...timeOf(clock), sleep };
        const refresh = eos.make({ url: wire.url, credentials: store, runtime });
        return keepFresh(refresh, {
          signal,
          runtime,
          onOutcome: ({ outcome }) => {
            outcomes.push(outcome);
            if (clock.elapsed() > over) controller.abort();
          },
        });
      }),
    );
    expect(new Set(outcomes)).toEqual(new Set(['refreshed']));
    // Half of what was heard came from the other tab, or nearly so.
    expect(wire.reached.length).toBeLessThan(0.7 * outcomes.length);
  });
});

describe('the platform’s own sleep', () => {
  const { sleep } = runtimeWith();

  test('is never over at once for a time that no timer can count', async () => {
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    const overflown = sleep(2 ** 31 + 5, controller.signal).then(() => 'overflown');
    const short = sleep(20, controller.signal).then(() => 'short');
    overflown.catch(() => undefined);
    expect(await Promise.race([overflown, short])).toBe('short');
  });

  test('rejects with the reason of its signal, before and within', async () => {
    await expect(sleep(1, AbortSignal.abort('before'))).rejects.toBe('before');
    const controller = new AbortController();
    const asleep = sleep(100_000, controller.signal);
    controller.abort('within');
    await expect(asleep).rejects.toBe('within');
  });
});
