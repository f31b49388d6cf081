import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import type * as stores from '../../client/credentials.ts';
import type * as eosClient from '../../client/eos.ts';
import { clientOf, clients } from '../client/support.ts';
import { packedClient } from '../support/copies.ts';
import { listening } from '../support/stand-ins.ts';
import { describe, type Window, windowsForAll } from './chromium.ts';

const windowOn = windowsForAll();
const origin = 'http://127.0.0.1:8099';
const { credential, granted } = clientOf('eos');

declare global {
  /** What the pages have of the package. */
  var client: typeof eosClient & typeof stores;
}

let shared: Window;
let first: Page;
/** The refreshes that were sent in a test. Each is answered with another secret, once the gate is open. */
let sent: string[] = [];
let gate = Promise.resolve();

describe('the installed package, in a page', () => {
  // The page finds the package's entries by their names, without a bundler.
  beforeAll(async () => {
    shared = await windowOn(origin);
    const { context } = shared;
    const { folder, entries, remove } = packedClient();
    const imports = Object.entries(entries).map(
      ([entry, file]) => [`@session-refresh/client/${entry}`, join('/package', file)] as const,
    );
    const map = JSON.stringify({ imports: Object.fromEntries(imports) });
    const load = imports.map(([name], at) => `import * as e${at} from '${name}';`).join('');
    const body = `<!doctype html><title>It</title><script type="importmap">${map}</script>
      <script type="module">${load} globalThis.client = {${imports.map((_, at) => `...e${at}`)}};</script>`;
    await context.route(`${origin}/`, (route) => route.fulfill({ contentType: 'text/html', body }));
    await context.route(`${origin}/package/**`, (route) => {
      const path = join(folder, route.request().url().split('/package/')[1] ?? '');
      return route.fulfill({ contentType: 'text/javascript', path });
    });
    await context.route(`${origin}/refresh`, async (route) => {
      sent.push(route.request().postData() ?? '');
      const json = { ...granted, secureCode: `secret-${sent.length}` };
      await gate;
      await route.fulfill({ json });
    });
    first = await tab();
    return remove;
  });
  beforeEach(() => {
    sent = [];
    gate = Promise.resolve();
  });

  test.for(clients)('refreshes $name', async ({ name, contract, credential, granted }) => {
    const url = origin + contract.path;
    await shared.context.route(url, (route) => route.fulfill({ json: granted }));
    const refresh = `client.${name}(${JSON.stringify({ url, apiKey: 'a', credentials: credential })})`;
    const script = `new Promise((told) => client.keepFresh(${refresh}, { onOutcome: told }))`;
    expect(await first.evaluate(script)).toMatchObject({ outcome: 'refreshed' });
    expect(shared.troubles).toEqual([]);
  });

  // In one process, a tab sees at once what another one writes into `localStorage`. In processes of their
  // own it may see it late, even after the other tab has released its lock. There the message arrives.
  test.for([
    { where: 'in one process', open: opened, together: true },
    { where: 'in processes of their own', open: tab, together: false },
  ])('sends one request for two tabs, which both get its answer, $where', async (row) => {
    const tabs = [first, await row.open()] as const;
    const stored = JSON.stringify({ credential });
    await first.evaluate((text) => localStorage.setItem('session', text), stored);
    expect(await tabs[1].evaluate(() => opener?.client !== undefined)).toBe(row.together);
    for (let round = 1; round <= 5; round += 1) {
      const go = hold();
      const outcomes = tabs.map(refreshIn);
      await waiting(first);
      go();
      for (const outcome of await Promise.all(outcomes))
        expect(outcome).toMatchObject({ grant: { secureCode: `secret-${round}` } });
      expect(sent).toHaveLength(round);
      for (const tab of tabs) await expect.poll(() => storedIn(tab)).toBe(`secret-${round}`);
    }
    // The next one presents the secret that the other tab got.
    await refreshIn(tabs[1]);
    expect(sent.at(-1)).toContain('secureCode=secret-5');
    expect(shared.troubles).toEqual([]);
  });

  test('does not wait for a tab that was closed during its refresh', async () => {
    const other = await opened();
    const go = hold();
    void refreshIn(other).catch(() => undefined);
    await expect.poll(() => sent.length).toBe(1);
    const outcome = refreshIn(first);
    await waiting(first);
    await other.close();
    go();
    expect(await outcome).toMatchObject({ outcome: 'refreshed' });
    expect(sent).toHaveLength(2);
  });

  test('has the cause network where CORS hides the answer from the page', async () => {
    const { endpoint, close } = await listening((_, response) => response.end('{}'));
    onTestFinished(close);
    const outcome = first.evaluate((url) => {
      const credentials = { sessionId: 'id', secureCode: 'code' };
      return client.eos({ url, credentials, retry: { attempts: 1 } })();
    }, endpoint);
    expect(await outcome).toEqual({ outcome: 'retry-later', cause: 'network' });
  });
});

/** Holds back all answers until the returned function is called. */
function hold(): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  gate = promise;
  return resolve;
}

/** A tab of its own process. */
async function tab(): Promise<Page> {
  const page = await shared.context.newPage();
  await page.goto(origin);
  return page;
}

/** A tab that the first one opens. The two can call each other's functions, so they are in one process. */
async function opened(): Promise<Page> {
  const popup = first.waitForEvent('popup');
  await first.evaluate(() => void window.open('/'));
  const tab = await popup;
  await tab.waitForFunction(() => typeof globalThis.client === 'object');
  return tab;
}

/** Refreshes in a tab, by the platform's own locks and channel. */
function refreshIn(page: Page) {
  return page.evaluate(() => {
    const credentials: eosClient.EosStore = client.inStorage(localStorage, 'session');
    return client.eos({ url: `${location.origin}/refresh`, credentials })();
  });
}

/** The secret that a tab sees in the store. */
function storedIn(page: Page) {
  return page.evaluate(() => JSON.parse(localStorage.session).credential.secureCode);
}

/** Waits until a tab waits for another's lock. */
async function waiting(page: Page): Promise<void> {
  await page.waitForFunction(async () => {
    const { held = [], pending = [] } = await navigator.locks.query();
    return held.length === 1 && pending.length === 1;
  });
}
