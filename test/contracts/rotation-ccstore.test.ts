import { describe, expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { later } from '../../functions/core/time.ts';
import {
  claimsOf,
  ccstoreRotating as client,
  grace,
  refresh,
  refreshed,
  rotate,
} from '../support/rotating.ts';
import { noon, onBothEngines, test } from '../support/world.ts';

onBothEngines('POST /ccstore/v1/refresh, its secrets replaced', (test) => {
  test('gives the same token bytes within a generation; only expires_in counts down', async ({
    world,
  }) => {
    rotate(world, ccstore);
    const held = await world.open(ccstore);
    world.now = later(noon, 300);
    const next = await refreshed(world, client, held);
    expect(claimsOf(next.accessToken)).toMatchObject({ iat: noon + 300, exp: noon + 300 + 930 });
    const row = await world.row(ccstore, held.sessionId);
    for (const seconds of [0, 1, grace - 1]) {
      world.now = later(noon, 300 + seconds);
      for (const presented of [held, next]) {
        const { status, json } = await refresh(world, client, presented);
        expect({ status, json }).toEqual({
          status: 200,
          json: {
            access_token: next.accessToken,
            token_type: 'bearer',
            expires_in: 930 - seconds,
          },
        });
      }
    }
    expect(await world.row(ccstore, held.sessionId)).toEqual(row);
  });

  test('gives another secret in each generation, and takes it the next time', async ({ world }) => {
    rotate(world, ccstore);
    let held = await world.open(ccstore);
    for (const generation of [1, 2, 3]) {
      world.now = later(world.now, grace);
      held = await refreshed(world, client, held);
      const { iat, exp, sec } = claimsOf(held.accessToken);
      expect(sec).toMatch(new RegExp(`^${generation}\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}$`));
      expect({ iat, exp }).toEqual({ iat: world.now, exp: world.now + 930 });
    }
  });
});

describe('POST /ccstore/v1/refresh, its secrets replaced', () => {
  test('takes the grace from the row: every token of a secret is as good', async ({ world }) => {
    const early = await world.open(ccstore);
    world.now = later(noon, 500);
    // Under `fixed` each refresh made another token of the same secret.
    const late = await refreshed(world, client, early);
    rotate(world, ccstore);
    const one = await refreshed(world, client, late);
    world.now = later(noon, 500 + grace - 1);
    expect(await refreshed(world, client, early)).toEqual(one);
  });

  test('never takes an expired token for stolen', async ({ world }) => {
    rotate(world, ccstore);
    const old = await world.open(ccstore);
    let held = old;
    for (let seconds = 0; seconds <= 900; seconds += 300) {
      world.now = later(noon, seconds);
      held = await refreshed(world, client, held);
    }
    world.now = later(noon, 930);
    const row = await world.row(ccstore, old.sessionId);
    expect(await refresh(world, client, old)).toMatchObject(client.expired);
    expect(world.records.at(-1)?.outcome).toBe('idle-too-long');
    expect(await world.row(ccstore, old.sessionId)).toEqual(row);
    expect(await refresh(world, client, held)).toMatchObject({ status: 200 });
  });

  // A token that was given at the grace's last second must still be good for a while.
  test.for([2, 3, 30, 60, 119, 120])(
    'keeps a client of tokens of %s seconds logged in, whatever the grace',
    async (tokenLifetime, { world }) => {
      rotate(world, ccstore);
      let held = await world.open(ccstore, { tokenLifetime });
      const half = Math.min(grace, Math.floor(tokenLifetime / 2));
      for (let issued = noon; issued < noon + 5 * half; issued = later(issued, half)) {
        world.now = later(issued, half);
        const next = await refreshed(world, client, held);
        expect(client.secretOf(next)).not.toBe(client.secretOf(held));
        world.now = later(issued, 2 * half - 1);
        const { json } = await refresh(world, client, held);
        expect(json.access_token).toBe(next.accessToken);
        expect(json.expires_in).toBe(tokenLifetime - half + 1);
        held = next;
      }
    },
  );

  test('answers two tabs of one second, where tokens live no longer', async ({ world }) => {
    rotate(world, ccstore);
    const held = await world.open(ccstore, { tokenLifetime: 1 });
    const next = await refreshed(world, client, held);
    expect((await refresh(world, client, held)).json.access_token).toBe(next.accessToken);
  });

  test('keeps the life of a token that was given, whatever becomes of the policy', async ({
    world,
  }) => {
    rotate(world, ccstore, 465);
    let held = await refreshed(world, client, await world.open(ccstore));
    const { accessToken } = held;
    const shorter = { idle: { token: 60 }, rotation: { grace: 30 } } as const;
    world.policies.set('ccstore', { ...ccstore.policy, ...shorter });
    for (let seconds = 20; seconds <= 900; seconds += 20) {
      world.now = later(noon, seconds);
      held = await refreshed(world, client, held);
      if (seconds < 465) expect(held.accessToken).toBe(accessToken);
      const { iat, exp } = claimsOf(held.accessToken);
      expect(exp - iat).toBe(seconds < 465 ? 930 : 60);
    }
  });

  test('gives no token that outlives its session', async ({ world }) => {
    rotate(world, ccstore);
    let held = await world.open(ccstore);
    const end = later(noon, ccstore.policy.lifetime);
    for (let now = noon; now < end; now = later(now, 900)) {
      world.now = now;
      held = await refreshed(world, client, held);
      expect(claimsOf(held.accessToken).exp).toBe(Math.min(now + 930, end));
    }
    world.now = end;
    expect(await refresh(world, client, held)).toMatchObject(client.expired);
  });

  test('gives tokens that fit in the headers that API Gateway takes, opened with the longest claims', async ({
    world,
  }) => {
    rotate(world, ccstore);
    const own = (length: number) => JSON.stringify({ name: 'n'.repeat(length) });
    // The longest that open takes beside these, found by trying.
    const input = { sessionId: 'i'.repeat(128), subject: 's'.repeat(128) };
    let length = 4096;
    const open = () =>
      world
        .run('open', { contract: 'ccstore', ...input, claims: own(length) })
        .then(({ outcome }) => outcome);
    while ((await open()) === 'invalid') length -= 1;
    expect(length).toBeGreaterThan(4000);
    let held = await world.open(ccstore, {
      ...input,
      sessionId: 'j'.repeat(128),
      claims: own(length),
    });
    for (let turn = 0; turn < 3; turn += 1) {
      world.now = later(world.now, grace);
      held = await refreshed(world, client, held);
      expect(`Authorization: Bearer ${held.accessToken}`.length).toBeLessThan(9000);
    }
  });
});
