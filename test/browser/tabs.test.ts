import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type * as ccstoreClient from '../../client/ccstore.ts';
import type * as stores from '../../client/credentials.ts';
import type * as eosClient from '../../client/eos.ts';
import type * as s360Client from '../../client/s360.ts';
import { demoApiKey } from '../../local/demo.ts';
import { sessions, started } from '../local/processes.ts';
import { chromiumForAll, describe, windowOn } from './chromium.ts';

// In one process, tabs see at once what another wrote into `localStorage`. In processes of their own they
// may see it late, even after that tab's lock was freed: there they hear it by a channel.
const oneProcess = chromiumForAll('--process-per-site');
const processes = chromiumForAll();

type Client = typeof ccstoreClient & typeof eosClient & typeof s360Client & typeof stores;

declare global {
  /** What the pages of these tests have besides their own. */
  var client: Client;
}

/** The client as a page has it: bundled for a browser, under one name. */
async function bundled(): Promise<string> {
  const files = ['ccstore', 'credentials', 'eos', 's360'];
  const contents = files.map((file) => `export * from './client/${file}.ts';`).join('\n');
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: join(import.meta.dirname, '../..'), loader: 'ts' },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'client',
    // An init script has a scope of its own.
    footer: { js: 'globalThis.client = client;' },
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

const rows = [
  { name: 'eos', path: '/client/refresh', fields: ['sessionId', 'secureCode'] },
  { name: 's360', path: '/idp/sso/v1/refresh', fields: ['sessionId', 'sessionToken'] },
  { name: 'ccstore', path: '/ccstore/v1/refresh', fields: ['accessToken'] },
] as const;

type Row = (typeof rows)[number];

function rotating(name: string) {
  return { [name]: { rotation: { grace: 60 } } };
}

/** Two tabs of one window, their store in `localStorage`, and the requests of both. */
async function twoTabs({ name, path, fields }: Row, browser = oneProcess, policies = {}) {
  const server = await started({ SESSION_POLICIES: JSON.stringify(policies) });
  const held = await sessions(server, 'open', name);
  const credential = Object.fromEntries(fields.map((field) => [field, held[field]]));
  const window = await windowOn(browser(), server);
  await window.context.addInitScript({ content: await bundled() });
  // Whoever is answered first is answered late, so that the other one has come meanwhile.
  const sent: string[] = [];
  let gate = Promise.resolve();
  await window.context.route(`**${path}`, async (route) => {
    const request = route.request();
    sent.push(request.postData() ?? request.headers().authorization ?? '');
    await gate;
    await route.continue();
  });
  const tabs = [await window.tab('/'), await window.tab('/')] as const;
  await tabs[0].evaluate(([key, text]) => localStorage.setItem(key, text), [
    name,
    JSON.stringify({ credential }),
  ] as const);
  return {
    tabs,
    sent,
    held,
    troubles: window.troubles,
    /** Holds every request back until that is called. */
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
  };
}

/** Refreshes in a tab, by the platform's own locks. */
function refreshIn(page: Page, { name, path }: Row) {
  return page.evaluate(
    ([name, path, apiKey]) => {
      const url = location.origin + path;
      const store = <Credential, Grant>() =>
        client.inStorage<Credential, Grant>(localStorage, name);
      const by = {
        eos: () => client.eos({ url, credentials: store() })(),
        s360: () => client.s360({ url, apiKey, credentials: store() })(),
        ccstore: () => client.ccstore({ url, credentials: store() })(),
      };
      return by[name]() as Promise<{ readonly outcome: string; readonly grant?: object }>;
    },
    [name, path, demoApiKey] as const,
  );
}

/** The last answer that a tab sees in the store. */
function storedIn(page: Page, { name }: Row) {
  return page.evaluate((key) => JSON.parse(localStorage.getItem(key) ?? '{}').last?.grant, name);
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
  test.for(rows)('send one request for $name at once, and are both answered', async (row) => {
    const { tabs, sent, hold, troubles } = await twoTabs(row);
    const go = hold();
    const outcomes = tabs.map((tab) => refreshIn(tab, row));
    await waiting(tabs[0]);
    go();
    const [one, other] = await Promise.all(outcomes);
    expect(one).toMatchObject({ outcome: 'refreshed' });
    expect(other).toMatchObject({ outcome: 'refreshed' });
    expect(one?.grant).toEqual(other?.grant);
    expect(sent).toHaveLength(1);
    expect(troubles).toEqual([]);
    // The next one is a refresh of its own again.
    await refreshIn(tabs[1], row);
    expect(sent).toHaveLength(2);
  });

  test.for(rows.filter(({ name }) => name !== 's360'))(
    'of $name under rotation present what the other was given',
    async (row) => {
      const { name } = row;
      const { tabs, sent, held } = await twoTabs(row, oneProcess, rotating(name));
      const first = await refreshIn(tabs[0], row);
      expect(first).toMatchObject({ outcome: 'refreshed' });
      const newest = await tabs[1].evaluate((key) => {
        const { credential } = JSON.parse(localStorage.getItem(key) ?? '{}');
        return String(credential.secureCode ?? credential.accessToken);
      }, name);
      expect([held.secureCode, held.accessToken]).not.toContain(newest);
      expect(await refreshIn(tabs[1], row)).toMatchObject({ outcome: 'refreshed' });
      expect(sent).toHaveLength(2);
      expect(sent[0]).not.toContain(newest);
      expect(sent[1]).toContain(newest);
    },
  );

  test.for(rows)(
    'send one request for $name at once, and are both answered, in processes of their own',
    async (row) => {
      const policies = row.name === 's360' ? {} : rotating(row.name);
      const { tabs, sent, hold } = await twoTabs(row, processes, policies);
      expect(await renderersOf(processes())).toBeGreaterThan(1);
      for (let round = 1; round <= 5; round += 1) {
        const go = hold();
        const outcomes = tabs.map((tab) => refreshIn(tab, row));
        await waiting(tabs[0]);
        go();
        const [one, other] = await Promise.all(outcomes);
        expect(one).toMatchObject({ outcome: 'refreshed' });
        expect(other?.grant).toEqual(one?.grant);
        expect(sent).toHaveLength(round);
        // A tab that has not seen the new credential yet would present the one before, which is as good.
        for (const tab of tabs) await expect.poll(() => storedIn(tab, row)).toEqual(one?.grant);
      }
    },
  );

  test.for(rows)('keep their turn for $name where a script steals the lock', async (row) => {
    const { tabs, sent, hold, troubles } = await twoTabs(row);
    const go = hold();
    const outcome = refreshIn(tabs[0], row);
    await expect.poll(() => sent.length).toBe(1);
    await tabs[1].evaluate(
      (key) => navigator.locks.request(`session-refresh ${key}`, { steal: true }, () => undefined),
      row.name,
    );
    go();
    expect(await outcome).toMatchObject({ outcome: 'refreshed' });
    expect(sent).toHaveLength(1);
    expect(troubles).toEqual([]);
  });

  test('do not wait for a tab that was closed within its refresh', async () => {
    const [row] = rows;
    const { tabs, sent, hold } = await twoTabs(row);
    const go = hold();
    void refreshIn(tabs[0], row).catch(() => undefined);
    await expect.poll(() => sent.length).toBe(1);
    const other = refreshIn(tabs[1], row);
    await waiting(tabs[1]);
    await tabs[0].close();
    go();
    expect(await other).toMatchObject({ outcome: 'refreshed' });
    expect(sent).toHaveLength(2);
  });
});
