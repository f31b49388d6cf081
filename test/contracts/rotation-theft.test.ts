import { expect } from 'vitest';
import { later } from '../../functions/core/time.ts';
import { grace, refresh, refreshed, rotate, rotatingClients } from '../support/rotating.ts';
import { noon, onBothEngines } from '../support/world.ts';

onBothEngines('a secret that was replaced longer ago than the grace', (test) => {
  test.for(rotatingClients)(
    'ends its session, the newest secret’s too, by an ordinary no: $what',
    async (client, { world }) => {
      rotate(world, client.contract);
      const stolen = await world.open(client.contract);
      const newest = await refreshed(world, client, stolen);
      const { sessionId } = stolen;
      const before = await world.row(client.contract, sessionId);
      world.now = later(noon, grace);
      expect(await refresh(world, client, stolen)).toMatchObject(client.invalid);
      expect(world.records.at(-1)?.outcome).toBe('reused-secret');
      expect(await world.row(client.contract, sessionId)).toEqual({
        ...before,
        revokedAt: world.now,
      });
      for (const held of [newest, stolen])
        expect(await refresh(world, client, held)).toMatchObject(client.revoked);
      expect(world.records.map(({ outcome }) => outcome)).toEqual([
        'refreshed',
        'reused-secret',
        'revoked',
        'revoked',
      ]);
    },
  );

  test.for(rotatingClients)(
    'leaves the subject’s other sessions alive: $what',
    async (client, { world }) => {
      const { contract } = client;
      rotate(world, contract);
      const stolen = await world.open(contract, { subject: 'somebody' });
      const other = await world.open(contract, { subject: 'somebody' });
      const moved = await refreshed(world, client, other);
      await refreshed(world, client, stolen);
      world.now = later(noon, grace);
      expect(await refresh(world, client, stolen)).toMatchObject(client.invalid);
      expect((await world.row(contract, stolen.sessionId))?.revokedAt).toBe(world.now);
      const row = await world.row(contract, other.sessionId);
      expect(row).not.toHaveProperty('revokedAt');
      expect(await refresh(world, client, moved)).toMatchObject({ status: 200 });
    },
  );

  test.for(rotatingClients)(
    'is stolen at any age, also two or ten generations old: $what',
    async (client, { world }) => {
      const { contract } = client;
      rotate(world, contract);
      for (const generations of [2, 10]) {
        world.now = noon;
        const stolen = await world.open(contract);
        let held = stolen;
        for (let turn = 0; turn < generations; turn += 1) {
          world.now = later(noon, grace * turn);
          held = await refreshed(world, client, held);
        }
        // In the grace of the newest: only the one before it is as good.
        expect(await refresh(world, client, stolen)).toMatchObject(client.invalid);
        expect(world.records.at(-1)?.outcome).toBe('reused-secret');
        expect(await refresh(world, client, held)).toMatchObject(client.revoked);
      }
    },
  );
});

onBothEngines('a session that is over', (test) => {
  test.for(
    rotatingClients.flatMap((client) => [
      { ...client, held: 'the current secret', pick: 2 },
      { ...client, held: 'the secret before, in its grace', pick: 1 },
      { ...client, held: 'a stolen secret', pick: 0 },
    ]),
  )('is revoked before it is in its grace, to $held: $what', async (row, { world }) => {
    const { pick, held: _, ...client } = row;
    rotate(world, client.contract);
    const zero = await world.open(client.contract);
    const one = await refreshed(world, client, zero);
    world.now = later(noon, grace);
    const two = await refreshed(world, client, one);
    const { sessionId } = zero;
    await world.run('revoke', { contract: client.contract.name, sessionId });
    const tombstone = await world.row(client.contract, sessionId);
    world.now = later(world.now, 1);
    world.requests.length = 0;
    const presented = [zero, one, two][pick] ?? zero;
    expect(await refresh(world, client, presented)).toMatchObject(client.revoked);
    expect(world.requests).toHaveLength(1);
    expect(world.records.at(-1)?.outcome).toBe('revoked');
    expect(await world.row(client.contract, sessionId)).toEqual(tombstone);
  });

  test.for(
    rotatingClients.flatMap((client) => [
      { ...client, limit: 'idle', outcome: 'idle-too-long' },
      { ...client, limit: 'lifetime', outcome: 'lifetime-over' },
    ]),
  )('is past its $limit before a secret of it is stolen: $what', async (row, { world }) => {
    const { limit, outcome, ...client } = row;
    const { contract } = client;
    rotate(world, contract);
    const stolen = await world.open(contract, {
      ...(contract.name === 'ccstore' && limit === 'lifetime' && { tokenLifetime: 86_400 }),
    });
    await refreshed(world, client, stolen);
    const before = await world.row(contract, stolen.sessionId);
    const idle = contract.name === 'eos' ? 1800 : 930;
    world.now = later(noon, limit === 'idle' ? idle : contract.policy.lifetime);
    expect(await refresh(world, client, stolen)).toMatchObject(client.expired);
    expect(world.records.at(-1)?.outcome).toBe(outcome);
    expect(await world.row(contract, stolen.sessionId)).toEqual(before);
  });
});
