import { afterAll, describe, expect, test, vi } from 'vitest';
import type { Policy } from '../../functions/core/session/policy.ts';
import { clientOf } from '../client/support.ts';
import { type Device, simulatedDevice, type Tab } from './simulated-device.ts';
import { blank, simulatedService, troubles, type World } from './simulated-service.ts';
import { seeded, virtualTime } from './virtual-time.ts';

// The project's client against the real handlers in virtual time, with everything that goes wrong
// between them. `SEED=2000040 npx vitest run test/properties/simulation -t 'alive: eos, a grace of 10'`
// repeats one client and prints its requests.

const effort = Number(process.env.EFFORT ?? 1);
vi.setConfig({ testTimeout: 60_000 * Math.max(1, effort) });
const chosenSeed = process.env.SEED;
const note = chosenSeed ? console.log : () => undefined;
const minute = 60_000;
const hour = 60 * minute;
/** An honest client is watched for this long, and a theft until it is found out. */
const [watched, day] = [hour, 24 * hour];
const lifetime = watched / 1000;

const rows = [
  ...['fixed' as const, ...[10, 60, 300].map((grace) => ({ grace }))].flatMap((rotation) => [
    { name: 'eos', policy: { idle: 30 * 60, lifetime, rotation } },
    { name: 'ccstore', policy: { idle: { token: 930 }, lifetime, rotation } },
  ]),
  { name: 's360', policy: { idle: 30 * 60, lifetime, rotation: 'fixed' } as const },
].map((row, at) => {
  const { rotation } = row.policy;
  const how = rotation === 'fixed' ? 'fixed' : `a grace of ${rotation.grace} s`;
  return { ...row, how, firstSeed: at * 1_000_000 };
});
type Row = Pick<(typeof rows)[number], 'name'> & { readonly policy: Policy };

/** Runs clients of a row, or the one that is repeated, until some have problems, and gives these. */
async function problemsOf(
  { firstSeed }: (typeof rows)[number],
  count: number,
  run: (seed: number) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (let at = 0; at < (chosenSeed ? 1 : count * effort) && problems.length <= 5; at += 1) {
    const seed = chosenSeed ? Number(chosenSeed) : firstSeed + at;
    problems.push(...(await run(seed)).map((problem) => `SEED=${seed}: ${problem}`));
  }
  return problems;
}

describe('a client that does nothing wrong', () => {
  const counts = blank();

  test.for(rows)('is never refused while its session is alive: $name, $how', async (row) => {
    expect(await problemsOf(row, 35, (seed) => honest(seed, row, counts))).toEqual([]);
  });

  afterAll(() => {
    console.log(JSON.stringify(counts));
    if (chosenSeed || effort < 1) return;
    // What the promise is about has happened.
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(5);
  });
});

describe('a thief with a copied secret', () => {
  const rotating = rows.filter(({ policy }) => policy.rotation !== 'fixed');

  test.for(rotating)('ends the session when both go on: $name, $how', async (row) => {
    const policy = { ...row.policy, lifetime: day / 1000 };
    const found = await problemsOf(row, 16, async (seed) => {
      const { problems, revokedBy } = await stolen(seed, { ...row, policy }, useAtRandom);
      return revokedBy() === 'reuse-detected' ? problems : [...problems, 'never found out'];
    });
    expect(found).toEqual([]);
  });

  test('is not found out while both refresh within one grace of each other', async () => {
    // keepFresh alone refreshes after 558 to 744 s, so the two are never further apart than the grace.
    const policy = { idle: { token: 930 }, lifetime: 4 * lifetime, rotation: { grace: 465 } };
    const keep = (_: World, device: Device) => void device.openTab();
    for (let seed = 0; seed < 5; seed += 1) {
      const counts = blank();
      const { problems, ...is } = await stolen(seed, { name: 'ccstore', policy }, keep, counts);
      expect([problems, is.deadUses(), is.revokedBy()]).toEqual([[], 0, undefined]);
      expect(counts.rotated).toBeGreaterThan(15);
    }
  });
});

/** One user: several tabs, outages, lost answers, frozen tabs, and clocks that are wrong. */
async function honest(seed: number, row: Row, counts: World['counts']) {
  const random = seeded(seed);
  /** From none to three outages, of one second up to 25 minutes. */
  const outages = Array.from({ length: Math.floor(random.between(0, 4)) }, () => {
    const from = random.between(0, watched);
    return { from, until: from + random.spread(1000, 25 * minute), trouble: random.of(troubles) };
  });
  const { world, service, device } = await begun(row, { random, outages, noise: 0.05, counts });
  const { problems } = service;
  const { time } = world;
  useAtRandom(world, device);
  for (const tab of device.tabs) if (random.happens(0.3)) freeze(world, tab);
  if (random.happens(0.1)) time.after(random.between(0, watched), () => time.work(service.revoke));
  await time.run(2 * watched, () => device.ended() !== undefined || problems.length > 0);

  if (service.revokedBy() === 'reuse-detected') problems.push('taken for a theft');
  const expired = service.expired();
  if (expired !== undefined && couldRefresh(expired, outages, device))
    problems.push(`left to expire at ${expired} ms`);
  return problems;
}

/** A user, and a thief who has copied the credential in the store: both use the project's client. */
async function stolen(seed: number, row: Row, use: typeof useAtRandom, counts = blank()) {
  const [random, readsDate] = [seeded(seed), true];
  const noise = use === useAtRandom ? 0.05 : 0;
  const own = { random, outages: [], noise, counts };
  const { world, service, device } = await begun(row, own, { readsDate });
  const { time } = world;
  use(world, device);
  time.after(random.between(0, hour), () => {
    const credential = device.credential();
    time.after(random.spread(10, 2 * minute), () => {
      const thief = { by: 'the thief', shares: false, credential, readsDate } as const;
      use(world, simulatedDevice(world, service, { ...traitsOf(world), ...thief }));
    });
  });
  const { problems } = service;
  await time.run(day, () => service.revokedBy() !== undefined || problems.length > 0);
  await time.run(time.now() + minute);
  if (service.deadUses() > 2) problems.push(`found out after ${service.deadUses()} uses`);
  return service;
}

function traitsOf({ random }: World) {
  return {
    hasLocks: random.happens(0.5),
    hasChannel: random.happens(0.8),
    readsDate: random.happens(0.5),
    storageDelay: random.of([0, 20, 200]),
  };
}

/** A service, and the device of its user. */
async function begun(
  { name, policy }: Row,
  own: Pick<World, 'random' | 'outages' | 'noise' | 'counts'>,
  traits = {},
) {
  const world: World = { ...own, time: virtualTime(), client: clientOf(name), policy, note };
  const service = await simulatedService(world);
  const credential = world.client.credentialOf(service.held);
  const user = { by: 'the user', shares: true, credential, ...traits } as const;
  const device = simulatedDevice(world, service, { ...traitsOf(world), ...user });
  return { world, service, device };
}

/** Tabs that are opened and closed at any moment, refreshes by hand, and a clock that is wrong. */
function useAtRandom(world: World, device: Device): void {
  const { time, random } = world;
  device.openTab();
  const others = Math.floor(random.between(0, 4));
  for (let at = 0; at < others; at += 1)
    time.after(random.between(0, hour), () => {
      const tab = device.openTab();
      // The first tab stays, so that somebody keeps the session.
      if (random.happens(0.5)) time.after(random.spread(100, hour), tab.close);
      if (random.happens(0.3)) freeze(world, tab);
    });
  device.setClock(random.between(-hour, hour));
  if (random.happens(0.3))
    time.after(random.between(0, hour), () => device.setClock(random.between(-hour, hour)));

  const byHand = () => {
    const calls = random.happens(0.3) ? 3 : 1;
    for (let at = 0; at < calls; at += 1)
      time.after(random.of([0, 0, 5, 500, 15_000]), () => {
        const tab = device.tabs[Math.floor(random.between(0, device.tabs.length))];
        if (tab?.runsSince() !== undefined)
          void tab.refresh(random.happens(0.3) ? { maxAge: 30 } : {});
      });
    time.after(random.spread(30_000, 2 * hour), byHand);
  };
  time.after(random.spread(1000, hour), byHand);
}

/** Stops a tab for a while, as a browser does with one in the background. */
function freeze({ time, random }: World, tab: Tab): void {
  time.after(random.between(0, hour), () => tab.freeze(random.spread(1000, hour / 2)));
}

/** Whether the service answered, and a tab ran, for long enough before the session expired. */
function couldRefresh(expired: number, outages: World['outages'], { tabs }: Device): boolean {
  const from = expired - 100_000;
  const answered = outages.every((outage) => outage.until < from || outage.from > expired);
  return answered && tabs.some((tab) => (tab.runsSince() ?? Number.POSITIVE_INFINITY) < from);
}
