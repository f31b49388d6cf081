import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KeySource } from '../../functions/core/keys/keys.ts';
import type { SecretVersion } from '../../functions/core/keys/secrets-manager.ts';
import { storedKeys } from '../../functions/core/keys/stored-keys.ts';
import { epochSeconds, later } from '../../functions/core/time.ts';

const noon = epochSeconds(Date.UTC(2026, 0, 15, 12) / 1000);
const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
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
interface Move {
  readonly afterMinutes: number;
  readonly move: 'rotate' | 'swap';
}

function version(name: string, createdAt: number): SecretVersion {
  return { id: name, text: name.padEnd(64, '.'), createdAt: later(noon, createdAt) };
}

const oldest = version('A', -10 * day);
const first: Labels = { from: -10 * day, current: oldest };
const rotated: Labels = { from: -5 * day, current: version('B', -5 * day), previous: oldest };

/** The labels over a day. As in the runbook, a key is rotated only after ten minutes. */
function history(start: Labels, moves: readonly Move[]): readonly Labels[] {
  const labels = [start];
  let from = 0;
  for (const { afterMinutes, move } of moves) {
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
interface Plan {
  readonly callsAt: readonly number[];
  readonly freezes: boolean;
}

function every(seconds: number, freezes = false): Plan {
  const callsAt = Array.from({ length: Math.floor(day / seconds) }, (_, n) => n * seconds);
  return { callsAt, freezes };
}

/** Warm Lambdas, some of which use their keys as long as possible; Lambdas frozen for hours; new ones. */
const fleet: readonly Plan[] = [
  every(minute),
  every(299, true),
  every(539),
  every(601),
  every(3 * hour + 7, true),
  // The second call begins a reading in the background, which ends hours later.
  { callsAt: every(4 * hour).callsAt.flatMap((at) => [at, at + 301]), freezes: true },
  ...every(minute).callsAt.map((start) => ({ callsAt: [start], freezes: false })),
];
const calls = fleet
  .flatMap((plan, lambda) => plan.callsAt.map((at) => ({ at, lambda, freezes: plan.freezes })))
  .toSorted((one, other) => one.at - other.at);

/** Runs one day of the fleet, and describes everything that was wrong. */
async function wrongs(labels: readonly Labels[], tokenLife: number, seed: number) {
  let now = 0;
  let random = seed;
  // Each request is late by its own time; zero and the maximum are frequent.
  const late = () => {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.max(0, Math.min(latest, ((random >>> 8) % (2 * latest)) - latest / 2));
  };
  const at = (moment: number) => labels.findLast(({ from }) => from <= moment) ?? first;
  const start = () => {
    const lambda = { thawed: Promise.resolve(), thaw: () => {} };
    const keys = storedKeys({
      contract: 'ccstore',
      ids: { root: 'root', signing: 'signing' },
      onReadError: () => {},
      clock: () => later(noon, now),
      async read(id, label) {
        if (id === 'root') return version('root', -10 * day);
        const seen = at(now - late());
        // A secret's first AWSPREVIOUS is seen at once: see "Limits" of storedKeys.
        const previous = seen.previous ?? at(now).previous;
        for (let ticks = 0; ticks < 5; ticks += 1) await undefined;
        await lambda.thawed;
        return label === 'AWSCURRENT' ? seen.current : previous;
      },
    });
    return Object.assign(lambda, { keys });
  };
  const lambdas = new Map<number, ReturnType<typeof start>>();
  const signed = new Map<string, number>();
  const found: string[] = [];
  for (const call of calls) {
    now = call.at;
    const lambda = lambdas.get(call.lambda) ?? start();
    lambdas.set(call.lambda, lambda);
    lambda.thaw();
    // A client that gets 503 tries again: the reading may have begun before the freeze.
    const known = (await names(lambda.keys)) ?? (await names(lambda.keys));
    const { from, current, previous } = at(now);
    const labelled = [current.id, ...(previous ? [previous.id] : [])];
    const wrong = (what: string) => found.push(`after ${now} s Lambda ${call.lambda} ${what}`);
    for (const [key, until] of known ? signed : [])
      if (now < until && labelled.includes(key) && !known?.includes(key))
        wrong(`has ${known} and refuses a token of ${key}`);
    if (!known && now - from > latest) wrong('is unavailable');
    // Once every Lambda has read the labels, only they decide.
    if (known && now - from >= published && `${known}` !== `${labelled}`)
      wrong(`has ${known} while the labels name ${labelled}`);
    if (known) signed.set(known[0] ?? '', now + tokenLife);
    if (call.freezes) lambda.thawed = new Promise((resolve) => (lambda.thaw = resolve));
    else await new Promise((resolve) => setImmediate(resolve));
  }
  return found;
}

async function names(keys: KeySource): Promise<string[] | undefined> {
  const known = await keys().catch(() => undefined);
  return known?.signing.map((key) => key.export().toString('utf8').replace(/\.+$/, ''));
}

/** Later than any token lives: the key is taken back, put forward, and taken back again at once. */
const takenBack: Move[] = [
  { afterMinutes: 1, move: 'rotate' },
  { afterMinutes: 10 * 60, move: 'swap' },
  { afterMinutes: 9 * 60, move: 'swap' },
  { afterMinutes: 1, move: 'swap' },
];

/** A Lambda that is frozen in a reading reads AWSCURRENT before these moves, and AWSPREVIOUS after them. */
const backAndForth: Move[] = [
  { afterMinutes: 1, move: 'rotate' },
  { afterMinutes: 4, move: 'swap' },
  { afterMinutes: 1, move: 'rotate' },
  { afterMinutes: 1, move: 'swap' },
];

test('a fleet refuses no live token over a day, whenever and however the labels move', async () => {
  const afterMinutes = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 400 }));
  const move = fc.constantFrom<Move['move'][]>('rotate', 'swap');
  const moves = fc.array(fc.record({ afterMinutes, move }), { minLength: 1, maxLength: 12 });
  const starts = fc.constantFrom(first, rotated);
  const lives = fc.constantFrom(930, 8 * hour);
  const seeds = fc.nat();
  await fc.assert(
    fc.asyncProperty(starts, moves, lives, seeds, async (start, made, tokenLife, seed) => {
      expect(await wrongs(history(start, made), tokenLife, seed)).toEqual([]);
    }),
    {
      numRuns: 4,
      examples: [
        [first, takenBack, 930, 1],
        [rotated, takenBack, 8 * hour, 1],
        [first, backAndForth, 930, 0],
      ],
    },
  );
});
