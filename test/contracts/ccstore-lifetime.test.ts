import { describe, expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { later } from '../../functions/core/time.ts';
import { noon, test } from '../support/world.ts';
import { refresh, refused } from './ccstore-client.ts';
import { payloadOf } from './segments.ts';

const day = 86_400;

describe('the life of a token of ccstore', () => {
  test.for([
    { what: '930 seconds', input: {}, lifetime: 930 },
    { what: "an application key's 300 seconds", input: { tokenLifetime: 300 }, lifetime: 300 },
  ])('is $what from every refresh on, and not one more', async ({ input, lifetime }, { world }) => {
    const held = await world.open(ccstore, input);
    expect(held).toMatchObject({ expiresIn: lifetime, expiresAt: noon + lifetime });
    world.now = later(noon, lifetime - 1);
    const { json } = await refresh(world, held.accessToken);
    expect(json.expires_in).toBe(lifetime);
    const { iat, exp } = JSON.parse(payloadOf(json.access_token));
    expect({ iat, exp }).toEqual({ iat: world.now, exp: world.now + lifetime });
    world.now = later(noon, lifetime);
    expect(await refresh(world, held.accessToken)).toMatchObject(refused('90003'));
    world.now = later(exp, -1);
    expect(await refresh(world, json.access_token)).toMatchObject({
      status: 200,
      json: { expires_in: lifetime },
    });
    world.now = exp;
    expect(await refresh(world, json.access_token)).toMatchObject(refused('90003'));
  });

  test("ends with its session's day, and expires_in says so", async ({ world }) => {
    let { accessToken: token } = await world.open(ccstore);
    for (let at = 0; at < day; at += 900) {
      world.now = later(noon, at);
      const { json } = await refresh(world, token);
      token = json.access_token;
      expect(json.expires_in).toBe(Math.min(930, day - at));
      expect(JSON.parse(payloadOf(token)).exp).toBe(noon + Math.min(at + 930, day));
    }
    world.now = later(noon, day);
    expect(await refresh(world, token)).toMatchObject(refused('90003'));
  });

  test('ends with its session where it alone would live longer', async ({ world }) => {
    const { accessToken } = await world.open(ccstore, { tokenLifetime: day });
    world.now = later(noon, day - 1);
    const { json } = await refresh(world, accessToken);
    expect(json.expires_in).toBe(1);
    expect(JSON.parse(payloadOf(json.access_token)).exp).toBe(noon + day);
  });

  test('never comes back: an expired token refreshes nothing, however young its session', async ({
    world,
  }) => {
    const { accessToken } = await world.open(ccstore);
    world.now = later(noon, 60);
    const { json } = await refresh(world, accessToken);
    world.now = later(noon, 935);
    expect(await refresh(world, accessToken)).toMatchObject(refused('90003'));
    expect(await refresh(world, json.access_token)).toMatchObject({ status: 200 });
    expect(await refresh(world, accessToken)).toMatchObject(refused('90003'));
  });

  test.for([0, -1, 1.5, 86_401, '300', null])('cannot be %s seconds', async (given, { world }) => {
    const answer = await world.run('open', { contract: 'ccstore', tokenLifetime: given });
    expect(answer.outcome).toBe('invalid');
  });
});
