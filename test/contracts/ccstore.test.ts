import { describe, expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { epochSeconds, later } from '../../functions/core/time.ts';
import { noon, onBothEngines, test, type WireCall } from '../support/world.ts';
import { refresh, refused } from './ccstore-client.ts';
import { sample, sampleAnswer, samplePayload, sampleToken } from './ccstore-document.ts';

onBothEngines('POST /ccstore/v1/refresh', (test) => {
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
    { what: 'broken JSON', call: { headers: storefront, body: '{"refresh_token":' } },
    { what: 'an array', call: { headers: storefront, body: '[]' } },
    {
      what: 'a broken form',
      call: { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: '%zz=%' },
    },
    {
      what: 'XML',
      call: { headers: { 'Content-Type': 'text/xml' }, body: '<a xmlns:x="&amp;"' },
    },
    {
      what: 'what is no content type',
      call: { headers: { 'Content-Type': ';;,,\u0000' }, body: '\u0000\ud800' },
    },
    { what: 'a megabyte', call: { headers: storefront, body: 'x'.repeat(1024 * 1024) } },
    { what: 'broken base64', call: { body: '%%%', isBase64Encoded: true } },
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
    { what: 'no header', write: () => ({}) },
    { what: 'an empty header', write: () => ({ headers: { Authorization: '' } }) },
    { what: 'a scheme alone', write: () => ({ headers: { Authorization: 'Bearer' } }) },
    { what: 'a scheme and a space', write: () => ({ headers: { Authorization: 'Bearer ' } }) },
    { what: 'a token alone', write: (token) => ({ headers: { Authorization: token } }) },
    {
      what: 'no space between',
      write: (token) => ({ headers: { Authorization: `Bearer${token}` } }),
    },
    {
      what: 'another scheme',
      write: (token) => ({ headers: { Authorization: `Basic ${token}` } }),
    },
    {
      what: 'a scheme that ends like it',
      write: (token) => ({ headers: { Authorization: `XBearer ${token}` } }),
    },
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
