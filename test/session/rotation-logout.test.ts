import { expect } from 'vitest';
import { later } from '../../functions/core/time.ts';
import type { Answer } from '../../functions/session-admin/commands.ts';
import { refresh, refreshed, rotate, rotatingClients } from '../support/rotating.ts';
import { type Held, onBothEngines } from '../support/world.ts';

// The traps of rotation-traps.test.ts that are about logouts.

onBothEngines('a logout while secrets are replaced', (test) => {
  test.for(rotatingClients)(
    'comes before or after each refresh, and lets none through once it returned (keycloak#51312): $what',
    async (client, { world }) => {
      rotate(world, client.contract, 400);
      const opened = await world.open(client.contract);
      const { sessionId } = opened;
      let returned = false;
      let answered = 0;
      let logout: Promise<Answer> | undefined;
      const wrong: string[] = [];
      let shared: Held = opened;
      const tab = async () => {
        let refusedOnce = false;
        for (let turn = 0; turn < 12; turn += 1) {
          const after = returned;
          if (turn % 2 === 0) world.now = later(world.now, 50);
          const answer = await refresh(world, client, shared);
          answered += 1;
          if (answer.status === 200) {
            if (after || refusedOnce) wrong.push(`a yes after a no, in turn ${turn}`);
            shared = client.next(shared, answer);
          } else refusedOnce = true;
          if (answered === 15)
            logout = world
              .run('revoke', { contract: client.contract.name, sessionId })
              .finally(() => {
                returned = true;
              });
        }
      };
      await Promise.all([tab(), tab(), tab()]);
      expect(await logout).toMatchObject({ outcome: 'done' });
      expect(wrong).toEqual([]);
      const outcomes = new Set(world.records.map(({ outcome }) => outcome));
      expect(outcomes).toEqual(new Set(['refreshed', 'revoked']));
      expect((await world.row(client.contract, sessionId))?.generation).toBeGreaterThan(0);
      expect(await refresh(world, client, shared)).toMatchObject(client.revoked);
    },
  );

  test.for(rotatingClients)('gives no grace on its tombstone: $what', async (client, { world }) => {
    rotate(world, client.contract);
    const old = await world.open(client.contract);
    const one = await refreshed(world, client, old);
    const { sessionId } = old;
    await world.run('revoke', { contract: client.contract.name, sessionId });
    for (const held of [old, one])
      expect(await refresh(world, client, held)).toMatchObject(client.revoked);
  });
});
