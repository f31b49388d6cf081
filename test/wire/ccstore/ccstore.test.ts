import { SignJWT } from 'jose';
import { describe, expect } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { deriveKeys } from '../../../functions/core/keys/keys.ts';
import { later } from '../../../functions/core/time.ts';
import { material, noon, test, type WireCall } from '../../support/world.ts';
import { payloadOf, refresh, refused, signed } from './tokens.ts';

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

  const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const storefront = { 'Content-Type': 'application/json', 'X-CCProfileType': 'storefrontUI' };

  test.for<{ what: string; scheme?: string; call?: WireCall }>([
    { what: 'a query of other credentials', call: { query: { access_token: ['another'] } } },
    { what: 'a query called __proto__', call: { query: { ['__proto__']: ['%zz'] } } },
    { what: 'a refresh_token', call: { headers: storefront, body: '{"refresh_token":"another"}' } },
    { what: 'a broken form', call: { headers: form, body: '%' } },
    { what: 'a scheme in small letters', scheme: 'bearer ' },
    { what: 'a scheme in capitals, between blanks', scheme: 'BEARER   ' },
  ])('takes a bearer token, whatever $what says', async ({ scheme, call }, { world }) => {
    const { accessToken } = await world.open(ccstore);
    const Authorization = scheme ? `${scheme}${accessToken} ` : `Bearer ${accessToken}`;
    const headers = { ...call?.headers, Authorization };
    expect(await world.post(ccstore, { ...call, headers })).toMatchObject({ status: 200 });
  });

  const auth = (Authorization: string) => ({ headers: { Authorization } });

  test.for<{ what: string; call: WireCall }>([
    { what: 'another header', call: { headers: { 'X-Authorization': 'Bearer *' } } },
    { what: 'the query', call: { query: { access_token: ['*'] } } },
    { what: 'the body', call: { headers: storefront, body: '{"refresh_token":"*"}' } },
    { what: 'another scheme', call: auth('Basic *') },
    { what: 'a scheme that begins so', call: auth('Bearers *') },
    { what: 'no scheme', call: auth('*') },
    { what: 'a scheme without a blank', call: auth('Bearer*') },
    { what: 'a second place', call: auth('Bearer *, Bearer *') },
    { what: 'no place', call: auth('Bearer  ') },
  ])('refuses a token in $what with 90001, and asks nothing', async ({ call }, { world }) => {
    const { accessToken } = await world.open(ccstore);
    const written = JSON.parse(JSON.stringify(call).replaceAll('*', accessToken));
    world.requests.length = 0;
    expect(await world.post(ccstore, written)).toMatchObject(refused('90001'));
    expect(world.requests).toEqual([]);
  });

  test('takes a token that a standard library wrote with the key', async ({ world }) => {
    const claims = JSON.parse(payloadOf((await world.open(ccstore)).accessToken));
    const key = new TextEncoder().encode(material.signing);
    const token = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(key);
    expect(await refresh(world, token)).toMatchObject({ status: 200 });
  });
});

// What a verifier refuses is in test/unit/jwt.test.ts.
describe('POST /ccstore/v1/refresh', () => {
  test.for<{ what: string; change?: Readonly<Record<string, unknown>>; key?: string }>([
    { what: 'another key', key: 'a'.repeat(64) },
    { what: 'no sid', change: { sid: undefined } },
    { what: 'a sid outside the grammar', change: { sid: 'a#b' } },
    { what: 'no sec', change: { sec: undefined } },
    { what: 'an empty sec', change: { sec: '' } },
    { what: 'a sec that is no string', change: { sec: [1] } },
    { what: 'no exp', change: { exp: undefined } },
    { what: 'an exp in a string', change: { exp: '4102444800' } },
    { what: 'half a second in exp', change: { exp: 4e9 + 0.5 } },
  ])('refuses a token of $what with 90002, and asks nothing', async (row, { world }) => {
    const { accessToken } = await world.open(ccstore);
    const { change, key = material.signing ?? '' } = row;
    const forged = JSON.stringify({ ...JSON.parse(payloadOf(accessToken)), ...change });
    world.requests.length = 0;
    expect(await refresh(world, signed(forged, { key }))).toMatchObject(refused('90002'));
    expect(world.requests).toEqual([]);
    expect(await refresh(world, signed(payloadOf(accessToken)))).toMatchObject({ status: 200 });
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

  test('has storefrontUI as iss, before other claims, where none was given', async ({ world }) => {
    const { accessToken } = await world.open(ccstore, { subject: 'a', claims: '{"r":["x"]}' });
    const { json } = await refresh(world, accessToken);
    expect(payloadOf(json.access_token)).toMatch(
      /^\{"exp":\d+,"sub":"a","iss":"storefrontUI","r":\["x"\],"iat":\d+,"sid":/,
    );
  });

  test.for([
    { what: '930 seconds', input: {}, lifetime: 930 },
    { what: "an application key's 300 seconds", input: { tokenLifetime: 300 }, lifetime: 300 },
  ])(
    'lives for $what from every refresh on, and not one more',
    async ({ input, lifetime }, { world }) => {
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
      expect(await refresh(world, json.access_token)).toMatchObject({ status: 200 });
      world.now = exp;
      expect(await refresh(world, json.access_token)).toMatchObject(refused('90003'));
    },
  );

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
});
