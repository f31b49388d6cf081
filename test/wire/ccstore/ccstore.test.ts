import { SignJWT } from 'jose';
import { describe, expect } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { deriveKeys } from '../../../functions/core/keys/keys.ts';
import { epochSeconds, later } from '../../../functions/core/time.ts';
import { s360 } from '../../../functions/s360/contract.ts';
import { material, noon, test, type WireCall } from '../../support/world.ts';
import {
  payloadOf,
  refresh,
  refused,
  sample,
  sampleAnswer,
  samplePayload,
  sampleToken,
  segments,
  signed,
} from './tokens.ts';

describe('POST /ccstore/v1/refresh', () => {
  test("answers the document's sample, byte for byte but for the token", async ({ world }) => {
    world.now = epochSeconds(sample.iat);
    const { accessToken } = await world.open(ccstore, { subject: sample.sub });
    const answer = await refresh(world, accessToken);
    expect(answer.status).toBe(200);
    const { access_token } = answer.json;
    for (const printed of [sampleAnswer, samplePayload]) {
      const compact = JSON.stringify(JSON.parse(printed));
      expect(answer.text).toBe(compact.replace(sampleToken, access_token));
    }
  });

  test('answers overlapping refreshes with the same token until that one expires', async ({
    world,
  }) => {
    const { accessToken } = await world.open(ccstore);
    world.now = later(noon, 30);
    const tabs = await Promise.all(Array.from({ length: 5 }, () => refresh(world, accessToken)));
    expect(tabs.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    world.now = later(noon, 500);
    const newer = await refresh(world, tabs[0]?.json.access_token);
    world.now = later(noon, 929);
    expect(await refresh(world, accessToken)).toMatchObject({ status: 200 });
    world.now = later(noon, 930);
    expect(await refresh(world, accessToken)).toMatchObject(refused('90003'));
    expect(await refresh(world, newer.json.access_token)).toMatchObject({ status: 200 });
  });
});

describe('the answer of POST /ccstore/v1/refresh', () => {
  test('has these members in this order, expires_in a number', async ({ world }) => {
    const { accessToken } = await world.open(ccstore);
    const answer = await refresh(world, accessToken);
    expect(answer.text).toMatch(
      /^\{"access_token":"[\w+/=]+\.[\w+/=]+\.[\w+/=]+","token_type":"bearer","expires_in":930\}$/,
    );
    expect(answer.headers['Content-Type']).toMatch(/^application\/json\b/);
  });
});

const storefront = { 'Content-Type': 'application/json', 'X-CCProfileType': 'storefrontUI' };

describe('a request to POST /ccstore/v1/refresh', () => {
  test.for<{ what: string; call: WireCall }>([
    { what: 'an empty object, as the storefront', call: { headers: storefront, body: '{}' } },
    { what: 'no body and no content type', call: { body: null } },
    {
      what: 'an empty form',
      call: { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: '' },
    },
    {
      what: 'a query of grant_type',
      call: {
        query: { grant_type: ['client_credentials'] },
        body: 'grant_type=client_credentials',
      },
    },
    {
      what: 'a refresh_token',
      call: { headers: storefront, body: '{"refresh_token":"another"}' },
    },
    {
      what: 'a query of other credentials',
      call: { query: { access_token: ['another'], Authorization: ['Bearer another'] } },
    },
    { what: 'a query called __proto__', call: { query: { ['__proto__']: ['%zz'] } } },
  ])('counts by Authorization alone: $what changes nothing', async ({ call }, { world }) => {
    const { accessToken } = await world.open(ccstore);
    world.requests.length = 0;
    const headers = { ...call.headers, Authorization: `Bearer ${accessToken}` };
    expect(await world.post(ccstore, { ...call, headers })).toMatchObject({ status: 200 });
    expect(world.requests).toEqual(['GetItemCommand']);
  });

  test.for([
    { what: 'bearer', name: 'Authorization', scheme: 'bearer' },
    { what: 'BEARER', name: 'Authorization', scheme: 'BEARER' },
    { what: 'bEaReR', name: 'Authorization', scheme: 'bEaReR' },
    { what: 'in the header authorization', name: 'authorization', scheme: 'Bearer' },
    { what: 'in the header AUTHORIZATION', name: 'AUTHORIZATION', scheme: 'Bearer' },
  ])('may write its scheme $what', async ({ name, scheme }, { world }) => {
    const { accessToken } = await world.open(ccstore);
    const headers = { [name]: `${scheme} ${accessToken}` };
    expect(await world.post(ccstore, { headers })).toMatchObject({ status: 200 });
  });

  test.for<{ what: string; write: (token: string) => WireCall }>([
    {
      what: 'a token in another header',
      write: (token) => ({ headers: { 'X-Authorization': `Bearer ${token}` } }),
    },
    { what: 'a token in the query', write: (token) => ({ query: { access_token: [token] } }) },
    {
      what: 'a token in the body',
      write: (token) => ({ headers: storefront, body: JSON.stringify({ refresh_token: token }) }),
    },
  ])('without a bearer token is refused with 90001: $what', async ({ write }, { world }) => {
    const { accessToken } = await world.open(ccstore);
    world.requests.length = 0;
    const answer = await world.post(ccstore, write(accessToken));
    expect(answer).toMatchObject(refused('90001'));
    expect(answer.text).not.toContain(accessToken);
    expect(world.requests).toEqual([]);
  });
});

const next = 'the-next-signing-key-0123456789abcdefghijklmnopqrstuvwxyz';
const { signing = '' } = material;

describe('POST /ccstore/v1/refresh', () => {
  test('refuses a logged-out session with 90004, whichever of its tokens', async ({ world }) => {
    const { sessionId, accessToken } = await world.open(ccstore);
    const { json } = await refresh(world, accessToken);
    await world.run('revoke', { contract: 'ccstore', sessionId });
    for (const token of [accessToken, json.access_token])
      expect(await refresh(world, token)).toMatchObject(refused('90004'));
  });

  test('refuses with 90002 a session that nobody opened, and a secret that is not its own', async ({
    world,
  }) => {
    const claims = JSON.parse(payloadOf((await world.open(ccstore)).accessToken));
    const other = JSON.parse(payloadOf((await world.open(ccstore)).accessToken));
    for (const change of [{ sid: 'nobody' }, { sec: other.sec }, { sid: other.sid }]) {
      world.requests.length = 0;
      const token = signed(JSON.stringify({ ...claims, ...change }));
      expect(await refresh(world, token)).toMatchObject(refused('90002'));
      expect(world.requests).toEqual(['GetItemCommand']);
    }
    expect(await refresh(world, signed(JSON.stringify(claims)))).toMatchObject({ status: 200 });
  });
});

describe('POST /ccstore/v1/refresh', () => {
  test('tells who does not hold the secret of a session nothing of its end', async ({ world }) => {
    const { sessionId, accessToken } = await world.open(ccstore);
    const claims = { ...JSON.parse(payloadOf(accessToken)), sec: 'a guess' };
    await world.run('revoke', { contract: 'ccstore', sessionId });
    expect(await refresh(world, signed(JSON.stringify(claims)))).toMatchObject(refused('90002'));
    world.now = later(noon, 86_400);
    expect(await refresh(world, signed(JSON.stringify(claims)))).toMatchObject(refused('90002'));
  });

  test('takes a token that a standard library wrote with the key', async ({ world }) => {
    const claims = JSON.parse(payloadOf((await world.open(ccstore)).accessToken));
    const key = new TextEncoder().encode(signing);
    const token = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(key);
    expect(await refresh(world, token)).toMatchObject({ status: 200 });
  });

  test('takes a signature in either alphabet, padded or not', async ({ world }) => {
    const { accessToken } = await world.open(ccstore, { secret: 's', sessionId: 'i' });
    const { header, payload, signature } = segments(accessToken);
    const url = signature.replaceAll('+', '-').replaceAll('/', '_');
    expect(url).not.toBe(signature);
    for (const tail of [url, url.replace('=', ''), signature.replace('=', '')])
      expect(await refresh(world, `${header}.${payload}.${tail}`)).toMatchObject({ status: 200 });
  });

  test('takes a token of the previous signing key, and signs with the current one', async ({
    world,
  }) => {
    const { accessToken } = await world.open(ccstore);
    world.keys = ({ serves: name }) =>
      deriveKeys(name, { ...material, signing: next, previousSigning: signing });
    const { status, json } = await refresh(world, accessToken);
    expect(status).toBe(200);
    world.keys = ({ serves: name }) => deriveKeys(name, { ...material, signing: next });
    expect(await refresh(world, json.access_token)).toMatchObject({ status: 200 });
    world.requests.length = 0;
    expect(await refresh(world, accessToken)).toMatchObject(refused('90002'));
    expect(world.requests).toEqual([]);
  });

  test('refuses every token with 90002 once the root secret is another', async ({ world }) => {
    const { accessToken } = await world.open(ccstore);
    world.keys = ({ serves: name }) => deriveKeys(name, { ...material, root: next });
    expect(await refresh(world, accessToken)).toMatchObject(refused('90002'));
  });

  test('refuses an access token of s360 with 90002, were the key the same', async ({ world }) => {
    const { accessToken } = await world.open(s360);
    expect(await refresh(world, accessToken)).toMatchObject(refused('90002'));
  });
});
