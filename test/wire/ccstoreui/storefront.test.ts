import { describe, expect } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { ccstoreui } from '../../../functions/ccstoreui/contract.ts';
import { KeysUnavailable } from '../../../functions/core/keys/keys.ts';
import { rowKey, type SessionId, sessionHash } from '../../../functions/core/session/session.ts';
import { later } from '../../../functions/core/time.ts';
import { gatewayFaults, gatewayResponse } from '../../../infra/gateway-faults.ts';
import { type Held, noon, onBothEngines, test, type World } from '../../support/world.ts';
import { type Browser, browse, decoded, poll, read } from './storefront.ts';

const tabs = [0, 0, 7, 19];

async function signIn(world: World, count: number) {
  const held: Held[] = [];
  for (let at = 0; at < count; at += 1)
    held.push(await world.open(ccstoreui, { subject: `shopper-${at}`, sessionId: `s-${at}` }));
  return { held, browsers: held.map(({ accessToken: token }): Browser => ({ token })) };
}

const signedIn = (browsers: readonly Browser[]) => browsers.filter(({ token }) => token);

describe("Oracle Commerce's storefront", () => {
  test.for([
    {
      what: 'DynamoDB that is not there',
      begin: (world: World) => {
        world.outage = 'unavailable';
      },
      status: 503,
    },
    {
      what: 'DynamoDB that does not answer in time',
      begin: (world: World) => {
        world.outage = 'timed-out';
      },
      status: 504,
    },
    {
      what: 'Secrets Manager that is not there',
      begin: (world: World) => {
        world.keys = () => {
          throw new KeysUnavailable(new Error('no secrets'));
        };
      },
      status: 503,
    },
    {
      what: 'a bug',
      begin: (world: World) => {
        world.outage = 'failed';
      },
      status: 500,
    },
  ])('signs nobody out in 60 seconds of $what', async ({ begin, status }, { world }) => {
    const { browsers } = await signIn(world, 3);
    const { keys } = world;
    expect(new Set(await browse(world, browsers, { seconds: 60, tabs }))).toEqual(new Set([200]));
    begin(world);
    const during = await browse(world, browsers, { seconds: 60, tabs });
    expect(new Set(during)).toEqual(new Set([status]));
    expect(signedIn(browsers)).toHaveLength(3);
    Object.assign(world, { outage: undefined, keys });
    const after = await browse(world, browsers, { seconds: 60, tabs });
    expect(new Set(after)).toEqual(new Set([200]));
    // The outage moved nothing: a token lives for 930 seconds from the last refresh on.
    for (const { token = '' } of browsers)
      expect(decoded(token).exp).toBeGreaterThan(world.now + 930 - 30);
  });

  test('signs out whoever is revoked, in every tab at the next poll, and nobody else', async ({
    world,
  }) => {
    const { browsers } = await signIn(world, 2);
    await browse(world, browsers, { seconds: 60, tabs });
    await world.run('revoke', { contract: 'ccstore', sessionId: 's-0' });
    await browse(world, browsers, { seconds: 30, tabs });
    expect(browsers.map(({ token }) => token !== undefined)).toEqual([false, true]);
  });

  test.for(gatewayFaults.map(([type, fault]) => ({ is: type.responseType, type, fault })))(
    "keeps the shopper at API Gateway's own $is, unless it is a 401",
    ({ type, fault }) => {
      const { statusCode, templates = {} } = gatewayResponse(ccstoreui, type, fault, true);
      const browser: Browser = { token: 'a token' };
      read(browser, { status: Number(statusCode), text: templates['application/json'] ?? 'none' });
      expect(browser.token).toBe(statusCode === '401' ? undefined : 'a token');
    },
  );

  test('stays signed in for a day of polls, and no longer than its session', async ({ world }) => {
    const { browsers } = await signIn(world, 1);
    for (let at = 0; at < 86_400; at += 900) {
      world.now = later(noon, at);
      for (const browser of browsers) await poll(world, browser);
    }
    expect(signedIn(browsers)).toHaveLength(1);
    world.now = later(noon, 86_400);
    for (const browser of browsers) await poll(world, browser);
    expect(signedIn(browsers)).toEqual([]);
  });

  test('keeps a shopper whose name is beyond ASCII, as its decoder reads bytes', async ({
    world,
  }) => {
    const claims = '{"iss":"storefrontUI","what":">>>???~~~Жук"}';
    const { accessToken: token } = await world.open(ccstoreui, { subject: 'Zoë', claims });
    const browser: Browser = { token };
    expect(await poll(world, browser)).toMatchObject({ status: 200 });
    expect(decoded(browser.token ?? '')).toMatchObject({ sub: 'Zoë', what: '>>>???~~~Жук' });
  });
});

onBothEngines('POST /ccstoreui/v1/refresh', (test) => {
  test("refreshes ccstore's sessions: a token of either path on the other, in one row", async ({
    world,
  }) => {
    const { sessionId, accessToken } = await world.open(ccstore);
    const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });
    world.requests.length = 0;
    const first = await world.post(ccstoreui, bearer(accessToken));
    const second = await world.post(ccstore, bearer(first.json.access_token));
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(world.requests).toEqual(['GetItemCommand', 'GetItemCommand']);
    expect(await world.items()).toHaveLength(1);
    const key = rowKey('ccstore', sessionId as SessionId);
    const session = sessionHash(world.keys(ccstore).log, key);
    expect(world.records.map(({ contract, session }) => [contract, session])).toEqual([
      ['ccstoreui', session],
      ['ccstore', session],
    ]);
  });

  test("has the policy of ccstore's stage", async ({ world }) => {
    world.policies.set('ccstore', { ...ccstore.policy, rotation: { grace: 60 } });
    const { accessToken } = await world.open(ccstore);
    const bearer = { headers: { Authorization: `Bearer ${accessToken}` } };
    const [one, other] = [await world.post(ccstoreui, bearer), await world.post(ccstore, bearer)];
    expect(other.text).toBe(one.text);
  });

  test('has no body in a failure, nor a type for one, and says when to retry', async ({
    world,
  }) => {
    const { accessToken } = await world.open(ccstore);
    world.outage = 'unavailable';
    const answer = await world.post(ccstoreui, {
      headers: { Authorization: `Bearer ${accessToken}` },
    });
    expect(answer).toMatchObject({ status: 503, text: '', headers: { 'Retry-After': '1' } });
    expect(answer.headers).not.toHaveProperty('Content-Type');
    world.outage = undefined;
  });
});
