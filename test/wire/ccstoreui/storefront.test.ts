import { describe, expect } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { ccstoreui } from '../../../functions/ccstoreui/contract.ts';
import { KeysUnavailable } from '../../../functions/core/keys/keys.ts';
import { later } from '../../../functions/core/time.ts';
import { gatewayFaults, gatewayResponse } from '../../../infra/gateway-faults.ts';
import { bearer } from '../../support/ways.ts';
import { noon, test, type WireAnswer, type World } from '../../support/world.ts';

/** What the tabs of one browser share: its storage. Without a token, the shopper is signed out. */
interface Browser {
  token: string | undefined;
}

/** The seconds between two polls of a tab that is in use, and when in them each of the tabs polls. */
const pollEvery = 30;
const tabs = [0, 0, 7, 19];

/**
 * Oracle Commerce's storefront client retold (CCRestClient over XDomainProxy), as far as it can sign a
 * shopper out: it refreshes at page load and every 30 seconds, from each tab, with the token that the
 * browser stores then.
 */
async function poll(world: World, browser: Browser): Promise<WireAnswer | undefined> {
  const { token } = browser;
  if (token === undefined) return undefined;
  // Its page breaks where the decoder does.
  if (decoded(token).exp <= world.now) {
    browser.token = undefined;
    return undefined;
  }
  const headers = { ...ofStorefront, ...bearer(token).headers };
  const answer = await world.post(ccstoreui, { headers, body: '{}' });
  read(browser, answer);
  return answer;
}

const ofStorefront = {
  'Content-Type': 'application/json',
  'X-CCProfileType': 'storefrontUI',
  'x-ccsite': 'siteUS',
  'X-CCVisitId': '-6d1e8f31:15a7c',
};

/** Its rules about an answer: 200 has the next token; a 401, or any error with a body, ends the session. */
function read(browser: Browser, { status, text }: Pick<WireAnswer, 'status' | 'text'>): void {
  if (status === 200) browser.token = JSON.parse(text).access_token;
  else if (status === 401 || text !== '') browser.token = undefined;
}

/**
 * Its own decoder: `atob`, which throws at `-` and `_`, and a parse of the bytes as characters.
 * @throws Error where a token is not padded standard base64
 */
function decoded(token: string): { readonly exp: number; readonly sub: string } {
  const [, payload = ''] = token.split('.');
  return JSON.parse(atob(payload));
}

/** A minute; every tab polls at its own second of each half. Gives the statuses of the answers. */
async function browse(world: World, browsers: readonly Browser[]): Promise<Set<number>> {
  const statuses = new Set<number>();
  for (let second = 0; second < 60; second += 1) {
    const due = tabs.filter((offset) => second % pollEvery === offset);
    for (const browser of browsers)
      for (const answer of await Promise.all(due.map(() => poll(world, browser))))
        if (answer) statuses.add(answer.status);
    world.now = later(world.now, 1);
  }
  return statuses;
}

async function signIn(world: World, count: number): Promise<readonly Browser[]> {
  const ids = Array.from({ length: count }, (_, at) => `s-${at}`);
  const held = await Promise.all(ids.map((sessionId) => world.open(ccstoreui, { sessionId })));
  return held.map(({ accessToken: token }) => ({ token }));
}

const isSignedIn = ({ token }: Browser) => token !== undefined;

describe("Oracle Commerce's storefront", () => {
  test.for([
    { what: 'DynamoDB that is not there', outage: 'unavailable', status: 503 },
    { what: 'DynamoDB that does not answer in time', outage: 'timed-out', status: 504 },
    { what: 'Secrets Manager that is not there', outage: undefined, status: 503 },
    { what: 'a bug', outage: 'failed', status: 500 },
  ] as const)('signs nobody out in a minute of $what', async ({ outage, status }, { world }) => {
    const browsers = await signIn(world, 2);
    const { keys } = world;
    expect(await browse(world, browsers)).toEqual(new Set([200]));
    world.outage = outage;
    if (!outage)
      world.keys = () => {
        throw new KeysUnavailable(new Error('no secrets'));
      };
    expect(await browse(world, browsers)).toEqual(new Set([status]));
    expect(browsers.every(isSignedIn)).toBe(true);
    Object.assign(world, { outage: undefined, keys });
    expect(await browse(world, browsers)).toEqual(new Set([200]));
    // The outage moved nothing: a token lives for 930 seconds from the last refresh on.
    for (const { token = '' } of browsers)
      expect(decoded(token).exp).toBeGreaterThan(world.now + 930 - pollEvery);
  });

  test('signs out whoever is revoked, in every tab at the next poll, and nobody else', async ({
    world,
  }) => {
    const browsers = await signIn(world, 2);
    await browse(world, browsers);
    await world.run('revoke', { contract: 'ccstore', sessionId: 's-0' });
    await browse(world, browsers);
    expect(browsers.map(isSignedIn)).toEqual([false, true]);
  });

  test("keeps the shopper at API Gateway's own answers, unless they are a 401", () => {
    for (const [type, fault] of gatewayFaults) {
      const { statusCode, templates = {} } = gatewayResponse(ccstoreui, type, fault, true);
      const browser: Browser = { token: 'a token' };
      read(browser, { status: Number(statusCode), text: templates['application/json'] ?? 'none' });
      expect([type.responseType, isSignedIn(browser)]).toEqual([
        type.responseType,
        statusCode !== '401',
      ]);
    }
  });

  test('stays signed in for a day of polls, and no longer than its session', async ({ world }) => {
    const browsers = await signIn(world, 1);
    for (let at = 0; at <= 86_400; at += 900) {
      expect(browsers.every(isSignedIn)).toBe(true);
      world.now = later(noon, at);
      for (const browser of browsers) await poll(world, browser);
    }
    expect(browsers.some(isSignedIn)).toBe(false);
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

describe('POST /ccstoreui/v1/refresh', () => {
  test("refreshes ccstore's sessions: a token of either path on the other, in one row", async ({
    world,
  }) => {
    const { accessToken } = await world.open(ccstore);
    world.requests.length = 0;
    const first = await world.post(ccstoreui, bearer(accessToken));
    const second = await world.post(ccstore, bearer(first.json.access_token));
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(world.requests).toEqual(['GetItemCommand', 'GetItemCommand']);
    expect(await world.items()).toHaveLength(1);
    const [one, other] = world.records;
    expect([one?.contract, other?.contract]).toEqual(['ccstoreui', 'ccstore']);
    expect(one?.session).toBe(other?.session);
  });

  test("has the policy of ccstore's stage", async ({ world }) => {
    world.policies.set('ccstore', { ...ccstore.policy, rotation: { grace: 60 } });
    const { accessToken } = await world.open(ccstore);
    const one = await world.post(ccstoreui, bearer(accessToken));
    expect((await world.post(ccstore, bearer(accessToken))).text).toBe(one.text);
  });

  test('has no body in a failure, nor a type for one, and says when to retry', async ({
    world,
  }) => {
    const { accessToken } = await world.open(ccstore);
    world.outage = 'unavailable';
    const answer = await world.post(ccstoreui, bearer(accessToken));
    expect(answer).toMatchObject({ status: 503, text: '', headers: { 'Retry-After': '1' } });
    expect(answer.headers).not.toHaveProperty('Content-Type');
  });
});
