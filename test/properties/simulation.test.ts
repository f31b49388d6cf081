import { afterAll, describe, expect, test, vi } from 'vitest';
import type { Policy } from '../../functions/core/session/policy.ts';
import { type Client, clientOf } from '../client/support.ts';
import { type Device, simulatedDevice, type Tab } from './simulated-device.ts';
import {
  blank,
  type Counts,
  type Outage,
  type Service,
  simulatedService,
  troubles,
  type World,
} from './simulated-service.ts';
import { type Random, seeded, virtualTime } from './virtual-time.ts';

// The project's client against the real handlers in virtual time, with everything that goes wrong
// between them. `SEED=2000040 npx vitest run test/properties/simulation -t 'alive: eos, a grace of 10'`
// repeats one client and prints its requests.

const effort = Number(process.env.EFFORT ?? 1);
vi.setConfig({ testTimeout: 60_000 * Math.max(1, effort) });
const chosenSeed = process.env.SEED;
const note = chosenSeed ? console.log : () => undefined;
const minute = 60_000;
const hour = 60 * minute;
const graces = [10, 60, 300];
/** An honest client is watched for this long, and a theft until it is found out. */
const [watched, day] = [hour, 24 * hour];
const lifetime = watched / 1000;

const policies: readonly { name: string; policy: Policy }[] = [
  ...['fixed' as const, ...graces.map((grace) => ({ grace }))].flatMap((rotation) => [
    { name: 'eos', policy: { idle: 30 * 60, lifetime, rotation } },
    { name: 'ccstore', policy: { idle: { token: 930 }, lifetime, rotation } },
  ]),
  { name: 's360', policy: { idle: 30 * 60, lifetime, rotation: 'fixed' } },
];
const rows = policies.map(({ name, policy }) => ({
  name,
  policy,
  how: policy.rotation === 'fixed' ? 'fixed' : `a grace of ${policy.rotation.grace} s`,
}));
const isFixed = ({ policy }: { readonly policy: Policy }) => policy.rotation === 'fixed';
const rotating = rows.filter((row) => !isFixed(row));

/** The numbers of the clients of a row; one alone where a failure is repeated. */
function seedsOf(row: object, all: readonly object[], count: number): readonly number[] {
  if (chosenSeed) return [Number(chosenSeed)];
  const first = all.indexOf(row as never) * 1_000_000;
  return Array.from({ length: Math.ceil((count * effort) / all.length) }, (_, at) => first + at);
}

describe('a client that does nothing wrong', () => {
  const everything = blank();
  let runs = 0;

  test.for(rows)('is never refused while its session is alive: $name, $how', async (row) => {
    const seeds = seedsOf(row, rows, 1000);
    const total = await sum(seeds, (seed) => honest(seed, clientOf(row.name), row.policy));
    console.log(`${row.name}, ${row.how}: ${seeds.length} clients`, JSON.stringify(total));
    expect(total.problems).toEqual([]);
    runs += 1;
    add(everything, total);
  });

  afterAll(() => {
    if (runs < rows.length || effort < 1) return;
    // What the promise is about has happened.
    const { answersLost, rotated, replayed, skipped, settling } = everything;
    for (const count of [answersLost, rotated, replayed, skipped, settling])
      expect(count).toBeGreaterThan(10);
  });
});

describe('a thief with a copied secret', () => {
  test.for(rotating)('ends the session when both go on: $name, $how', async (row) => {
    const seeds = seedsOf(row, rotating, 100);
    const policy = { ...row.policy, lifetime: day / 1000 };
    const total = await sum(seeds, async (seed) => {
      const { counts, revokedBy } = await stolen(seed, clientOf(row.name), policy, useAtRandom);
      if (revokedBy() !== 'reuse-detected') counts.problems.push('never found out');
      return told(seed, counts);
    });
    console.log(`${row.name}, ${row.how}: ${seeds.length} thefts`, JSON.stringify(total));
    expect(total.problems).toEqual([]);
  });

  test('is not found out while both refresh within one grace of each other', async () => {
    // keepFresh alone refreshes after 558 to 744 s, so the two are never further apart than the grace.
    const policy = { idle: { token: 930 }, lifetime: 4 * lifetime, rotation: { grace: 465 } };
    const keep = (_: World, device: Device) => void device.openTab();
    for (let seed = 0; seed < 5; seed += 1) {
      const { counts, revokedBy } = await stolen(seed, clientOf('ccstore'), policy, keep);
      expect([counts.problems, counts.deadUses, revokedBy()]).toEqual([[], 0, undefined]);
      expect(counts.rotated).toBeGreaterThan(15);
    }
  });
});

/** One user: several tabs, outages, lost answers, frozen tabs, and clocks that are wrong. */
async function honest(seed: number, client: Client, policy: Policy): Promise<Counts> {
  const random = seeded(seed);
  const time = virtualTime();
  const outages = outagesOf(random);
  const world = { time, random, client, policy, outages, noise: 0.05, note };
  const service = await simulatedService(world);
  const { counts } = service;
  const device = userDevice(world, service);
  useAtRandom(world, device);
  for (const tab of device.tabs) if (random.happens(0.3)) freeze(world, tab);
  if (random.happens(0.1)) time.after(random.between(0, watched), () => time.work(service.revoke));
  await time.run(2 * watched, () => device.ended() !== undefined || counts.problems.length > 0);

  if (service.revokedBy() === 'reuse-detected') counts.problems.push('taken for a theft');
  const expired = service.expired();
  if (expired !== undefined && couldRefresh(expired, outages, device))
    counts.problems.push(`left to expire at ${expired} ms`);
  return told(seed, counts);
}

/** A user, and a thief who has copied the credential in the store: both use the project's client. */
async function stolen(seed: number, client: Client, policy: Policy, use: typeof useAtRandom) {
  const random = seeded(seed);
  const time = virtualTime();
  const noise = use === useAtRandom ? 0.05 : 0;
  const world = { time, random, client, policy, outages: [], noise, note };
  const service = await simulatedService(world);
  const { counts } = service;
  const device = userDevice(world, service, { readsDate: true });
  use(world, device);
  time.after(random.between(0, hour), () => {
    const credential = device.credential();
    time.after(random.spread(10, 2 * minute), () => {
      const own = { by: 'the thief', shares: false, credential, readsDate: true } as const;
      use(world, simulatedDevice(world, service, { ...traitsOf(random), ...own }));
    });
  });
  await time.run(day, () => service.revokedBy() !== undefined || counts.problems.length > 0);
  await time.run(time.now() + minute);
  if (counts.deadUses > 2) counts.problems.push(`found out after ${counts.deadUses} uses`);
  return service;
}

function told(seed: number, { problems, ...counts }: Counts): Counts {
  return { ...counts, problems: problems.map((problem) => `SEED=${seed}: ${problem}`) };
}

/** From none to three outages, of one second up to 25 minutes. */
function outagesOf(random: Random): Outage[] {
  return Array.from({ length: Math.floor(random.between(0, 4)) }, () => {
    const from = random.between(0, watched);
    return { from, until: from + random.spread(1000, 25 * minute), trouble: random.of(troubles) };
  });
}

function traitsOf(random: Random) {
  return {
    hasLocks: random.happens(0.5),
    hasChannel: random.happens(0.8),
    readsDate: random.happens(0.5),
    storageDelay: random.of([0, 20, 200]),
  };
}

function userDevice(world: World, service: Service, traits = {}): Device {
  const credential = world.client.credentialOf(service.held);
  const own = { by: 'the user', shares: true, credential, ...traits } as const;
  return simulatedDevice(world, service, { ...traitsOf(world.random), ...own });
}

/** Tabs that are opened and closed at any moment, refreshes by hand, and a clock that is wrong. */
function useAtRandom({ time, random }: World, device: Device): void {
  device.openTab();
  const others = Math.floor(random.between(0, 4));
  for (let at = 0; at < others; at += 1)
    time.after(random.between(0, hour), () => {
      const tab = device.openTab();
      // The first tab stays, so that somebody keeps the session.
      if (random.happens(0.5)) time.after(random.spread(100, hour), tab.close);
      if (random.happens(0.3)) freeze({ time, random }, tab);
    });
  device.setClock(random.between(-hour, hour));
  if (random.happens(0.3))
    time.after(random.between(0, hour), () => device.setClock(random.between(-hour, hour)));

  const byHand = () => {
    const calls = random.happens(0.3) ? 3 : 1;
    for (let at = 0; at < calls; at += 1)
      time.after(random.of([0, 0, 5, 500, 15_000]), () => {
        const tab = random.of(device.tabs);
        if (tab.runsSince() !== undefined)
          void tab.refresh(random.happens(0.3) ? { maxAge: 30 } : {});
      });
    time.after(random.spread(30_000, 2 * hour), byHand);
  };
  time.after(random.spread(1000, hour), byHand);
}

/** Stops a tab for a while, as a browser does with one in the background. */
function freeze({ time, random }: Pick<World, 'time' | 'random'>, tab: Tab): void {
  time.after(random.between(0, hour), () => tab.freeze(random.spread(1000, hour / 2)));
}

/** Whether the service answered, and a tab ran, for long enough before the session expired. */
function couldRefresh(expired: number, outages: readonly Outage[], { tabs }: Device): boolean {
  const from = expired - 100_000;
  const answered = outages.every((outage) => outage.until < from || outage.from > expired);
  return answered && tabs.some((tab) => (tab.runsSince() ?? Number.POSITIVE_INFINITY) < from);
}

async function sum(
  seeds: readonly number[],
  run: (seed: number) => Promise<Counts>,
): Promise<Counts> {
  const total = blank();
  for (const seed of seeds) {
    const counts = await run(seed);
    add(total, counts);
    if (total.problems.length > 5) break;
  }
  return total;
}

function add(total: Counts, counts: Counts): void {
  for (const name of namesOf(total)) total[name] += counts[name];
  total.problems.push(...counts.problems);
}

function namesOf(counts: Counts): readonly Exclude<keyof Counts, 'problems'>[] {
  const { problems: _, ...numbers } = counts;
  return Object.keys(numbers) as Exclude<keyof Counts, 'problems'>[];
}
