import { createHmac } from 'node:crypto';
import { describe, expect } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { epochSeconds, later } from '../../../functions/core/time.ts';
import { material, noon, test } from '../../support/world.ts';
import { payloadOf, refresh, refused, sample, sampleToken, segments, signed } from './tokens.ts';

describe("the document's own token", () => {
  test('has a payload that JSON.stringify and base64 give back, byte for byte', () => {
    const { header, payload, signature } = segments(sampleToken);
    expect(Buffer.from(JSON.stringify(sample)).toString('base64')).toBe(payload);
    expect(Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64')).toBe(header);
    expect(Buffer.from(signature, 'base64').toString('base64')).toBe(signature);
  });
});

describe('the access token of ccstore', () => {
  test("begins with the document's, byte for byte, at its time and for its subject", async ({
    world,
  }) => {
    world.now = epochSeconds(sample.iat);
    const { sessionId, accessToken } = await world.open(ccstore, { subject: sample.sub });
    const { json } = await refresh(world, accessToken);
    for (const token of [accessToken, json.access_token]) {
      const { header, payload } = segments(token);
      expect(header).toBe(segments(sampleToken).header);
      const text = payloadOf(sampleToken).slice(0, -1);
      const more = payloadOf(token).slice(text.length);
      expect(payloadOf(token).slice(0, text.length)).toBe(text);
      expect(more).toMatch(/^,"sid":"[^"]+","sec":"[A-Za-z0-9_-]{43}"\}$/);
      expect(JSON.parse(payloadOf(token))).toMatchObject({ ...sample, sid: sessionId });
      // Three bytes to four characters: the part of the segment that lies in the document's text.
      const same = Math.floor(text.length / 3) * 4;
      expect(payload.slice(0, same)).toBe(segments(sampleToken).payload.slice(0, same));
    }
  });

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
});

describe('the access token of ccstore', () => {
  test('is padded standard base64 in all three segments, whatever its claims', async ({
    world,
  }) => {
    for (const subject of ['a', 'ab', 'abc']) {
      const claims = '{"what":">>>???~~~"}';
      const held = await world.open(ccstore, { subject, claims, sessionId: `of-${subject}` });
      const { json } = await refresh(world, held.accessToken);
      const { header, payload, signature } = segments(json.access_token);
      expect(payload).toMatch(/[+/]/);
      for (const segment of [header, payload, signature])
        expect(Buffer.from(segment, 'base64').toString('base64')).toBe(segment);
      const hmac = createHmac('sha256', material.signing ?? '').update(`${header}.${payload}`);
      expect(signature).toBe(hmac.digest('base64'));
    }
  });

  test('writes everything beyond ASCII as an escape, and keeps it so', async ({ world }) => {
    const claims = '{"iss":"storefrontUI","näme":"Жук 🐞\u2028\u0080"}';
    const held = await world.open(ccstore, { subject: 'Zoë', claims });
    const once = (await refresh(world, held.accessToken)).json.access_token;
    const twice = (await refresh(world, once)).json.access_token;
    for (const token of [held.accessToken, once, twice]) {
      const text = payloadOf(token);
      expect(text).toMatch(/^[\x20-\x7e]+$/);
      expect(text).toContain(
        String.raw`"sub":"Zo\u00eb","iss":"storefrontUI","n\u00e4me":"\u0416\u0443\u043a \ud83d\udc1e\u2028\u0080","iat"`,
      );
      expect(JSON.parse(text)).toMatchObject({ sub: 'Zoë', näme: 'Жук 🐞\u2028\u0080' });
    }
  });

  test('has storefrontUI as iss, before other claims, where none was given', async ({ world }) => {
    const { accessToken } = await world.open(ccstore, { subject: 'a', claims: '{"r":["x"]}' });
    const { json } = await refresh(world, accessToken);
    expect(payloadOf(json.access_token)).toMatch(
      /^\{"exp":\d+,"sub":"a","iss":"storefrontUI","r":\["x"\],"iat":\d+,"sid":/,
    );
  });

  test("holds its session's secret of 32 random bytes, which the table does not", async ({
    world,
  }) => {
    const one = JSON.parse(payloadOf((await world.open(ccstore)).accessToken));
    const other = JSON.parse(payloadOf((await world.open(ccstore)).accessToken));
    expect(one.sec).not.toBe(other.sec);
    expect(Buffer.from(one.sec, 'base64url')).toHaveLength(32);
    const items = await world.items();
    expect(items).toHaveLength(2);
    expect(JSON.stringify(items)).not.toContain(one.sec);
  });

  test.for([
    { what: 'claims beyond ASCII', input: { claims: `{"name":"${'ж'.repeat(4000)}"}` } },
    {
      what: 'the longest of everything',
      input: {
        sessionId: 'i'.repeat(128),
        subject: '🐞'.repeat(128),
        secret: '"'.repeat(2048),
        claims: `{"name":"${'n'.repeat(4000)}"}`,
      },
    },
  ])(
    'fits in the headers that API Gateway takes, or is not opened: $what',
    async ({ input }, { world }) => {
      const answer = await world.run('open', { contract: 'ccstore', ...input });
      const [, token = ''] = /"accessToken":"([^"]+)"/.exec(JSON.stringify(answer)) ?? [];
      const header = `Authorization: Bearer ${token}`;
      expect(header.length).toBeLessThan(10_240);
    },
  );
});

describe('open ccstore', () => {
  test.for([
    { what: 'exp', claims: '{"exp":1}' },
    { what: 'exp by an escape', claims: '{"\\u0065xp":1}' },
    { what: 'sub', claims: '{"sub":"x"}' },
    { what: 'iat', claims: '{"iat":1}' },
    { what: 'sid', claims: '{"sid":"x"}' },
    { what: 'sec', claims: '{"sec":"x"}' },
    { what: 'an iss that is no string', claims: '{"iss":7}' },
    { what: 'an array', claims: '["iss"]' },
    { what: 'text that is not JSON', claims: '{"iss":"x"' },
  ])('refuses claims with $what', async ({ claims }, { world }) => {
    const answer = await world.run('open', { contract: 'ccstore', claims });
    expect(answer.outcome).toBe('invalid');
  });
});

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

/** The payload with other claims; `undefined` takes one out. */
function changed(token: string, change: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...JSON.parse(payloadOf(token)), ...change });
}

/** Tokens that are not a session's. What a verifier refuses is in test/unit/jwt.test.ts. */
const forgeries: readonly { what: string; forge: (token: string) => string }[] = [
  { what: 'two dots', forge: () => '..' },
  { what: 'four segments', forge: (token) => `${token}.e30=` },
  {
    what: 'alg none',
    forge: (token) => signed(payloadOf(token), { header: '{"alg":"none","typ":"JWT"}' }),
  },
  { what: 'another key', forge: (token) => signed(payloadOf(token), { key: 'a'.repeat(64) }) },
  {
    what: 'another end under the old signature',
    forge: (token) => {
      const { header, signature } = segments(token);
      const payload = Buffer.from(changed(token, { exp: 4_102_444_800 })).toString('base64');
      return `${header}.${payload}.${signature}`;
    },
  },
  { what: 'no sid', forge: (token) => signed(changed(token, { sid: undefined })) },
  { what: 'no sec', forge: (token) => signed(changed(token, { sec: undefined })) },
  { what: 'an empty sec', forge: (token) => signed(changed(token, { sec: '' })) },
  { what: 'a sec that is no string', forge: (token) => signed(changed(token, { sec: [1] })) },
  { what: 'a sid outside the grammar', forge: (token) => signed(changed(token, { sid: 'a#b' })) },
  { what: 'no exp', forge: (token) => signed(changed(token, { exp: undefined })) },
  { what: 'an exp of null', forge: (token) => signed(changed(token, { exp: null })) },
  { what: 'an exp in a string', forge: (token) => signed(changed(token, { exp: '4102444800' })) },
  { what: 'half a second in exp', forge: (token) => signed(changed(token, { exp: 4e9 + 0.5 })) },
  {
    what: 'an endless exp',
    forge: (token) => signed(payloadOf(token).replace(/"exp":\d+/, '"exp":1e999')),
  },
];

describe('POST /ccstore/v1/refresh', () => {
  test.for(forgeries)(
    'refuses a token of $what with 90002, and asks nothing of the table',
    async ({ forge }, { world }) => {
      const { accessToken } = await world.open(ccstore);
      world.requests.length = 0;
      expect(await refresh(world, forge(accessToken))).toMatchObject(refused('90002'));
      expect(world.requests).toEqual([]);
      expect(await refresh(world, signed(payloadOf(accessToken)))).toMatchObject({ status: 200 });
    },
  );
});
