import { SignJWT } from 'jose';
import { describe, expect } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { deriveKeys } from '../../../functions/core/keys/keys.ts';
import { later } from '../../../functions/core/time.ts';
import { s360 } from '../../../functions/s360/contract.ts';
import { material, noon, test, type WireCall } from '../../support/world.ts';
import { payloadOf, refresh, refused, segments, signed } from './tokens.ts';

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

  const storefront = { 'Content-Type': 'application/json', 'X-CCProfileType': 'storefrontUI' };

  test.for<{ what: string; scheme?: string; call?: WireCall }>([
    { what: 'a query of other credentials', call: { query: { access_token: ['another'] } } },
    { what: 'a query called __proto__', call: { query: { ['__proto__']: ['%zz'] } } },
    { what: 'a refresh_token', call: { headers: storefront, body: '{"refresh_token":"another"}' } },
    { what: 'a scheme in small letters', scheme: 'bearer ' },
    { what: 'a scheme in capitals, between blanks', scheme: 'BEARER   ' },
  ])('takes a bearer token, whatever $what says', async ({ scheme, call }, { world }) => {
    const { accessToken } = await world.open(ccstore);
    const Authorization = scheme ? `${scheme}${accessToken} ` : `Bearer ${accessToken}`;
    const headers = { ...call?.headers, Authorization };
    expect(await world.post(ccstore, { ...call, headers })).toMatchObject({ status: 200 });
  });

  test.for<{ what: string; write: (token: string) => WireCall }>([
    {
      what: 'another header',
      write: (token) => ({ headers: { 'X-Authorization': `Bearer ${token}` } }),
    },
    { what: 'the query', write: (token) => ({ query: { access_token: [token] } }) },
    {
      what: 'the body',
      write: (token) => ({ headers: storefront, body: `{"refresh_token":"${token}"}` }),
    },
    {
      what: 'another scheme',
      write: (token) => ({ headers: { Authorization: `Basic ${token}` } }),
    },
    {
      what: 'a scheme that begins so',
      write: (token) => ({ headers: { Authorization: `Bearers ${token}` } }),
    },
    { what: 'no scheme', write: (token) => ({ headers: { Authorization: token } }) },
    {
      what: 'a scheme without a blank',
      write: (token) => ({ headers: { Authorization: `Bearer${token}` } }),
    },
    {
      what: 'a second place',
      write: (token) => ({ headers: { Authorization: `Bearer ${token}, Bearer ${token}` } }),
    },
    { what: 'no place', write: () => ({ headers: { Authorization: 'Bearer  ' } }) },
  ])('refuses a token in $what with 90001, and asks nothing', async ({ write }, { world }) => {
    const { accessToken } = await world.open(ccstore);
    world.requests.length = 0;
    expect(await world.post(ccstore, write(accessToken))).toMatchObject(refused('90001'));
    expect(world.requests).toEqual([]);
  });

  test('takes a token that a standard library wrote with the key', async ({ world }) => {
    const claims = JSON.parse(payloadOf((await world.open(ccstore)).accessToken));
    const key = new TextEncoder().encode(material.signing);
    const token = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(key);
    expect(await refresh(world, token)).toMatchObject({ status: 200 });
  });
});

/** The payload of a good token with other claims; `undefined` takes one out. */
function changed(token: string, change: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...JSON.parse(payloadOf(token)), ...change });
}

// What a verifier refuses is in test/unit/jwt.test.ts.
describe('POST /ccstore/v1/refresh', () => {
  test.for<{ what: string; forge: (token: string) => string }>([
    { what: 'no form', forge: () => '__proto__' },
    { what: 'another key', forge: (token) => signed(payloadOf(token), { key: 'a'.repeat(64) }) },
    { what: 'alg none', forge: (token) => signed(payloadOf(token), { header: '{"alg":"none"}' }) },
    { what: 'null', forge: () => signed('null') },
    { what: 'claims in __proto__', forge: (token) => signed(`{"__proto__":${payloadOf(token)}}`) },
    { what: 'no sid', forge: (token) => signed(changed(token, { sid: undefined })) },
    { what: 'a sid outside the grammar', forge: (token) => signed(changed(token, { sid: 'a#b' })) },
    { what: 'no sec', forge: (token) => signed(changed(token, { sec: undefined })) },
    { what: 'an empty sec', forge: (token) => signed(changed(token, { sec: '' })) },
    { what: 'a sec that is no string', forge: (token) => signed(changed(token, { sec: [1] })) },
    { what: 'no exp', forge: (token) => signed(changed(token, { exp: undefined })) },
    { what: 'an exp in a string', forge: (token) => signed(changed(token, { exp: '4102444800' })) },
    { what: 'half a second in exp', forge: (token) => signed(changed(token, { exp: 4e9 + 0.5 })) },
    {
      what: 'an endless exp',
      forge: (token) => signed(payloadOf(token).replace(/"exp":\d+/, '"exp":1e999')),
    },
    { what: '1 MB', forge: (token) => token.padEnd(1e6, '.x') },
  ])('refuses a token of $what with 90002, and asks nothing', async ({ forge }, { world }) => {
    const { accessToken } = await world.open(ccstore);
    world.requests.length = 0;
    expect(await refresh(world, forge(accessToken))).toMatchObject(refused('90002'));
    expect(world.requests).toEqual([]);
    expect(await refresh(world, signed(payloadOf(accessToken)))).toMatchObject({ status: 200 });
  });

  test('answers a signature the same however much of it is right, and asks nothing', async ({
    world,
  }) => {
    const { accessToken } = await world.open(ccstore);
    const { header, payload, signature } = segments(accessToken);
    const { accessToken: ofS360 } = await world.open(s360);
    const right = Buffer.from(signature, 'base64');
    const flipped = Buffer.from(right.map((byte) => byte ^ 0xff));
    world.requests.length = 0;
    const texts = new Set<string>();
    const answer = async (...bytes: Buffer[]) => {
      const tail = Buffer.concat(bytes).toString('base64');
      texts.add((await refresh(world, `${header}.${payload}.${tail}`)).text);
    };
    for (let bytes = 0; bytes < right.length; bytes += 1) {
      await answer(right.subarray(0, bytes));
      await answer(right.subarray(0, bytes), flipped.subarray(bytes));
    }
    await answer(right, right);
    // Were the key the same, it would still be no token of ccstore.
    texts.add((await refresh(world, ofS360)).text);
    expect([...texts]).toEqual([ccstore.refuse('wrong-secret', '').body]);
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
