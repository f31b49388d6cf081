import fc from 'fast-check';
import { expect } from 'vitest';
import { later } from '../../functions/core/time.ts';
import { refreshed, rotate, rotatingClients } from '../support/rotating.ts';
import { noon, onBothEngines } from '../support/world.ts';
import { honestSteps, play } from './honest.ts';

const effort = Number(process.env.EFFORT ?? 1);
const limit = { timeout: 60_000 * effort };

const browsers = [
  { tabs: 'one tab', storageOf: [0] },
  { tabs: 'three tabs that share what they keep', storageOf: [0, 0, 0] },
  { tabs: 'three tabs of which none knows what another was given', storageOf: [0, 1, 2] },
  { tabs: 'five tabs in two browsers', storageOf: [0, 0, 0, 1, 1] },
];

onBothEngines('a client that refreshes at will inside graces', (test) => {
  test.for(
    browsers.flatMap((browser) => rotatingClients.map((client) => ({ ...browser, client }))),
  )(
    'is never refused, never taken for a thief: $tabs, $client.what',
    limit,
    async ({ client, storageOf }, { world }) => {
      const { contract } = client;
      let secrets = 0;
      await fc.assert(
        fc.asyncProperty(
          fc
            .constantFrom(2, 30, 60, 400)
            .chain((grace) => fc.tuple(fc.constant(grace), honestSteps(storageOf.length, grace))),
          async ([grace, steps]) => {
            world.now = noon;
            world.records.length = 0;
            rotate(world, contract, grace);
            const opened = await world.open(contract);
            const seen = await play({ world, client, grace, opened, storageOf }, steps);
            expect(seen.no).toEqual([]);
            expect(new Set(world.records.map(({ outcome }) => outcome))).toEqual(
              new Set(['refreshed']),
            );
            const row = await world.row(contract, opened.sessionId);
            expect(row).not.toHaveProperty('revokedAt');
            expect(row?.generation).toBe(seen.secrets - 1);
            secrets += seen.secrets;
          },
        ),
        { numRuns: 5 * effort },
      );
      // Nothing was proved where no secret was ever replaced twice.
      expect(secrets).toBeGreaterThan(2 * 5 * effort);
    },
  );

  test.for(rotatingClients)(
    'may load a page that stored the secret before, in its grace: $what',
    async (client, { world }) => {
      rotate(world, client.contract);
      let stored = await world.open(client.contract);
      for (let turn = 0; turn < 10; turn += 1) {
        const newer = await refreshed(world, client, stored);
        world.now = later(world.now, 59);
        // The page reads what it stored before the tab beside it refreshed.
        const page = await refreshed(world, client, stored);
        expect(page).toEqual(newer);
        world.now = later(world.now, 1);
        stored = page;
      }
    },
  );
});
