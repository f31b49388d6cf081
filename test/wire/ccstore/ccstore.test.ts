import { describe, expect } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { deriveKeys } from '../../../functions/core/keys/keys.ts';
import { later } from '../../../functions/core/time.ts';
import { bearer } from '../../support/ways.ts';
import { material, noon, test, type WireCall } from '../../support/world.ts';
import { payloadOf, refresh, refused } from './tokens.ts';

const day = 86_400;

describe('POST /ccstore/v1/refresh', () => {
  test('answers overlapping refreshes with the same token, and each until it expires', async ({
    world,
  }) => {
    const { sessionId, accessToken } = await world.open(ccstore);
    world.now = later(noon, 30);
    const tabs = await Promise.all(Array.from({ length: 5 }, () => refresh(world, accessToken)));
    expect(new Set(tabs.map(({ text }) => text)).size).toBe(1);
    world.now = later(noon, 500);
    const newer: string = (await refresh(world, tabs[0]?.json.access_token)).json.access_token;
    world.now = later(noon, 929);
    expect(await refresh(world, accessToken)).toMatchObject({ status: 200 });
    world.now = later(noon, 930);
    expect(await refresh(world, accessToken)).toMatchObject(refused('90003'));
    expect(await refresh(world, newer)).toMatchObject({ status: 200 });
    await world.run('revoke', { contract: 'ccstore', sessionId });
    for (const token of [accessToken, newer])
      expect(await refresh(world, token)).toMatchObject(refused('90004'));
  });

  test.for<WireCall & { what: string }>([
    { what: 'a query of other credentials', query: { access_token: ['another'] } },
    { what: 'a query called __proto__', query: { ['__proto__']: ['%zz'] } },
    {
      what: 'a refresh_token',
      headers: { 'Content-Type': 'application/json', 'X-CCProfileType': 'storefrontUI' },
      body: '{"refresh_token":"another"}',
    },
    {
      what: 'a broken form',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: '%',
    },
  ])('takes a bearer token, whatever $what says', async (call, { world }) => {
    const { accessToken } = await world.open(ccstore);
    const headers = { ...call.headers, ...bearer(accessToken).headers };
    expect(await world.post(ccstore, { ...call, headers })).toMatchObject({ status: 200 });
  });

  // What is a bearer token is in test/unit/contract.test.ts.
  test.for<{ what: string; call: WireCall }>([
    { what: 'another header', call: { headers: { 'X-Authorization': 'Bearer *' } } },
    { what: 'the query', call: { query: { access_token: ['*'] } } },
    { what: 'the body', call: { body: '{"access_token":"*","refresh_token":"*"}' } },
  ])('refuses a token in $what with 90001, and asks nothing', async ({ call }, { world }) => {
    const { accessToken } = await world.open(ccstore);
    const written = JSON.parse(JSON.stringify(call).replaceAll('*', accessToken));
    world.requests.length = 0;
    expect(await world.post(ccstore, written)).toMatchObject(refused('90001'));
    expect(world.requests).toEqual([]);
  });
});

describe('the keys of ccstore', () => {
  const next = 'the-next-signing-key-0123456789abcdefghijklmnopqrstuvwxyz';
  const { signing: previousSigning = '' } = material;

  test('verify by the previous one as long as it is kept, and sign by the current', async ({
    world,
  }) => {
    const { accessToken } = await world.open(ccstore);
    const use = (more: object) => {
      world.keys = ({ serves }) => deriveKeys(serves, { ...material, signing: next, ...more });
    };
    use({ previousSigning });
    const { status, json } = await refresh(world, accessToken);
    expect(status).toBe(200);
    use({});
    expect(await refresh(world, json.access_token)).toMatchObject({ status: 200 });
    world.requests.length = 0;
    expect(await refresh(world, accessToken)).toMatchObject(refused('90002'));
    expect(world.requests).toEqual([]);
    // Another root proves no secret.
    use({ root: next });
    expect(await refresh(world, json.access_token)).toMatchObject(refused('90002'));
  });
});

describe('the access token of ccstore', () => {
  test('keeps claims in place and value over several refreshes', async ({ world }) => {
    const roles = '["settingsRole",{"id":12345678901234567890,"10":1,"2":2},1.0]';
    const own = `"iss":"adminUI","com.oracle.atg.cloud.commerce.roles":${roles},"occs.admin.profileId":"p-1"`;
    const held = await world.open(ccstore, { subject: 'admin', claims: `{${own}}` });
    const { sec } = JSON.parse(payloadOf(held.accessToken));
    let token = held.accessToken;
    for (const at of [30, 60, 90]) {
      world.now = later(noon, at);
      token = (await refresh(world, token)).json.access_token;
      const iat = noon + at;
      expect(payloadOf(token)).toBe(
        `{"exp":${iat + 930},"sub":"admin",${own},"iat":${iat},"sid":"${held.sessionId}","sec":"${sec}"}`,
      );
    }
  });

  test.for([{ lifetime: 930 }, { lifetime: 300, tokenLifetime: 300 }])(
    'lives for $lifetime seconds from every refresh on, and for its session’s day at most',
    async ({ lifetime, ...input }, { world }) => {
      const { accessToken } = await world.open(ccstore, input);
      let token = accessToken;
      for (let at = 0; at < day; at += lifetime - 1) {
        world.now = later(noon, at);
        const { json } = await refresh(world, token);
        token = json.access_token;
        expect(json.expires_in).toBe(Math.min(lifetime, day - at));
        expect(JSON.parse(payloadOf(token)).exp).toBe(noon + Math.min(at + lifetime, day));
      }
      for (const [last, at] of [[accessToken, lifetime] as const, [token, day] as const]) {
        world.now = later(noon, at);
        expect(await refresh(world, last)).toMatchObject(refused('90003'));
      }
    },
  );
});
