import { describe, expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { refreshHandler } from '../../functions/core/edge/refresh-handler.ts';
import { later, systemTimer } from '../../functions/core/time.ts';
import { deriveKeys, type KeyMaterial } from '../../functions/core/token/keys.ts';
import { context } from '../../local/proxy-event.ts';
import {
  ccstoreRotating,
  grace,
  refresh,
  refreshed,
  rotate,
  rotatingClients,
} from '../support/rotating.ts';
import { apiGatewayEvent, type Held, material, noon, test, type World } from '../support/world.ts';

describe('a stage that changes how secrets are replaced', () => {
  test.for(rotatingClients)(
    'keeps sessions that were opened before it began to: $what',
    async (client, { world }) => {
      const opened = await world.open(client.contract);
      world.now = later(noon, 300);
      const used = await refreshed(world, client, opened);
      rotate(world, client.contract);
      for (const held of [opened, used]) {
        world.now = later(world.now, 1);
        const next = await refreshed(world, client, held);
        expect(client.secretOf(next)).toMatch(/^1\./);
      }
    },
  );

  test.for(rotatingClients)(
    'keeps sessions when it ends, by the secret before too in its grace: $what',
    async (client, { world }) => {
      rotate(world, client.contract);
      const zero = await world.open(client.contract);
      const one = await refreshed(world, client, zero);
      world.policies.delete(client.contract.name);
      world.now = later(noon, grace - 1);
      const late = await refreshed(world, client, zero);
      expect(client.secretOf(late)).toBe(client.secretOf(one));
      for (const seconds of [grace, 600, 900]) {
        world.now = later(noon, seconds);
        const next = await refreshed(world, client, one);
        expect(client.secretOf(next)).toBe(client.secretOf(one));
      }
      // Out of its grace it is refused as ever, and ends nothing that nobody asked to be ended.
      expect(await refresh(world, client, zero)).toMatchObject(client.invalid);
      expect(world.records.at(-1)?.outcome).toBe('reused-secret');
      expect(await world.row(client.contract, zero.sessionId)).not.toHaveProperty('revokedAt');
      expect(await refresh(world, client, one)).toMatchObject({ status: 200 });
    },
  );

  test.for(rotatingClients)(
    'goes on where it was when it begins again: $what',
    async (client, { world }) => {
      rotate(world, client.contract);
      const one = await refreshed(world, client, await world.open(client.contract));
      world.policies.delete(client.contract.name);
      world.now = later(noon, 300);
      await refreshed(world, client, one);
      rotate(world, client.contract);
      world.now = later(noon, 600);
      const two = await refreshed(world, client, one);
      expect(client.secretOf(two)).toMatch(/^2\./);
      world.now = later(noon, 600 + grace - 1);
      expect(await refreshed(world, client, one)).toEqual(two);
    },
  );

  test.for(
    rotatingClients.flatMap((client) => [
      { ...client, change: 'lengthened', first: 30, second: 300 },
      { ...client, change: 'shortened', first: 300, second: 30 },
    ]),
  )(
    'keeps a grace as it was given, and gives the next one $change: $what',
    async ({ first, second, change: _, ...client }, { world }) => {
      rotate(world, client.contract, first);
      const zero = await world.open(client.contract);
      const one = await refreshed(world, client, zero);
      rotate(world, client.contract, second);
      world.now = later(noon, first - 1);
      expect(await refreshed(world, client, zero)).toEqual(one);
      world.now = later(noon, first);
      const two = await refreshed(world, client, one);
      expect(client.secretOf(two)).toMatch(/^2\./);
      world.now = later(noon, first + second - 1);
      expect(await refreshed(world, client, one)).toEqual(two);
      world.now = later(noon, first + second);
      expect(client.secretOf(await refreshed(world, client, two))).toMatch(/^3\./);
    },
  );

  test('logs nobody out of ccstore who holds a token of the signing key before', async ({
    world,
  }) => {
    rotate(world, ccstore);
    const zero = await world.open(ccstore);
    const one = await refreshed(world, ccstoreRotating, zero);
    const signing = 'the-next-signing-key-of-the-tests-0123456789';
    const next: KeyMaterial = { ...material, signing, previousSigning: material.signing ?? '' };

    world.now = later(noon, grace - 1);
    // In the grace: the same secret and the same times, under the new key's signature.
    const again = [await asked(world, next, zero), await asked(world, next, one)];
    const secret = ccstoreRotating.secretOf(one);
    for (const held of again) expect(ccstoreRotating.secretOf(held)).toBe(secret);
    expect(again[0]).toEqual(again[1]);
    expect(again[0]).not.toEqual(one);

    world.now = later(noon, grace);
    const two = await asked(world, next, one);
    expect(ccstoreRotating.secretOf(two)).toMatch(/^2\./);
    world.now = later(noon, 2 * grace);
    expect(ccstoreRotating.secretOf(await asked(world, next, two))).toMatch(/^3\./);
  });
});

/** Refreshes in a Lambda that has other keys than the world's, and gives what the client then holds. */
async function asked(world: World, keys: KeyMaterial, held: Held): Promise<Held> {
  const lambda = refreshHandler(ccstore, {
    store: world.store,
    keys: async () => deriveKeys('ccstore', keys),
    clock: () => world.now,
    timer: systemTimer,
    policy: world.policies.get('ccstore') ?? ccstore.policy,
    write: (record) => world.records.push(record),
  });
  const event = apiGatewayEvent(ccstore, ccstoreRotating.call(held));
  const { statusCode, body } = await lambda(event, context(event.requestContext.requestId));
  expect(statusCode).toBe(200);
  return ccstoreRotating.next(held, { json: JSON.parse(body) });
}
