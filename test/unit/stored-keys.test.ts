import fc from 'fast-check';
import { test as base, describe, expect } from 'vitest';
import { deriveKeys, type KeySource, type Keys } from '../../functions/core/keys/keys.ts';
import type { ReadSecret, SecretVersion } from '../../functions/core/keys/secrets-manager.ts';
import { type SecretIds, storedKeys } from '../../functions/core/keys/stored-keys.ts';
import { later } from '../../functions/core/time.ts';
import { now as noon } from '../support/session.ts';

const ids = { root: 'root-id', signing: 'signing-id' };
// As short as keys may be.
const root = 'root'.repeat(8);
const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** A version that was made some seconds after noon. */
function version(name: string, madeAt: number): SecretVersion {
  return { id: name, text: name.padEnd(32, '.'), createdAt: later(noon, madeAt) };
}

/** Secrets Manager with versions that can be rotated, and a connection that can break. */
function secretsManager() {
  const manager = {
    now: noon,
    broken: false,
    reads: 0,
    errors: [] as unknown[],
    root,
    current: version('first', -day),
    previous: undefined as SecretVersion | undefined,
  };
  const read: ReadSecret = async (id, label) => {
    manager.reads += 1;
    if (manager.broken) throw new Error('no answer');
    if (label !== 'AWSCURRENT') return label === 'AWSPREVIOUS' ? manager.previous : undefined;
    return id === ids.root ? { ...version('root', -day), text: manager.root } : manager.current;
  };
  /** A Lambda's keys, read by this wire. */
  const lambda = (by = read, secrets: SecretIds = ids) =>
    storedKeys({
      contract: 'ccstore',
      ids: secrets,
      read: by,
      onReadError: (error) => manager.errors.push(error),
      clock: () => manager.now,
    });
  /** Lets the clock show a second after noon. */
  const at = (second: number) => {
    manager.now = later(noon, second);
  };
  /** Moves AWSCURRENT to a version, and AWSPREVIOUS to where AWSCURRENT was. */
  const move = (to: SecretVersion) => {
    manager.previous = manager.current;
    manager.current = to;
  };
  const rotate = (name: string) => move(version(name, manager.now - noon));
  return Object.assign(manager, { lambda, at, move, rotate, read });
}

type Manager = ReturnType<typeof secretsManager>;

const test = base.extend('manager', () => secretsManager());

/** The names of the signing keys, the one that signs first. */
async function signing(keys: KeySource): Promise<string[]> {
  const known = (await keys()).signing;
  return known.map((key) => key.export().toString('utf8').replace(/\.+$/, ''));
}

/** Asks for the keys at a second after noon, and again once a reading in the background has ended. */
async function signingAt(second: number, manager: Manager, keys: KeySource): Promise<string[]> {
  manager.at(second);
  await keys();
  await settled();
  return signing(keys);
}

/** The keys of a Lambda that has read them. */
async function warm(manager: Manager): Promise<KeySource> {
  const keys = manager.lambda();
  await keys();
  return keys;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

const unavailable = (message?: string) => ({
  name: 'KeysUnavailable',
  message: 'the keys are unavailable',
  ...(message && { cause: { message } }),
});

describe('stored keys', () => {
  test('derive from the root key, and sign only with a named key', async ({ manager }) => {
    // Bytes, because all KeyObjects are equal to `expect`.
    const bytes = ({ signing: _, ...derived }: Keys) =>
      Object.entries(derived).map(([name, key]) => [name, key.export().toString('hex')]);
    expect(bytes(await manager.lambda()())).toEqual(bytes(deriveKeys('ccstore', { root })));
    expect(await signing(manager.lambda(manager.read, { root: ids.root }))).toEqual([]);
  });

  test('are read as the Lambda starts, and again after five minutes', async ({ manager }) => {
    const keys = manager.lambda();
    await settled();
    expect(manager.reads).toBe(3);
    for (const second of [0, 1, 299, 300, 301]) {
      await signingAt(second, manager, keys);
      expect(manager.reads).toBe(second < 300 ? 3 : 6);
    }
  });

  test('are read again by a clock that was set back', async ({ manager }) => {
    const keys = await warm(manager);
    manager.rotate('second');
    manager.at(-hour);
    expect(await signing(keys)).toContain('second');
  });

  test('sign at once with a first key', async ({ manager }) => {
    manager.current = version('only', 0);
    expect(await signing(manager.lambda())).toEqual(['only']);
  });

  test.for([
    { what: 'rotated 599 s ago', at: 599, keys: ['first', 'second'] },
    { what: 'rotated 600 s ago', at: 600, keys: ['second', 'first'] },
    { what: 'rotated twice', after: ['third'], at: 120, keys: ['second', 'third'] },
    { what: 'taken back', after: ['third', 'second'], at: 120, keys: ['second', 'third'] },
    { what: 'rotated twice in a second', after: ['fourth'], at: 120, keys: ['fourth', 'second'] },
  ])('sign with $keys.0 when it was $what', async ({ after = [], at, keys }, { manager }) => {
    for (const name of ['second', ...after]) manager.move(version(name, name === 'third' ? 30 : 0));
    manager.at(at);
    expect(await signing(manager.lambda())).toEqual(keys);
  });

  // Ten minutes count from the second in which it was made, or in which it was seen if that is late.
  test.for([
    { madeAt: 100, seen: [300, 600, 699, 700] },
    { madeAt: -59, seen: [300, 540, 541] },
    { madeAt: -minute, seen: [540, 840, 1140] },
    { madeAt: -day / 2, seen: [540, 840, 1140] },
  ])('sign with one of second $madeAt from the last of $seen on', async (row, { manager }) => {
    const { madeAt, seen } = row;
    const keys = await warm(manager);
    manager.move(version('second', madeAt));
    for (const second of seen) {
      const order = second === seen.at(-1) ? ['second', 'first'] : ['first', 'second'];
      expect(await signingAt(second, manager, keys)).toEqual(order);
    }
  });

  test('leave out a short previous key, once the current key signs', async ({ manager }) => {
    manager.move({ ...version('second', 0), text: 'short' });
    manager.rotate('third');
    manager.at(599);
    await expect(manager.lambda()()).rejects.toMatchObject(unavailable());
    manager.at(600);
    expect(await signing(manager.lambda())).toEqual(['third']);
  });

  const missing = 'a secret is missing, or has less than 32 characters';
  const shared = 'AWSCURRENT and AWSPREVIOUS are on one version';
  const first = version('first', -day);
  test.for([
    { what: 'no root key', set: { root: '' }, cause: missing },
    { what: 'a root key of 31 characters', set: { root: 'r'.repeat(31) }, cause: missing },
    { what: 'a short key', set: { current: { ...first, text: 's'.repeat(31) } }, cause: missing },
    { what: 'both labels on one version', set: { previous: first }, cause: shared },
    { what: 'no answer', set: { broken: true }, cause: 'no answer' },
  ])('are unavailable with $what, and quote no key', async ({ set, cause }, { manager }) => {
    Object.assign(manager, set);
    await expect(manager.lambda()()).rejects.toMatchObject(unavailable(cause));
  });
});

describe('labels that move during a reading', () => {
  /** A Lambda that first sees another version under AWSPREVIOUS. */
  function late(manager: Manager, seen: SecretVersion) {
    const stale = [seen];
    return manager.lambda(
      async (id, label) => (label === 'AWSPREVIOUS' && stale.pop()) || manager.read(id, label),
    );
  }

  test('are read again when both are on one version', async ({ manager }) => {
    manager.rotate('second');
    manager.at(hour);
    expect(await signing(late(manager, manager.current))).toEqual(['second', 'first']);
    expect(manager.reads).toBe(4);
  });

  test('change nothing in a warm Lambda until AWSPREVIOUS is seen', async ({ manager }) => {
    const keys = await warm(manager);
    manager.current = version('second', 5 * minute);
    expect(await signingAt(5 * minute, manager, keys)).toEqual(['first']);
  });

  test('are not trusted until the current version is a minute old', async ({ manager }) => {
    const before = manager.current;
    manager.rotate('second');
    manager.at(hour);
    const keys = await warm(manager);
    const moved = hour + 5 * minute;
    manager.at(moved);
    manager.rotate('third');
    const cause = 'the signing secret was rotated less than 60 seconds ago';
    for (const seconds of [-60, -59, 59, 60]) {
      manager.at(moved + seconds);
      const cold = signing(late(manager, before));
      if (Math.abs(seconds) < 60) await expect(cold).rejects.toMatchObject(unavailable(cause));
      else expect(await cold).toHaveLength(2);
    }
    expect(await signingAt(moved + 59, manager, keys)).toEqual(['second', 'first']);
    expect(await signingAt(moved + 69, manager, keys)).toEqual(['second', 'third']);
  });
});

describe('a Lambda that is frozen during a reading', () => {
  /** Keys that are first read while a rotation happens, right after a label was read. */
  function during(manager: Manager, seen: string, rotated: string, thawedAt: number) {
    let frozen = false;
    return manager.lambda(async (id, label) => {
      const read = await manager.read(id, label);
      if (frozen || id !== ids.signing || label !== seen) return read;
      frozen = true;
      manager.rotate(rotated);
      manager.at(thawedAt);
      return read;
    });
  }

  test('reads the current label first: so it sees a rotation after it', async ({ manager }) => {
    manager.rotate('second');
    manager.at(hour);
    const keys = during(manager, 'AWSCURRENT', 'third', hour + 5 * minute);
    expect(await signing(keys)).toEqual(['second', 'third']);
  });

  test('reads again what it began to read before', async ({ manager }) => {
    const keys = during(manager, 'AWSPREVIOUS', 'second', hour);
    expect(await signing(keys)).toEqual(['second', 'first']);
  });

  test('is unavailable when the second reading is too slow as well', async ({ manager }) => {
    const keys = manager.lambda((id, label) => {
      manager.now = later(manager.now, 9 * minute);
      return manager.read(id, label);
    });
    await expect(keys()).rejects.toMatchObject(unavailable('reading the keys took too long'));
  });
});

describe('while Secrets Manager does not answer', () => {
  test('a Lambda starts, and no failure is kept', async ({ manager }) => {
    manager.broken = true;
    const keys = manager.lambda();
    await settled();
    await expect(keys()).rejects.toMatchObject(unavailable());
    manager.broken = false;
    expect(await signing(keys)).toEqual(['first']);
  });

  test('keys are used for nine minutes, and not longer', async ({ manager }) => {
    const keys = await warm(manager);
    manager.broken = true;
    expect(await signingAt(9 * minute - 1, manager, keys)).toEqual(['first']);
    manager.at(9 * minute);
    await expect(keys()).rejects.toMatchObject(unavailable());
  });

  test('it is asked every ten seconds, and each failure is reported', async ({ manager }) => {
    const keys = await warm(manager);
    manager.broken = true;
    for (let second = 300; second < 400; second += 1) await signingAt(second, manager, keys);
    expect(manager.errors).toEqual(Array(10).fill(expect.objectContaining(unavailable())));
    // Two at a time: the previous version is read after the current one.
    expect(manager.reads).toBe(3 + 10 * 2);
  });
});

/** How late a reading may see a label, in seconds. */
const latest = minute;
/** Ten minutes after a label moved, every Lambda has seen it, and a new key signs. */
const published = 10 * minute;

/** The versions that have the labels from a moment on, in seconds of the day. */
interface Labels {
  readonly from: number;
  readonly current: SecretVersion;
  readonly previous?: SecretVersion;
}

/** `swap`: AWSCURRENT and AWSPREVIOUS change places, which takes a key back or puts it forward again. */
type Move = readonly [afterMinutes: number, move: 'rotate' | 'swap'];

const oldest: Labels = { from: -10 * day, current: version('A', -10 * day) };
const rotated: Labels = { ...oldest, current: version('B', -5 * day), previous: oldest.current };

/** The labels over a day. As in the runbook, a key is rotated only after ten minutes. */
function history(start: Labels, moves: readonly Move[]): readonly Labels[] {
  const labels = [start];
  let from = 0;
  for (const [afterMinutes, move] of moves) {
    from += afterMinutes * minute;
    const { current, previous } = labels.at(-1) ?? start;
    const young = from < current.createdAt - noon + published;
    if (from >= day || (move === 'rotate' ? young : !previous)) continue;
    const next = move === 'swap' && previous ? previous : version(`${from / minute}`, from);
    labels.push({ from, current: next, previous: current });
  }
  return labels;
}

/** When a Lambda is called, and whether its process is frozen between two calls. */
type Plan = readonly [callsAt: readonly number[], freezes: boolean];

const every = (seconds: number) =>
  Array.from({ length: Math.floor(day / seconds) }, (_, call) => call * seconds);

/** Warm Lambdas, some of which use their keys as long as possible; Lambdas frozen for hours; new ones. */
const fleet: readonly Plan[] = [
  [every(minute), false],
  [every(299), true],
  [every(539), false],
  [every(601), false],
  [every(3 * hour + 7), true],
  // The second call begins a reading in the background, which ends hours later.
  [every(4 * hour).flatMap((at) => [at, at + 301]), true],
  ...every(minute).map((start): Plan => [[start], false]),
];
const calls = fleet
  .flatMap(([callsAt, freezes], lambda) => callsAt.map((at) => ({ at, lambda, freezes })))
  .toSorted((one, other) => one.at - other.at);

/** Runs one day of the fleet, and describes everything that was wrong. */
async function wrongs(labels: readonly Labels[], tokenLife: number, seed: number) {
  const manager = secretsManager();
  let random = seed;
  // Each request is late by its own time; zero and the maximum are frequent.
  const late = () => {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.max(0, Math.min(latest, ((random >>> 8) % (2 * latest)) - latest / 2));
  };
  const at = (moment: number) => labels.findLast(({ from }) => from <= moment) ?? oldest;
  const start = () => {
    const lambda = { thawed: Promise.resolve(), thaw: () => {} };
    const keys = manager.lambda(async (id, label) => {
      if (id === ids.root) return version('root', -10 * day);
      const now = manager.now - noon;
      const seen = at(now - late());
      // A secret's first AWSPREVIOUS is seen at once: see "Limits" of storedKeys.
      const previous = seen.previous ?? at(now).previous;
      for (let ticks = 0; ticks < 5; ticks += 1) await undefined;
      await lambda.thawed;
      return label === 'AWSCURRENT' ? seen.current : previous;
    });
    return Object.assign(lambda, { keys });
  };
  const lambdas = new Map<number, ReturnType<typeof start>>();
  const signed = new Map<string, number>();
  const found: string[] = [];
  for (const { at: now, lambda: number, freezes } of calls) {
    manager.at(now);
    const lambda = lambdas.get(number) ?? start();
    lambdas.set(number, lambda);
    lambda.thaw();
    const ask = () => signing(lambda.keys).catch(() => undefined);
    // A client that gets 503 tries again: the reading may have begun before the freeze.
    const known = (await ask()) ?? (await ask());
    const { from, current, previous } = at(now);
    const labelled = [current.id, ...(previous ? [previous.id] : [])];
    const wrong = (what: string) => found.push(`after ${now} s Lambda ${number} ${what}`);
    for (const [key, until] of known ? signed : [])
      if (now < until && labelled.includes(key) && !known?.includes(key))
        wrong(`has ${known} and refuses a token of ${key}`);
    if (!known && now - from > latest) wrong('is unavailable');
    // Once every Lambda has read the labels, only they decide.
    if (known && now - from >= published && `${known}` !== `${labelled}`)
      wrong(`has ${known} while the labels name ${labelled}`);
    if (known) signed.set(known[0] ?? '', now + tokenLife);
    if (freezes) lambda.thawed = new Promise((resolve) => (lambda.thaw = resolve));
    else await settled();
  }
  return found;
}

test('a fleet refuses no live token over a day, whenever and however the labels move', async () => {
  // Later than any token lives: the key is taken back, put forward, and taken back again at once.
  const takenBack: Move[] = [
    [1, 'rotate'],
    ...[10 * 60, 9 * 60, 1].map((afterMinutes): Move => [afterMinutes, 'swap']),
  ];
  // A Lambda that is frozen in a reading reads AWSCURRENT before these moves, and AWSPREVIOUS after them.
  const backAndForth: Move[] = [
    [1, 'rotate'],
    [4, 'swap'],
    [1, 'rotate'],
    [1, 'swap'],
  ];
  const afterMinutes = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 400 }));
  const move = fc.tuple(afterMinutes, fc.constantFrom<Move[1][]>('rotate', 'swap'));
  const moves = fc.array(move, { minLength: 1, maxLength: 12 });
  const starts = fc.constantFrom(oldest, rotated);
  const lives = fc.constantFrom(930, 8 * hour);
  await fc.assert(
    fc.asyncProperty(starts, moves, lives, fc.nat(), async (start, made, tokenLife, seed) => {
      expect(await wrongs(history(start, made), tokenLife, seed)).toEqual([]);
    }),
    {
      numRuns: 4,
      examples: [
        [oldest, takenBack, 930, 1],
        [rotated, takenBack, 8 * hour, 1],
        [oldest, backAndForth, 930, 0],
      ],
    },
  );
});
