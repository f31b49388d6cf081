import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import type * as stores from '../../client/credentials.ts';
import type * as eosClient from '../../client/eos.ts';
import { clientOf, clients } from '../client/support.ts';
import { packedClient } from '../support/copies.ts';
import { chromiumForAll, describe, type Window, windowOn } from './chromium.ts';

const browser = chromiumForAll();
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
    shared = await windowOn(browser(), origin);
    const { context, tab } = shared;
    const { folder, entries, remove } = packedClient();
    const imports = Object.entries(entries).map(
      ([entry, file]) => [`@session-refresh/client/${entry}`, join('/package', file)] as const,
    );
    const body = `<!doctype html><title>It</title>
      <script type="importmap">${JSON.stringify({ imports: Object.fromEntries(imports) })}</script>
      <script type="module">${imports.map(([name], at) => `import * as e${at} from '${name}';`).join('')}
        globalThis.client = Object.assign({}, ${imports.map((_, at) => `e${at}`)});</script>`;
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
    first = await tab('/');
    return remove;
  });
  beforeEach(() => {
    sent = [];
    gate = Promise.resolve();
  });

  test('refreshes every contract', async () => {
    for (const { contract, granted } of clients)
      await shared.context.route(origin + contract.path, (route) =>
        route.fulfill({ json: granted }),
      );
    const uses = clients.map(({ name, contract, credential }) => [name, contract.path, credential]);
    const script = `(async () => {
      const told = [];
      for (const [name, path, credential] of ${JSON.stringify(uses)}) {
        const credentials = client.inStorage(localStorage, name);
        credentials.write({ credential });
        const refresh = client[name]({ url: location.origin + path, apiKey: 'key', credentials });
        const controller = new AbortController();
        const onOutcome = ({ outcome }) => {
          told.push(name + ' ' + outcome);
          controller.abort();
        };
        await client.keepFresh(refresh, { signal: controller.signal, onOutcome });
      }
      return told;
    })()`;
    expect(await first.evaluate(script)).toEqual(clients.map(({ name }) => `${name} refreshed`));
    expect(shared.troubles).toEqual([]);
  });

  // In one process, a tab sees at once what another one writes into `localStorage`. In processes of their
  // own it may see it late, even after the other tab has released its lock. There the message arrives.
  test.for([
    { where: 'in one process', open: opened, together: true },
    { where: 'in processes of their own', open: () => shared.tab('/'), together: false },
  ])('sends one request for two tabs, which both get its answer, $where', async (row) => {
    const tabs = [first, await row.open()] as const;
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

  test('goes on when a script steals the lock', async () => {
    const go = hold();
    const outcome = refreshIn(first);
    await expect.poll(() => sent.length).toBe(1);
    await first.evaluate(() =>
      navigator.locks.request('session-refresh session', { steal: true }, () => {}),
    );
    go();
    expect(await outcome).toMatchObject({ outcome: 'refreshed' });
    expect([sent.length, shared.troubles]).toEqual([1, []]);
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
    const server = createServer((_, response) => response.end('{}')).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const outcome = first.evaluate(
      (url) => {
        const credentials = { sessionId: 'id', secureCode: 'code' };
        return client.eos({ url, credentials, retry: { attempts: 1 } })();
      },
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    );
    expect(await outcome).toEqual({ outcome: 'retry-later', cause: 'network' });
  });
});

const stored = JSON.stringify({ credential });

/** Holds back all answers until the returned function is called. */
function hold(): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  gate = promise;
  return resolve;
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
    const credentials = client.inStorage<eosClient.EosCredential, eosClient.EosGrant>(
      localStorage,
      'session',
    );
    return client.eos({ url: `${location.origin}/refresh`, credentials })();
  });
}

/** The secret that a tab sees in the store. */
function storedIn(page: Page) {
  return page.evaluate(
    () => JSON.parse(localStorage.getItem('session') ?? '{}').credential.secureCode,
  );
}

/** Waits until a tab waits for another's lock. */
async function waiting(page: Page): Promise<void> {
  await page.waitForFunction(async () => {
    const { held = [], pending = [] } = await navigator.locks.query();
    return held.length === 1 && pending.length === 1;
  });
}
