import { expect } from 'vitest';
import { digest } from '../../functions/core/session/secret.ts';
import { sessionStore } from '../../functions/core/session/store.ts';
import { later } from '../../functions/core/time.ts';
import { deriveKeys } from '../../functions/core/token/keys.ts';
import type { Answer } from '../../functions/session-admin/commands.ts';
import { type Held, material, noon, onBothEngines } from '../support/world.ts';
import { type Client, clients, payloadOf } from './clients.ts';
import { digestOf, itemOf, loggedIn, put, rowOf, secretOf, sliding } from './rows.ts';
import { wired } from './wire.ts';

// What other systems were seen to fall over. Those about time are in time-traps.test.ts, those about
// two contracts in shared-id.test.ts, a lost answer and the SDK's own retry in lost-answers.test.ts.

onBothEngines('200 refreshes of one session at once', (test) => {
  test.for(clients)(
    'are all answered, and leave the row as after one: $what',
    async ({ contract, call }, { world }) => {
      const held = await world.open(contract);
      const opened = await world.row(contract, held.sessionId);
      world.now = later(noon, 60);
      const asked = Array.from({ length: 200 }, () => world.post(contract, call(held)));
      const answers = await Promise.all(asked);
      expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
      const writes = typeof contract.policy.idle === 'number';
      const moved = writes && { refreshedAt: world.now, idleUntil: later(world.now, 1800) };
      expect(await world.row(contract, held.sessionId)).toEqual({ ...opened, ...moved });
    },
  );
});

onBothEngines('a logout during refreshes', (test) => {
  test.for(clients)(
    'comes before or after each, and lets none through once it returned: $what',
    async ({ contract, call, revoked }, { world }) => {
      const held = await world.open(contract);
      const { sessionId } = held;
      const answers: { status: number; json: unknown; begun: 'before' | 'after' }[] = [];
      let begun: 'before' | 'after' = 'before';
      let logout: Promise<Answer> | undefined;
      /** One tab: a refresh each second, one after the other. */
      const tab = async () => {
        const seen: number[] = [];
        for (let turn = 0; turn < 12; turn += 1) {
          const mine = begun;
          world.now = later(world.now, 1);
          const { status, json } = await world.post(contract, call(held));
          seen.push(status);
          answers.push({ status, json, begun: mine });
          if (answers.length === 30)
            logout = world.run('revoke', { contract: contract.name, sessionId }).finally(() => {
              begun = 'after';
            });
        }
        return seen;
      };
      const tabs = await Promise.all(Array.from({ length: 8 }, tab));
      expect(await logout).toMatchObject({ outcome: 'done' });

      const refused = answers.filter(({ status }) => status !== 200);
      expect(refused.length).toBeLessThanOrEqual(answers.length - 30);
      expect(answers.filter(({ begun, status }) => begun === 'after' && status === 200)).toEqual(
        [],
      );
      for (const { status, json } of refused) expect({ status, json }).toMatchObject(revoked);
      // Nobody reads a yes after a no.
      for (const seen of tabs) expect(seen).toEqual(seen.toSorted((one, other) => one - other));

      const tombstone = await world.row(contract, sessionId);
      expect(await world.post(contract, call(held))).toMatchObject(revoked);
      expect(await world.row(contract, sessionId)).toEqual(tombstone);
    },
  );
});

onBothEngines('a refresh that is late', (plain) => {
  const test = wired(plain);
  const row = rowOf('eos', 'abc');
  const request = { row, claim: { secret: digestOf(row) }, policy: sliding };

  test('does not bring back the session that was logged out before it arrived', async ({
    world,
    wire,
  }) => {
    await put(world, loggedIn(row, noon));
    const meanwhile = () => world.registry.revoke(row, later(noon, 9));
    wire.fates.push({ lose: 'request', meanwhile });
    const late = sessionStore(wire.client, world.table);
    const refresh = await late.refresh({ ...request, now: later(noon, 5) });
    expect(refresh).toEqual({ outcome: 'refused', reason: 'revoked' });
    const tombstone = { ...loggedIn(row, noon), revokedAt: later(noon, 9) };
    expect(await world.registry.find(row)).toEqual(tombstone);
  });

  test('makes no row of a session that is purged', async ({ world }) => {
    const refresh = await world.store.refresh({ ...request, now: noon });
    expect(refresh).toEqual({ outcome: 'refused', reason: 'unknown-session' });
    expect(await itemOf(world, row)).toBeUndefined();
  });
});

onBothEngines('a restart in the middle of a refresh', (plain) => {
  const test = wired(plain);
  const losses = [{ lose: 'request' }, { lose: 'answer' }] as const;

  test.for(losses.flatMap((loss) => clients.map((client) => ({ ...loss, ...client }))))(
    'loses no session, its every $lose lost: $what',
    async ({ lose, ...client }, { world, wire }) => {
      const { contract, call } = client;
      const held = await world.open(contract);
      const opened = await world.row(contract, held.sessionId);
      const now = later(noon, 60);
      wire.fates.push({ lose }, { lose }, { lose });
      const dying = sessionStore(wire.client, world.table);
      const asked = dying.refresh({ ...asksFor(client, held), policy: contract.policy, now });
      await expect(asked).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect(wire.requests).toHaveLength(3);

      world.now = later(noon, 65);
      expect(await world.post(contract, call(held))).toMatchObject({ status: 200 });
      const writes = typeof contract.policy.idle === 'number';
      const moved = writes && { refreshedAt: world.now, idleUntil: later(world.now, 1800) };
      expect(await world.row(contract, held.sessionId)).toEqual({ ...opened, ...moved });
    },
  );
});

/** What another process of the contract's Lambda, with keys of its own making, asks the store. */
function asksFor({ contract: { name } }: Client, held: Held) {
  const sent = held.secureCode ?? held.sessionToken ?? payloadOf(held.accessToken).sec;
  const row = rowOf(name, held.sessionId);
  const secret = digest(deriveKeys(name, material).digest, row, secretOf(sent));
  return { row, claim: { secret } };
}
