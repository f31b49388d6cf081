import { randomUUID } from 'node:crypto';
import dns from 'node:dns';
import { describe, expect, inject, vi } from 'vitest';
import { item, wires } from '../../admin/support.ts';
import { expectUnknown, refresh, rowAfter, settled, start, stubAws, test } from './lambda.ts';

// One after the other: what happens here happens to every Lambda of the file.
describe('a refresh, its storage not to be reached', () => {
  test('says so while connections are refused, and no longer', async ({ world, faulty }) => {
    const { proxy, env, unhandled } = faulty;
    const clients = await Promise.all(
      wires.map(async (wire) => {
        const held = await world.open(wire.contract, { sessionId: randomUUID() });
        const before = await item(world, wire.contract.name, held.sessionId);
        return { wire, held, before, cold: start(wire, env), warm: start(wire, env) };
      }),
    );
    for (const { warm, held } of clients) expect((await settled(warm, held)).status).toBe(200);

    await proxy.down();
    await Promise.all(
      clients.map(async ({ wire, held, cold, warm }) => {
        expectUnknown(wire, await refresh(cold, held));
        expectUnknown(wire, await refresh(warm, held));
      }),
    );
    await proxy.up();
    for (const { wire, held, before, cold, warm } of clients) {
      expect((await settled(cold, held)).status).toBe(200);
      expect((await settled(warm, held)).status).toBe(200);
      await rowAfter(world, wire, held, before);
    }
    expect(unhandled).toEqual([]);
  });

  test('says so while its name leads nowhere, and no longer', async ({ world, faulty }) => {
    const { port } = new URL(inject('embedded'));
    stubAws(`http://nowhere.invalid:${port}`);
    const clients = await Promise.all(
      wires.map(async (wire) => {
        const held = await world.open(wire.contract, { sessionId: randomUUID() });
        const before = await item(world, wire.contract.name, held.sessionId);
        const started = start(wire, faulty.env);
        expectUnknown(wire, await refresh(started, held));
        expect(await rowAfter(world, wire, held, before)).toBe('as before');
        return { wire, held, started };
      }),
    );

    // The name is known at last: whatever is asked for, this machine has it.
    const { lookup } = dns;
    vi.spyOn(dns, 'lookup').mockImplementation(((_: string, ...rest: [never, never]) =>
      lookup('127.0.0.1', ...rest)) as typeof lookup);
    for (const { held, started } of clients)
      expect((await settled(started, held)).status).toBe(200);
    vi.restoreAllMocks();
    expect(faulty.unhandled).toEqual([]);
  });
});
