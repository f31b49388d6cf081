import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import type * as stores from '../../client/credentials.ts';
import type * as eosClient from '../../client/eos.ts';
import { clientOf } from '../client/support.ts';
import { chromiumForAll, describe, windowOn } from './chromium.ts';

// In one process, a tab sees at once what another one writes into `localStorage`. In processes of their
// own it may see it late, even after the other tab has released its lock. There the message arrives.
const oneProcess = chromiumForAll('--process-per-site');
const processes = chromiumForAll();

declare global {
  /** What the pages of these tests have besides their own. */
  var client: typeof eosClient & typeof stores;
}

/** The client as one script for a page. */
let script: string;
beforeAll(async () => {
  const contents = ['credentials', 'eos'].map((file) => `export * from './client/${file}.ts';`);
  const { outputFiles } = await build({
    stdin: {
      contents: contents.join('\n'),
      resolveDir: join(import.meta.dirname, '../..'),
      loader: 'ts',
    },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'client',
    // An init script has a scope of its own.
    footer: { js: 'globalThis.client = client;' },
    write: false,
  });
  script = outputFiles[0]?.text ?? '';
});

const { credential, granted } = clientOf('eos');

/** Two tabs of one window with one store, and a service that gives each request another secret. */
async function twoTabs(browser: () => Browser = oneProcess) {
  const origin = 'http://127.0.0.1:8099';
  const { context, tab, troubles } = await windowOn(browser(), { origin });
  await context.addInitScript({ content: script });
  await context.route(`${origin}/`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>It</title>' }),
  );
  const sent: string[] = [];
  let gate = Promise.resolve();
  await context.route(`${origin}/refresh`, async (route) => {
    sent.push(route.request().postData() ?? '');
    const body = JSON.stringify({ ...granted, secureCode: `secret-${sent.length}` });
    await gate;
    await route.fulfill({ contentType: 'application/json', body });
  });
  const tabs = [await tab('/'), await tab('/')] as const;
  await tabs[0].evaluate((text) => localStorage.setItem('session', text), text);
  return {
    tabs,
    sent,
    troubles,
    /** Holds back all answers until the returned function is called. */
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
  };
}

const text = JSON.stringify({ credential });

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
  return page.evaluate(() => {
    const { credential } = JSON.parse(localStorage.getItem('session') ?? '{}');
    return credential.secureCode;
  });
}

/** How many processes show pages. */
async function renderersOf(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo.filter(({ type }) => type === 'renderer').length;
}

/** Waits until a tab waits for another's lock. */
async function waiting(page: Page): Promise<void> {
  await page.waitForFunction(async () => {
    const { held = [], pending = [] } = await navigator.locks.query();
    return held.length === 1 && pending.length === 1;
  });
}

describe('two tabs of the client', () => {
  test.for([
    { where: 'in one process', browser: oneProcess, least: 1 },
    { where: 'in processes of their own', browser: processes, least: 2 },
  ])('send one request at once, and both get its answer, $where', async ({ browser, least }) => {
    const { tabs, sent, hold, troubles } = await twoTabs(browser);
    expect(await renderersOf(browser())).toBeGreaterThanOrEqual(least);
    for (let round = 1; round <= 5; round += 1) {
      const go = hold();
      const outcomes = tabs.map(refreshIn);
      await waiting(tabs[0]);
      go();
      for (const outcome of await Promise.all(outcomes))
        expect(outcome).toMatchObject({ grant: { secureCode: `secret-${round}` } });
      expect(sent).toHaveLength(round);
      for (const tab of tabs) await expect.poll(() => storedIn(tab)).toBe(`secret-${round}`);
    }
    // The next one presents the secret that the other tab got.
    await refreshIn(tabs[1]);
    expect(sent.at(-1)).toContain('secureCode=secret-5');
    expect(troubles).toEqual([]);
  });

  test('go on when a script steals the lock', async () => {
    const { tabs, sent, hold, troubles } = await twoTabs();
    const go = hold();
    const outcome = refreshIn(tabs[0]);
    await expect.poll(() => sent.length).toBe(1);
    const name = 'session-refresh session';
    await tabs[1].evaluate(
      (lock) => navigator.locks.request(lock, { steal: true }, () => {}),
      name,
    );
    go();
    expect(await outcome).toMatchObject({ outcome: 'refreshed' });
    expect(sent).toHaveLength(1);
    expect(troubles).toEqual([]);
  });

  test('do not wait for a tab that was closed during its refresh', async () => {
    const { tabs, sent, hold } = await twoTabs();
    const go = hold();
    void refreshIn(tabs[0]).catch(() => undefined);
    await expect.poll(() => sent.length).toBe(1);
    const other = refreshIn(tabs[1]);
    await waiting(tabs[1]);
    await tabs[0].close();
    go();
    expect(await other).toMatchObject({ outcome: 'refreshed' });
    expect(sent).toHaveLength(2);
  });
});
