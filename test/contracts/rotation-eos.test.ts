import { describe, expect } from 'vitest';
import { later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { openSample, sample } from '../support/eos.ts';
import { eosRotating as client, grace, refresh, refreshed, rotate } from '../support/rotating.ts';
import { noon, onBothEngines, test } from '../support/world.ts';

const form = (generation: number) =>
  new RegExp(`^${generation}\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}$`);

onBothEngines('POST /client/refresh, its secrets replaced', (test) => {
  test('gives a new secureCode, and takes it the next time', async ({ world }) => {
    rotate(world, eos);
    let held = await openSample(world);
    const seen = new Set([held.secureCode]);
    for (const generation of [1, 2, 3]) {
      world.now = later(world.now, grace);
      held = await refreshed(world, client, held);
      expect(held.secureCode).toMatch(form(generation));
      seen.add(held.secureCode);
    }
    expect(seen.size).toBe(4);
  });

  test('gives the same bytes inside the grace, to the old secret and to the new', async ({
    world,
  }) => {
    rotate(world, eos);
    const held = await openSample(world);
    world.now = later(noon, 300);
    const first = await refresh(world, client, held);
    const next = client.next(held, first);
    const row = await world.row(eos, held.sessionId);
    for (const seconds of [0, 1, grace - 1]) {
      world.now = later(noon, 300 + seconds);
      for (const presented of [held, next])
        expect(await refresh(world, client, presented)).toMatchObject({ text: first.text });
    }
    expect(await world.row(eos, held.sessionId)).toEqual(row);
  });

  test('replaces a secret at the very second in which the grace ends, and not before', async ({
    world,
  }) => {
    rotate(world, eos);
    const one = await refreshed(world, client, await openSample(world));
    world.now = later(noon, grace - 1);
    expect(await refreshed(world, client, one)).toEqual(one);
    world.now = later(noon, grace);
    const two = await refreshed(world, client, one);
    expect(two.secureCode).toMatch(form(2));
  });
});

describe('POST /client/refresh, its secrets replaced', () => {
  test('answers all else as if they stayed', async ({ world }) => {
    rotate(world, eos);
    const { mobilityApps, profile } = JSON.parse(sample);
    const claims = JSON.stringify({ mobilityApps, profile });
    const held = await openSample(world, { claims });
    const { json } = await refresh(world, client, held);
    expect(Object.keys(json)).toEqual(Object.keys(JSON.parse(sample)));
    expect(json).toMatchObject({ mobilityApps, profile, expireTime: (noon + 1800) * 1000 });
  });

  test('moves the idle limit when a secret is replaced, and tells the row’s own inside the grace', async ({
    world,
  }) => {
    rotate(world, eos);
    let held = await openSample(world);
    const told: number[] = [];
    for (const seconds of [100, 130, 159, 160, 200]) {
      world.now = later(noon, seconds);
      const answer = await refresh(world, client, held);
      held = client.next(held, answer);
      told.push(answer.json.expireTime / 1000 - noon - 1800);
    }
    expect(told).toEqual([100, 100, 100, 160, 160]);
  });

  test('moves the end of a session never', async ({ world }) => {
    rotate(world, eos);
    let held = await openSample(world);
    const end = later(noon, eos.policy.lifetime);
    for (let now = noon; now < end; now = later(now, 900)) {
      world.now = now;
      held = await refreshed(world, client, held);
    }
    world.now = later(end, -1);
    const { json } = await refresh(world, client, held);
    expect(json.expireTime).toBe(end * 1000);
    world.now = end;
    expect(await refresh(world, client, client.next(held, { json }))).toMatchObject(client.expired);
    expect(world.records.at(-1)?.outcome).toBe('lifetime-over');
  });

  test.for([
    {
      what: 'JSON',
      call: (sessionId: string, secureCode: string) => ({
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ sessionId, secureCode }),
      }),
    },
    {
      what: 'the query',
      call: (sessionId: string, secureCode: string) => ({
        query: { sessionId: [sessionId], secureCode: [secureCode] },
      }),
    },
  ])('takes a replaced secureCode by $what, too', async ({ call }, { world }) => {
    rotate(world, eos);
    const { sessionId, secureCode } = await refreshed(world, client, await openSample(world));
    const answer = await world.post(eos, call(sessionId, secureCode));
    expect(answer).toMatchObject({ status: 200, json: { secureCode } });
  });

  test('keeps no secret in the table, and none in a record', async ({ world }) => {
    rotate(world, eos);
    const { secureCode, sessionId } = await refreshed(world, client, await openSample(world));
    const [, , tag = ''] = secureCode.split('.');
    expect(tag).toHaveLength(43);
    expect(JSON.stringify(await world.row(eos, sessionId))).not.toContain(tag);
    expect(JSON.stringify(world.records)).not.toContain(tag);
  });
});
