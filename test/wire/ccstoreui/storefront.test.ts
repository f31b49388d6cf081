import { describe, expect } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { ccstoreui } from '../../../functions/ccstoreui/contract.ts';
import { reasons } from '../../support/openapi.ts';
import { bearer } from '../../support/ways.ts';
import { test, type WireAnswer, type World } from '../../support/world.ts';

/** What the tabs of one browser share: its storage. Without a token, the shopper is signed out. */
interface Browser {
  token: string | undefined;
}

/**
 * Oracle Commerce's storefront client retold (CCRestClient over XDomainProxy), as far as it can sign a
 * shopper out: it refreshes at page load and every 30 seconds, from each tab, with the token that the
 * browser stores then.
 */
async function poll(world: World, browser: Browser): Promise<WireAnswer | undefined> {
  if (browser.token === undefined) return undefined;
  // Its page breaks where the decoder does.
  decoded(browser.token);
  const headers = { ...ofStorefront, ...bearer(browser.token).headers };
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

async function signIn(world: World, input: Parameters<World['open']>[1]): Promise<Browser> {
  return { token: (await world.open(ccstoreui, input)).accessToken };
}

const isSignedIn = ({ token }: Browser) => token !== undefined;

describe("Oracle Commerce's storefront", () => {
  test('signs nobody out in an outage, and whoever is revoked at the next poll', async ({
    world,
  }) => {
    const browsers = [await signIn(world, { sessionId: 'a' }), await signIn(world, {})];
    const pollAll = () => Promise.all(browsers.map((browser) => poll(world, browser)));
    for (const outage of ['unavailable', 'timed-out', 'failed', undefined] as const) {
      world.outage = outage;
      await pollAll();
      expect(browsers.map(isSignedIn)).toEqual([true, true]);
    }
    await world.run('revoke', { contract: 'ccstore', sessionId: 'a' });
    await pollAll();
    expect(browsers.map(isSignedIn)).toEqual([false, true]);
  });

  test('keeps the shopper at every answer but a 401', () => {
    for (const reason of reasons) {
      const { status, body: text } = ccstoreui.refuse(reason, '');
      const browser: Browser = { token: 'a token' };
      read(browser, { status, text });
      expect([reason, isSignedIn(browser)]).toEqual([reason, status !== 401]);
    }
  });

  test('keeps a shopper whose name is beyond ASCII, as its decoder reads bytes', async ({
    world,
  }) => {
    const claims = '{"iss":"storefrontUI","what":">>>???~~~Жук"}';
    const browser = await signIn(world, { subject: 'Zoë', claims });
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
