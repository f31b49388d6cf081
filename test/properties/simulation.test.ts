import { afterAll, describe, expect, test, vi } from 'vitest';
import type { Policy } from '../../functions/core/session/policy.ts';
import { clientOf } from '../client/support.ts';
import { type Device, simulatedDevice, type Tab } from './simulated-device.ts';
import { counts, type Simulation, simulatedService, troubles } from './simulated-service.ts';
import { type Random, seeded, virtualTime } from './virtual-time.ts';

// The project's client against the real handlers in virtual time, with everything that goes wrong
// between them. `SEED=2000040 npx vitest run test/properties/simulation -t 'alive: eos, a grace of 10'`
// repeats one client and prints what it is told.

const effort = Number(process.env.EFFORT ?? 1);
vi.setConfig({ testTimeout: 60_000 * Math.max(1, effort) });
const chosenSeed = process.env.SEED;
const minute = 60_000;
const hour = 60 * minute;
/** An honest client is watched for an hour, which is its session's lifetime in seconds. */
const lifetime = 3600;

const rows = [
  ...['fixed' as const, ...[10, 60, 300].map((grace) => ({ grace }))].flatMap((rotation) => [
    { name: 'eos', policy: { idle: 30 * 60, lifetime, rotation } },
    { name: 'ccstore', policy: { idle: { token: 930 }, lifetime, rotation } },
  ]),
  { name: 's360', policy: { idle: 30 * 60, lifetime, rotation: 'fixed' as const } },
].map((row, at) => {
  const { rotation } = row.policy;
  const how = rotation === 'fixed' ? 'fixed' : `a grace of ${rotation.grace} s`;
  return { ...row, how, firstSeed: at * 1_000_000 };
});
type Row = Readonly<{ name: string; policy: Policy }>;

/** The seeds of a row's simulations, or the one that is repeated. */
function seedsOf({ firstSeed }: (typeof rows)[number], count: number): readonly number[] {
  if (chosenSeed) return [Number(chosenSeed)];
  return Array.from({ length: count * effort }, (_, at) => firstSeed + at);
}

describe('a client that does nothing wrong', () => {
  test.for(rows)('is never refused while its session is alive: $name, $how', async (row) => {
    for (const seed of seedsOf(row, 35))
      expect(await honest(seed, row), `SEED=${seed}`).toEqual([]);
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
    const policy = { ...row.policy, lifetime: 24 * lifetime };
    const found = 'reused-secret, ended: reuse-detected';
    for (const seed of seedsOf(row, 16))
      expect(await stolen(seed, { ...row, policy }), `SEED=${seed}`).toEqual([found]);
  });
});

/** One user: several tabs, outages, lost answers, frozen tabs, and clocks that are wrong. */
async function honest(seed: number, row: Row): Promise<readonly string[]> {
  const random = seeded(seed);
  /** From none to three outages, of one second up to 25 minutes. */
  const outages = Array.from({ length: Math.floor(random.between(0, 4)) }, () => {
    const from = random.between(0, hour);
    return { from, until: from + random.spread(1000, 25 * minute), trouble: random.of(troubles) };
  });
  const { simulation, service, device, time, problems } = await begun(row, random, outages);
  for (const tab of device.tabs) if (random.happens(0.3)) freeze(simulation, tab);
  if (random.happens(0.1)) time.after(random.between(0, hour), service.revoke);
  await time.run(2 * hour, () => device.ended() !== undefined || problems.length > 0);

  if (device.ended() !== undefined && !service.hasRefused())
    problems.push('its user is told the end of a session that is alive');
  const expired = service.expired();
  if (expired !== undefined && couldRefresh(expired, outages, device))
    problems.push(`left to expire at ${expired} ms`);
  return problems;
}

/** A user, and a thief who has copied the credential in the store: both use the project's client. */
async function stolen(seed: number, row: Row): Promise<readonly string[]> {
  const random = seeded(seed);
  const { simulation, service, device, time, problems } = await begun(row, random, []);
  time.after(random.between(0, hour), () => {
    const credential = device.credential();
    time.after(random.spread(10, 2 * minute), () =>
      useAtRandom(simulation, simulatedDevice(simulation, service, 'the thief', credential)),
    );
  });
  await time.run(24 * hour, () => problems.length > 0);
  return problems;
}

/** A service, and the device of its user. */
async function begun({ name, policy }: Row, random: Random, outages: Simulation['outages']) {
  const client = clientOf(name);
  const time = virtualTime();
  const simulation: Simulation = { time, random, client, policy, outages };
  const service = await simulatedService(simulation);
  const credential = client.credentialOf(service.held);
  const device = simulatedDevice(simulation, service, 'the user', credential);
  useAtRandom(simulation, device);
  return { simulation, service, device, time, problems: service.problems };
}

/** Tabs that are opened and closed at any moment, refreshes by hand, and a clock that is wrong. */
function useAtRandom(simulation: Simulation, device: Device): void {
  const { time, random } = simulation;
  device.openTab();
  for (let others = Math.floor(random.between(0, 4)); others > 0; others -= 1)
    time.after(random.between(0, hour), () => {
      const tab = device.openTab();
      // The first tab stays, so that somebody keeps the session.
      if (random.happens(0.5)) time.after(random.spread(100, hour), tab.close);
      if (random.happens(0.3)) freeze(simulation, tab);
    });
  const setClock = () => device.setClock(random.between(-hour, hour));
  setClock();
  for (let more = random.of([0, 5]); more > 0; more -= 1)
    time.after(random.between(0, hour), setClock);

  const byHand = () => {
    for (let calls = random.of([1, 1, 3]); calls > 0; calls -= 1)
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
function freeze({ time, random }: Simulation, tab: Tab): void {
  time.after(random.between(0, hour), () => tab.freeze(random.spread(1000, hour / 2)));
}

/** Whether the service answered, and a tab ran, for long enough before the session expired. */
function couldRefresh(expired: number, outages: Simulation['outages'], { tabs }: Device): boolean {
  const from = expired - 100_000;
  const answered = outages.every((outage) => outage.until < from || outage.from > expired);
  return answered && tabs.some((tab) => (tab.runsSince() ?? Number.POSITIVE_INFINITY) < from);
}
