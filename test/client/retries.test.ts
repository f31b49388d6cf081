import { describe, expect, test } from 'vitest';
import { retrying } from '../../client/retry.ts';
import { runtimeWith } from '../../client/runtime.ts';
import { realRoutes, routesTo, serve } from '../local/wire.ts';
import { test as worldTest } from '../support/world.ts';
import {
  type Answer,
  clientOf,
  clients,
  clockwork,
  cuts,
  failingWire,
  opened,
  type Store,
  says,
  silent,
  timeOf,
  urlOf,
} from './support.ts';

const eos = clientOf('eos');

/** A client of `eos` on a wire that answers so. */
async function on(chances: readonly number[], ...answers: readonly Answer[]) {
  const wire = await failingWire(...answers);
  const clock = clockwork(...chances);
  const options = { url: wire.url, credentials: eos.credential, runtime: timeOf(clock) };
  return { wire, clock, options, refresh: eos.make(options) };
}

const failed = { outcome: 'retry-later', cause: 'status' } as const;
const fails = says(500, { message: 'Internal error', code: '9-1' });

describe('what may pass', () => {
  test.for([
    { what: 'a cut connection', answer: cuts },
    { what: 'an answer cut in the middle', answer: cutWithin },
    { what: 'a 500', answer: fails },
    { what: 'a 502 of a proxy', answer: says(502, '<html>Bad Gateway</html>') },
    { what: 'a 503 without a body', answer: says(503, '') },
    { what: 'a 429 of a proxy', answer: says(429, 'slow down') },
    { what: 'a 408', answer: says(408, { message: 'late', code: '9-9' }) },
    { what: 'a 425', answer: says(425, { message: 'early', code: '9-9' }) },
    { what: 'a 429', answer: says(429, { message: 'Too many requests', code: '9-4' }) },
  ])('is tried again: $what', async ({ answer }) => {
    const { wire, refresh } = await on([0.5], answer, answer, says(200, eos.granted));
    expect(await refresh()).toMatchObject({ outcome: 'refreshed', grant: eos.granted });
    expect(wire.reached).toHaveLength(3);
  });

  test('is tried again where nobody listens, and is then retry-later', async () => {
    const { options, wire } = await on([0.5], fails);
    wire.server.close();
    wire.server.closeAllConnections();
    expect(await eos.make(options)()).toEqual({ outcome: 'retry-later', cause: 'network' });
  });

  test('is tried four times, after full jitter under a ceiling that doubles', async () => {
    const { wire, clock, refresh } = await on([0.999, 0.25, 0], fails);
    expect(await refresh()).toEqual({ ...failed, status: 500 });
    expect(wire.reached).toHaveLength(4);
    expect(clock.slept).toEqual([0.999 * 500, 0.25 * 1000, 0]);
  });

  test('is tried under a ceiling that stops doubling', async () => {
    const { clock, options } = await on([1], fails);
    const patience = { attempts: 8, totalMs: 600_000 };
    await eos.make({ ...options, patience })();
    expect(clock.slept).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000]);
  });

  test.for([
    { what: 'network', tries: ['status', 'timeout', 'network'] },
    { what: 'timeout', tries: ['network', 'status', 'timeout'] },
    { what: 'status', tries: ['timeout', 'network', 'status'] },
  ] as const)('says what the last try came to: $what', async ({ what, tries }) => {
    let ring = () => {};
    // Its time is over as soon as the request is there.
    const answers = { status: fails, network: cuts, timeout: () => ring() };
    const { options } = await on([0], ...tries.map((each) => answers[each]));
    const timer = (_: number, each: () => void) => {
      ring = each;
      return () => undefined;
    };
    const runtime = { ...options.runtime, timer };
    const refresh = eos.make({ ...options, runtime, patience: { attempts: 3 } });
    expect(await refresh()).toMatchObject({ outcome: 'retry-later', cause: what });
  });

  test('is never tried past the time there is', async () => {
    const { wire, clock, options } = await on([1], fails);
    const patience = { attempts: 100, totalMs: 10_000 };
    expect(await eos.make({ ...options, patience })()).toEqual({ ...failed, status: 500 });
    expect(clock.slept).toEqual([500, 1000, 2000, 4000]);
    expect(wire.reached).toHaveLength(5);
  });

  test('leaves the client to the next refresh', async () => {
    const { refresh } = await on([0.5], cuts, cuts, cuts, cuts, says(200, eos.granted));
    expect(await refresh()).toEqual({ outcome: 'retry-later', cause: 'network' });
    expect(await refresh()).toMatchObject({ outcome: 'refreshed' });
  });

  test('is given up where an attempt takes too long, each for itself', async () => {
    const { wire, options } = await on([0], silent, silent, says(200, eos.granted));
    const patience = { attemptMs: 50 };
    expect(await eos.make({ ...options, patience })()).toMatchObject({ outcome: 'refreshed' });
    expect(wire.reached).toHaveLength(3);
  });

  test('is given up where all the time there is goes into one attempt', async () => {
    const { wire, options } = await on([0], silent);
    const patience = { attemptMs: 600_000, totalMs: 50 };
    const runtime = { ...options.runtime, elapsed: () => performance.now() };
    expect(await eos.make({ ...options, patience, runtime })()).toEqual({
      outcome: 'retry-later',
      cause: 'timeout',
    });
    expect(wire.reached).toHaveLength(1);
  });

  test('is given up where a body never ends', async () => {
    const begun: Answer = (response) => response.writeHead(200).write('{"expireTime":');
    const { options } = await on([0], begun);
    const patience = { attemptMs: 50, attempts: 2 };
    expect(await eos.make({ ...options, patience })()).toEqual({
      outcome: 'retry-later',
      cause: 'timeout',
    });
  });
});

describe('Retry-After', () => {
  const limited = (value: string, headers = {}) =>
    says(429, { message: 'Too many requests', code: '9-4' }, { 'Retry-After': value, ...headers });

  test('in seconds is waited, and the jitter after it', async () => {
    const { clock, refresh } = await on([0.5], limited('3'), says(200, eos.granted));
    expect(await refresh()).toMatchObject({ outcome: 'refreshed' });
    expect(clock.slept).toEqual([3000 + 250]);
  });

  test('as a date is waited by the server’s clock', async () => {
    const { clock, refresh } = await on(
      [0],
      limited('Wed, 21 Oct 2015 07:28:07 GMT', { Date: 'Wed, 21 Oct 2015 07:28:00 GMT' }),
      says(200, eos.granted),
    );
    await refresh();
    expect(clock.slept).toEqual([7000]);
  });

  test('longer than the time there is ends the refresh at once, and is told', async () => {
    const { wire, clock, refresh } = await on([0.5], limited('86400'));
    expect(await refresh()).toEqual({ ...failed, status: 429, retryAfter: 86_400 });
    expect(clock.slept).toEqual([]);
    expect(wire.reached).toHaveLength(1);
  });

  test('of the last answer is what is told', async () => {
    const { refresh } = await on([0], limited('1'), limited('2'), limited('1'), limited('4'));
    expect(await refresh()).toEqual({ ...failed, status: 429, retryAfter: 4 });
  });

  test('of s360’s 403 is waited too', async () => {
    const s360 = clientOf('s360');
    const { status, headers = {}, body } = s360.contract.refuse('over-rate', 'id');
    const wire = await failingWire(says(status, body, headers), says(200, s360.granted));
    const clock = clockwork(0);
    const options = { url: wire.url, credentials: s360.credential, runtime: timeOf(clock) };
    expect(await s360.make(options)()).toMatchObject({ outcome: 'refreshed' });
    expect(status).toBe(403);
    expect(clock.slept).toEqual([1000]);
  });
});

describe('a lost answer', () => {
  worldTest.for(clients)(
    'of $name is asked for with the same credential',
    async (client, { world }) => {
      const { contract, make } = client;
      const behind = realRoutes(world).find((route) => route.contract === contract);
      const events: unknown[] = [];
      let lost = 0;
      const served = await serve(
        routesTo(async (event, context) => {
          events.push([event.body, event.headers.authorization]);
          const answer = await behind?.handler(event, context);
          if (!answer) throw new Error('there is no such handler');
          return answer;
        }),
      );
      const runtime = {
        ...timeOf(clockwork(0)),
        // The service has refreshed the session by then.
        fetch: async (request: Request) => {
          const response = await fetch(request);
          if (lost++ < 2) throw new TypeError('fetch failed');
          return response;
        },
      };
      const credentials = await opened(client, world);
      const refresh = make({ url: urlOf(served, contract), credentials, runtime });
      expect(await refresh()).toMatchObject({ outcome: 'refreshed' });
      expect(events).toHaveLength(3);
      expect(events).toEqual([events[0], events[0], events[0]]);
    },
  );
});

describe('a signal', () => {
  test('that is aborted already sends nothing', async () => {
    const { wire, refresh } = await on([0], fails);
    await expect(refresh({ signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
    expect(wire.reached).toEqual([]);
  });

  test('ends a request that is under way, and its connection', async () => {
    const controller = new AbortController();
    const closed = Promise.withResolvers<void>();
    const { options } = await on([0], (response) => {
      response.once('close', () => closed.resolve());
      controller.abort('enough');
    });
    const refresh = eos.make({ ...options, patience: { attemptMs: 600_000, totalMs: 600_000 } });
    await expect(refresh({ signal: controller.signal })).rejects.toBe('enough');
    await closed.promise;
  });

  test('that is aborted before the store has answered sends nothing', async () => {
    const { wire, options } = await on([0], says(200, eos.granted));
    const reads = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let read = 0;
    const slow: Store = {
      read: async () => {
        await reads[read++]?.promise;
        return { credential: eos.credential };
      },
      write: () => undefined,
    };
    const refresh = eos.make({ ...options, credentials: slow });
    const controller = new AbortController();
    const left = refresh({ signal: controller.signal });
    controller.abort('enough');
    await expect(left).rejects.toBe('enough');
    for (const { resolve } of reads) resolve();
    await refresh();
    expect(wire.reached).toHaveLength(1);
  });

  test('ends a pause', async () => {
    const controller = new AbortController();
    const { wire, options } = await on([0.5], fails);
    const refresh = eos.make({
      ...options,
      runtime: {
        sleep: (milliseconds, signal) => {
          setImmediate(() => controller.abort('enough'));
          return new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
            expect(milliseconds).toBeLessThan(500);
          });
        },
      },
    });
    await expect(refresh({ signal: controller.signal })).rejects.toBe('enough');
    expect(wire.reached).toHaveLength(1);
  });
});

describe('retrying', () => {
  test('says what the first attempt that says something says', async () => {
    const said = [{ ...failed }, { outcome: 'ended' as const, code: '3-2' }];
    const patience = {
      attempts: 4,
      attemptMs: 1000,
      totalMs: 1000,
      firstPauseMs: 1,
      longestPauseMs: 1,
    };
    const { signal } = new AbortController();
    const attempt = async () => said.shift() ?? failed;
    expect(await retrying(attempt, patience, runtimeWith(clockwork(0)), signal)).toEqual({
      outcome: 'ended',
      code: '3-2',
    });
  });
});

/** Promises more than it gives. */
function cutWithin(...[response]: Parameters<Answer>): void {
  response.writeHead(200, { 'Content-Length': '1000' }).write('{"expireTime":');
  setImmediate(() => response.destroy());
}
