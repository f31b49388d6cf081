import { expect } from 'vitest';
import { later } from '../../functions/core/time.ts';
import { grace, refresh, refreshed, rotate, rotatingClients } from '../support/rotating.ts';
import { noon, onBothEngines } from '../support/world.ts';

// The traps of rotation-traps.test.ts that are about clocks and ages.

onBothEngines('a clock behind the row’s own time', (test) => {
  test.for(rotatingClients)(
    'replaces nothing, and gives what the clock ahead gave: $what',
    async (client, { world }) => {
      rotate(world, client.contract);
      const old = await world.open(client.contract);
      world.now = later(noon, 300);
      const ahead = await refreshed(world, client, old);
      const row = await world.row(client.contract, old.sessionId);
      for (const seconds of [299, 240, 0, -60]) {
        world.now = later(noon, seconds);
        for (const held of [old, ahead])
          expect(await refreshed(world, client, held)).toEqual(ahead);
      }
      expect(await world.row(client.contract, old.sessionId)).toEqual(row);
    },
  );

  test.for(rotatingClients)(
    'replaces nothing before the session was opened: $what',
    async (client, { world }) => {
      rotate(world, client.contract);
      const held = await world.open(client.contract);
      const row = await world.row(client.contract, held.sessionId);
      world.now = later(noon, -2 * grace);
      expect(client.secretOf(await refreshed(world, client, held))).toBe(client.secretOf(held));
      expect(await world.row(client.contract, held.sessionId)).toEqual(row);
    },
  );

  test.for(rotatingClients)(
    'orders nothing: which secret is the newer one says the row’s generation: $what',
    async (client, { world }) => {
      rotate(world, client.contract);
      let held = await world.open(client.contract);
      const clocks = [400, 340, 460, 399, 520, 470];
      const given: string[] = [];
      for (const seconds of clocks) {
        world.now = later(noon, seconds);
        held = await refreshed(world, client, held);
        given.push(client.secretOf(held).split('.')[0] ?? '');
      }
      expect(given).toEqual(['1', '1', '2', '2', '3', '3']);
    },
  );
});

onBothEngines('the grace', (test) => {
  test.for(rotatingClients)(
    'is the newest secret’s alone, and none for the one two before: $what',
    async (client, { world }) => {
      rotate(world, client.contract);
      const zero = await world.open(client.contract);
      const one = await refreshed(world, client, zero);
      world.now = later(noon, grace);
      const two = await refreshed(world, client, one);
      expect(await refreshed(world, client, one)).toEqual(two);
      expect(await refresh(world, client, zero)).toMatchObject(client.invalid);
      expect(world.records.at(-1)?.outcome).toBe('reused-secret');
    },
  );

  test.for(rotatingClients)(
    'is not lengthened by who asks in it: $what',
    async (client, { world }) => {
      rotate(world, client.contract);
      const zero = await world.open(client.contract);
      const one = await refreshed(world, client, zero);
      for (let seconds = 10; seconds < grace; seconds += 10) {
        world.now = later(noon, seconds);
        expect(await refreshed(world, client, zero)).toEqual(one);
      }
      world.now = later(noon, grace);
      expect(await refresh(world, client, zero)).toMatchObject(client.invalid);
      expect(await refresh(world, client, one)).toMatchObject(client.revoked);
    },
  );
});

onBothEngines('a row that is still there after its TTL', (test) => {
  test.for(rotatingClients)(
    'is over for every secret, and none of them is stolen: $what',
    async (client, { world }) => {
      rotate(world, client.contract);
      const old = await world.open(client.contract);
      const one = await refreshed(world, client, old);
      const before = await world.row(client.contract, old.sessionId);
      world.now = later(before?.purgeAt ?? noon, 3600);
      for (const held of [old, one])
        expect(await refresh(world, client, held)).toMatchObject(client.expired);
      expect(await world.row(client.contract, old.sessionId)).toEqual(before);
    },
  );
});

onBothEngines('the table', (test) => {
  test.for(rotatingClients)(
    'does not grow with the secrets that were replaced (auth#1143, #2216): $what',
    async (client, { world }) => {
      rotate(world, client.contract);
      let held = await world.open(client.contract);
      const sizes: number[] = [];
      for (let turn = 0; turn < 12; turn += 1) {
        world.now = later(world.now, grace);
        held = await refreshed(world, client, held);
        const row = await world.row(client.contract, held.sessionId);
        sizes.push(JSON.stringify(row).length);
      }
      // A digit of the generation is all that came.
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    },
  );
});
