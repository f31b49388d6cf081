import { describe, expect, test } from 'vitest';
import { ccstore } from '../../client/ccstore.ts';
import { inMemory, type Kept } from '../../client/credentials.ts';
import { keepFresh } from '../../client/keep-fresh.ts';
import type { Runtime } from '../../client/runtime.ts';
import { type Clockwork, clockwork, timeOf } from './support.ts';

/** How long a token of `ccstore` holds, in seconds. */
const life = 930;

/** What a service that is out does to a request. */
type Failure = (request: Request, alarms: Alarms) => Response | Promise<Response>;

const failures: Readonly<Record<string, Failure>> = {
  'a 503 with Retry-After: 3600': () =>
    new Response('', { status: 503, headers: { 'Retry-After': '3600' } }),
  'a 503 with Retry-After: 25': () =>
    new Response('', { status: 503, headers: { 'Retry-After': '25' } }),
  'no network': () => {
    throw new TypeError('Failed to fetch');
  },
  // Only the client's own patience ends it, after ten seconds.
  silence: ({ signal }, alarms) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      setImmediate(() => alarms.ringNext());
    }),
};

/** Timers of a clock that a test turns. */
interface Alarms extends Pick<Runtime, 'timer'> {
  /** Turns the clock to the next one. */
  ringNext(): void;
}

function alarmsOf(clock: Clockwork): Alarms {
  const set = new Set<{ readonly at: number; readonly ring: () => void }>();
  return {
    timer(milliseconds, ring) {
      const alarm = { at: clock.elapsed() + milliseconds, ring };
      set.add(alarm);
      return () => set.delete(alarm);
    },
    ringNext() {
      const [next] = [...set].sort((one, other) => one.at - other.at);
      if (!next) return;
      set.delete(next);
      clock.pass(Math.max(0, next.at - clock.elapsed()));
      next.ring();
    },
  };
}

/** The same numbers for the same seed, at least 0, less than 1. */
function chances(seed: number): number[] {
  let state = seed;
  return Array.from({ length: 499 }, () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  });
}

/** Seconds since the clock was made. */
function secondsOf(clock: Clockwork): number {
  return (clock.elapsed() - 1000) / 1000;
}

/** A `ccstore` service that is out for some seconds, once, from the first request after a moment. */
function service(clock: Clockwork, outage: Outage, failure: Failure) {
  const alarms = alarmsOf(clock);
  let endsAt = outage.tokenEndsAt ?? 0;
  let outUntil: number | undefined;
  return {
    timer: alarms.timer,
    fetch: async (request: Request) => {
      const now = secondsOf(clock);
      if (outUntil === undefined && now >= outage.after) outUntil = now + outage.lasts;
      if (outUntil !== undefined && now < outUntil) return failure(request, alarms);
      if (endsAt > 0 && now >= endsAt)
        return Response.json({ status: '401', errorCode: '90003' }, { status: 401 });
      endsAt = now + life;
      return Response.json({ access_token: 'token', token_type: 'bearer', expires_in: life });
    },
  };
}

/** When a service is out, in seconds from the client's start. */
interface Outage {
  readonly after: number;
  readonly lasts: number;
  /** Until when the token holds that the client starts with; it starts with a new one otherwise. */
  readonly tokenEndsAt?: number;
}

/** Whether a client still has its session an hour later. */
async function survives(
  seed: number,
  outage: Outage,
  failure: Failure,
  last?: Kept<unknown, { access_token: string; token_type: string; expires_in: number }>['last'],
): Promise<boolean> {
  // The first chance makes the client refresh as late as it ever does.
  const clock = clockwork(0.999_999, ...chances(seed));
  const credentials = inMemory<{ accessToken: string }, typeof grant>();
  await credentials.write({ credential: { accessToken: 'token' }, ...(last && { last }) });
  const runtime = { ...timeOf(clock), ...service(clock, outage, failure) };
  const refresh = ccstore({ url: 'http://127.0.0.1/', credentials, runtime });
  const controller = new AbortController();
  const end = await keepFresh(refresh, {
    runtime,
    signal: controller.signal,
    onOutcome: () => secondsOf(clock) > 3600 && controller.abort(),
  });
  return end === undefined;
}

const grant = { access_token: 'token', token_type: 'bearer', expires_in: life };

describe('an outage', () => {
  const rows = Object.entries(failures).flatMap(([how, failure]) => [
    // A client that refreshes at 80 % of 930 s has 186 s left.
    // What is silent to the end may have an attempt wait for ten seconds more.
    ...[66, how === 'silence' ? 16 : 6].map((left) => ({
      how,
      failure,
      what: `that leaves ${left} s of a session`,
      outage: { after: 700, lasts: 186 - left },
      last: undefined,
    })),
    {
      how,
      failure,
      what: 'that a page is opened in, and leaves 66 s of a session that it does not know of',
      outage: { after: 0, lasts: 120, tokenEndsAt: 186 },
      last: undefined,
    },
    {
      how,
      failure,
      what: 'that a page is opened in, and leaves 16 s of a session in its store',
      outage: { after: 0, lasts: 170, tokenEndsAt: 186 },
      last: { at: Date.UTC(2026, 0, 15, 12) - 744_000, grant, expiresIn: life },
    },
  ]);

  test.for(rows)('of $how $what logs out none of 400', async ({ failure, outage, last }) => {
    const seeds = Array.from({ length: 400 }, (_, seed) => seed);
    const lost = [];
    for (const seed of seeds) if (!(await survives(seed, outage, failure, last))) lost.push(seed);
    expect(lost).toEqual([]);
  });
});
