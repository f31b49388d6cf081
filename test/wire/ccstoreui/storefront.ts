import { ccstoreui } from '../../../functions/ccstoreui/contract.ts';
import { later } from '../../../functions/core/time.ts';
import type { WireAnswer, World } from '../../support/world.ts';

/** What the tabs of one browser share: its storage. Without a token, the shopper is signed out. */
export interface Browser {
  token: string | undefined;
}

/** The seconds between two polls of a tab that is in use. */
export const pollEvery = 30;

/**
 * Oracle Commerce's storefront client retold (CCRestClient over XDomainProxy), as far as it can sign a
 * shopper out: it refreshes at page load and every 30 seconds, from each tab, with the token that the
 * browser stores then.
 */
export async function poll(world: World, browser: Browser): Promise<WireAnswer | undefined> {
  const { token } = browser;
  if (token === undefined) return undefined;
  // Its page breaks where the decoder does.
  const { exp } = decoded(token);
  if (exp <= world.now) {
    browser.token = undefined;
    return undefined;
  }
  const answer = await world.post(ccstoreui, { headers: headersWith(token), body: '{}' });
  read(browser, answer);
  return answer;
}

/** Its rules about an answer: 200 has the next token; a 401, or any error with a body, ends the session. */
export function read(
  browser: Browser,
  { status, text }: Pick<WireAnswer, 'status' | 'text'>,
): void {
  if (status === 200) browser.token = JSON.parse(text).access_token;
  else if (status === 401 || text !== '') browser.token = undefined;
}

function headersWith(token: string): Readonly<Record<string, string>> {
  return {
    Authorization: `Bearer ${token}`,
    'Content-Type': 'application/json',
    'X-CCProfileType': 'storefrontUI',
    'X-CCAsset-Language': 'en',
    'X-CCPriceListGroup': 'defaultPriceGroup',
    'X-CCViewport': 'lg',
    'x-ccsite': 'siteUS',
    'X-CCVisitId': '-6d1e8f31:15a7c',
    'X-CCVisitorId': '1005UUsJ5',
  };
}

/**
 * Its own decoder: `atob`, which throws at `-` and `_`, and a parse of the bytes as characters.
 * @throws Error where a token is not padded standard base64
 */
export function decoded(token: string): { readonly exp: number; readonly sub: string } {
  const [, payload = ''] = token.split('.');
  return JSON.parse(atob(payload));
}

/** Lets time pass; every tab polls at its own second of each half minute. */
export async function browse(
  world: World,
  browsers: readonly Browser[],
  { seconds, tabs }: { readonly seconds: number; readonly tabs: readonly number[] },
): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (let second = 0; second < seconds; second += 1) {
    const due = tabs.filter((offset) => second % pollEvery === offset);
    for (const browser of browsers) {
      const answers = await Promise.all(due.map(() => poll(world, browser)));
      statuses.push(...answers.filter((one) => one !== undefined).map(({ status }) => status));
    }
    world.now = later(world.now, 1);
  }
  return statuses;
}
