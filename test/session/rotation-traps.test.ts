import { expect } from 'vitest';
import { later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import {
  ccstoreRotating,
  eosRotating,
  grace,
  refresh,
  refreshed,
  rotate,
  rotatingClients,
} from '../support/rotating.ts';
import { type Held, noon, onBothEngines } from '../support/world.ts';

// What others that replace secrets were seen to fall over; traps.test.ts has what falls without.
// A number names the thread in which it was told.

onBothEngines('secrets replaced many times in one second', (test) => {
  test.for(rotatingClients)(
    'are replaced once, whoever asks (keycloak#51885): $what',
    async (client, { world }) => {
      rotate(world, client.contract);
      const old = await world.open(client.contract);
      const one = await refreshed(world, client, old);
      for (const held of [old, one, old, one])
        expect(await refreshed(world, client, held)).toEqual(one);
      world.now = later(noon, grace);
      const two = await refreshed(world, client, one);
      expect(await refreshed(world, client, two)).toEqual(two);
      expect(await refreshed(world, client, one)).toEqual(two);
      expect(await world.row(client.contract, old.sessionId)).toMatchObject({ generation: 2 });
    },
  );

  test.for(rotatingClients)(
    'leave no fork: every racer holds the one successor (node-oidc-provider, Logto): $what',
    async (client, { world }) => {
      rotate(world, client.contract);
      let held = await world.open(client.contract);
      for (const generation of [1, 2, 3]) {
        world.now = later(world.now, grace);
        const asked = Array.from({ length: 20 }, () => refreshed(world, client, held));
        const given = await Promise.all(asked);
        expect(new Set(given.map((one) => client.secretOf(one))).size).toBe(1);
        held = given[0] ?? held;
        expect(await world.row(client.contract, held.sessionId)).toMatchObject({ generation });
      }
    },
  );
});

onBothEngines('the loser of a race', (test) => {
  test.for(rotatingClients)(
    'is answered like the winner, and errs not (better-auth): $what',
    async (client, { world }) => {
      rotate(world, client.contract);
      const held = await world.open(client.contract);
      // The winner's answer is on its way, read by nobody yet, when the loser asks.
      const winner = await refresh(world, client, held);
      world.now = later(noon, 1);
      const loser = await refresh(world, client, held);
      expect(loser.status).toBe(200);
      expect(client.next(held, loser)).toEqual(client.next(held, winner));
    },
  );
});

onBothEngines('an answer that was lost', (test) => {
  test.for(rotatingClients)(
    'logs nobody out who asks again in the grace (hydra#1831, zitadel#9631): $what',
    async (client, { world }) => {
      rotate(world, client.contract);
      let held = await world.open(client.contract);
      for (let turn = 0; turn < 5; turn += 1) {
        const lost = await refreshed(world, client, held);
        for (const seconds of [0, 1, grace - 2]) {
          world.now = later(world.now, seconds);
          expect(await refreshed(world, client, held)).toEqual(lost);
        }
        held = lost;
        world.now = later(world.now, 1);
      }
    },
  );

  test('is given again with a lifetime that counts down, not as it was', async ({ world }) => {
    const client = ccstoreRotating;
    rotate(world, client.contract);
    const held = await world.open(client.contract);
    const lost = await refresh(world, client, held);
    world.now = later(noon, 45);
    const again = await refresh(world, client, held);
    expect([lost, again].map(({ json }) => json.expires_in)).toEqual([930, 885]);
    expect(again.json.access_token).toBe(lost.json.access_token);
  });
});

onBothEngines('a page that asks for everything at once', (test) => {
  test.for(rotatingClients)(
    'is not taken for thieves, load after load (nocturne#326): $what',
    async (client, { world }) => {
      rotate(world, client.contract);
      let stored: Held = await world.open(client.contract);
      for (let load = 0; load < 8; load += 1) {
        const fan = Array.from({ length: 12 }, () => refreshed(world, client, stored));
        const given = await Promise.all(fan);
        // One more that set off with what was stored before, and arrives at the last second.
        world.now = later(world.now, grace - 1);
        expect(await refreshed(world, client, stored)).toEqual(given[0]);
        stored = given.at(-1) ?? stored;
        world.now = later(world.now, 1);
      }
      expect(new Set(world.records.map(({ outcome }) => outcome))).toEqual(new Set(['refreshed']));
    },
  );
});

onBothEngines('a theft', (test) => {
  test('ends one session, not the devices of a whole person (better-auth)', async ({ world }) => {
    rotate(world, eos);
    const devices = await Promise.all(
      ['phone', 'desk', 'car'].map((sessionId) =>
        world.open(eos, { sessionId, subject: 'somebody' }),
      ),
    );
    const moved = await Promise.all(devices.map((held) => refreshed(world, eosRotating, held)));
    world.now = later(noon, grace);
    const [phone = moved[0], ...others] = devices;
    if (!phone) throw new Error('there is a phone');
    expect(await refresh(world, eosRotating, phone)).toMatchObject(eosRotating.invalid);
    expect(await world.row(eos, 'phone')).toMatchObject({ revokedAt: world.now });
    for (const [at] of others.entries())
      expect(await refresh(world, eosRotating, moved[at + 1] ?? phone)).toMatchObject({
        status: 200,
      });
  });

  test.for(rotatingClients)(
    'is found from the first generation on, by no setting but the grace (openauth): $what',
    async (client, { world }) => {
      rotate(world, client.contract, 1);
      const stolen = await world.open(client.contract);
      const mine = await refreshed(world, client, stolen);
      world.now = later(noon, 1);
      expect(await refresh(world, client, stolen)).toMatchObject(client.invalid);
      expect(await refresh(world, client, mine)).toMatchObject(client.revoked);
    },
  );
});
