import { expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { sessionStore } from '../../functions/core/session/store.ts';
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
import { noon, onBothEngines } from '../support/world.ts';
import { digestOf, loggedIn, put, rowOf, sliding } from './rows.ts';
import { wired } from './wire.ts';

// The traps of rotation-traps.test.ts that are about ends: purges, restarts and failures.

const policy = { ...sliding, rotation: { grace } };
const row = rowOf('eos', 'abc');
const request = { row, claim: { secret: digestOf(row) }, policy, now: noon };

onBothEngines('a replacement on its way', (plain) => {
  const test = wired(plain);

  test('does not bring back the session that was logged out before it arrived (Auth.js)', async ({
    world,
    wire,
  }) => {
    await put(world, loggedIn(row, later(noon, -60)));
    wire.fates.push({ lose: 'request', meanwhile: () => world.registry.revoke(row, noon) });
    const late = await sessionStore(wire.client, world.table).refresh(request);
    expect(late).toEqual({ outcome: 'refused', reason: 'revoked' });
    expect(await world.registry.find(row)).not.toHaveProperty('generation');
  });

  test('makes no row of a session that is purged (connect-dynamodb)', async ({ world }) => {
    const refresh = await world.store.refresh(request);
    expect(refresh).toEqual({ outcome: 'refused', reason: 'unknown-session' });
    expect(await world.registry.find(row)).toBeUndefined();
  });

  test('is done once, its answer lost and asked again by the SDK itself', async ({
    world,
    wire,
  }) => {
    await put(world, loggedIn(row, later(noon, -60)));
    wire.fates.push({ lose: 'answer' }, { lose: 'answer' });
    const refresh = await sessionStore(wire.client, world.table).refresh(request);
    const session = await world.registry.find(row);
    expect(refresh).toEqual({ outcome: 'refreshed', session });
    expect(session).toMatchObject({ generation: 1, graceUntil: later(noon, grace) });
    expect(wire.requests).toHaveLength(3);
  });

  test('loses no session in a restart, before its commit or after', async ({ world, wire }) => {
    for (const lose of ['request', 'answer'] as const) {
      await put(world, loggedIn(row, later(noon, -60)));
      wire.fates.push({ lose }, { lose }, { lose });
      const dying = sessionStore(wire.client, world.table).refresh(request);
      await expect(dying).rejects.toMatchObject({ code: 'ECONNRESET' });
      const now = later(noon, grace - 1);
      const again = await world.store.refresh({ ...request, now });
      expect(again).toMatchObject({ outcome: 'refreshed', session: { generation: 1 } });
    }
  });
});

onBothEngines('the end that a theft makes', (test) => {
  test.for(rotatingClients)(
    'is not taken back with the no that tells it: $what',
    async (client, { world }) => {
      rotate(world, client.contract);
      const stolen = await world.open(client.contract);
      const mine = await refreshed(world, client, stolen);
      world.now = later(noon, grace);
      // Two at once: one of them ends it, and neither makes it live again.
      const both = await Promise.all([stolen, stolen].map((held) => refresh(world, client, held)));
      for (const { status } of both) expect([401, 403]).toContain(status);
      const tombstone = await world.row(client.contract, stolen.sessionId);
      expect(tombstone?.revokedAt).toBe(world.now);
      world.now = later(world.now, 5);
      for (const held of [stolen, mine])
        expect(await refresh(world, client, held)).toMatchObject(client.revoked);
      expect(await world.row(client.contract, stolen.sessionId)).toEqual(tombstone);
    },
  );
});

onBothEngines('a secret that replaced another', (test) => {
  test('opens no session of the same id of another contract', async ({ world }) => {
    const same = { sessionId: 'abc', secret: '12345678901' };
    for (const { contract } of rotatingClients) rotate(world, contract);
    const ofEos = await refreshed(world, eosRotating, await world.open(eos, same));
    const ofCcstore = await refreshed(world, ccstoreRotating, await world.open(ccstore, same));
    const tries = [
      { client: eosRotating, mine: ofEos, theirs: ccstoreRotating.secretOf(ofCcstore) },
      { client: ccstoreRotating, mine: ofCcstore, theirs: eosRotating.secretOf(ofEos) },
    ];
    for (const { client, mine, theirs } of tries) {
      const guess = client.guess(world, mine, theirs);
      expect(await refresh(world, client, guess)).toMatchObject(client.invalid);
      expect(await refreshed(world, client, mine)).toEqual(mine);
    }
  });

  test('opens no other session of its contract, its family copied into that row', async ({
    world,
  }) => {
    rotate(world, eos);
    const mine = await refreshed(world, eosRotating, await world.open(eos));
    const theirs = await refreshed(world, eosRotating, await world.open(eos));
    const [from, to] = [
      await world.row(eos, mine.sessionId),
      await world.row(eos, theirs.sessionId),
    ];
    if (from?.secretFamily && to) await put(world, { ...to, secretFamily: from.secretFamily });
    const tried = { ...theirs, secureCode: mine.secureCode };
    expect(await refresh(world, eosRotating, tried)).toMatchObject(eosRotating.invalid);
    expect(world.records.at(-1)?.outcome).toBe('wrong-secret');
  });
});
