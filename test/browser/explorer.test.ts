import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { sessions, started, startedForAll } from '../local/processes.ts';
import { chromiumForAll, describe, windowOn } from './chromium.ts';

const browser = chromiumForAll();
const paths = ['/', ...contracts.map(({ name }) => `/explorer/${name}`)];

/** Clicks a button and waits for what the page then says. */
async function clicked(page: Page, button: string, says: string | RegExp): Promise<void> {
  await page.getByRole('button', { name: button, exact: true }).click();
  await page.getByRole('status').getByText(says).waitFor();
}

const refresh = (page: Page) => clicked(page, 'Refresh this session', '200: refreshed.');
const region = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

/** What this tab holds of the sessions of a contract. */
function heldIn(page: Page, contract: string): Promise<Readonly<Record<string, string>>> {
  return page.evaluate((name) => JSON.parse(sessionStorage.getItem(name) ?? '{}'), contract);
}

describe('the explorer', () => {
  const server = startedForAll();

  test('lists every contract, each a click away from its session and its reference', async () => {
    const { tab, troubles } = await windowOn(browser(), server());
    const page = await tab('/');
    for (const { name, path } of contracts) {
      await page.goto(new URL('/', page.url()).href);
      const card = page.getByRole('main').getByRole('listitem').filter({ hasText: path });
      await card.getByRole('link', { name, exact: true }).click();
      await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
      const reference = region(page, 'API reference');
      for (const status of ['200', '403', '404', '413', '500', '503', '504'])
        await reference.getByRole('heading', { name: status, exact: true }).waitFor();
    }
    expect(troubles).toEqual([]);
  });

  test('would be caught asking another host', async () => {
    const { tab, troubles } = await windowOn(browser(), server());
    const page = await tab('/');
    await page.evaluate(() => fetch('https://example.com/').catch(() => undefined));
    expect(troubles.join('\n')).toMatch(
      /foreign: https:\/\/example\.com\/|Content Security Policy/,
    );
  });

  const secrets = { eos: 'secureCode', s360: 'sessionToken' } as Readonly<Record<string, string>>;
  test.for(contracts)('refreshes $name, and shows each of its refusals', async (contract) => {
    const { name, serves } = contract;
    const { tab } = await windowOn(browser(), server());
    const page = await tab(`/explorer/${name}`);
    const secret = String((await heldIn(page, serves))[secrets[name] ?? 'accessToken']);
    await refresh(page);
    expect(await region(page, 'Answer').textContent()).toMatch(/^200\n\n\{/);
    expect(await region(page, 'Request that was sent').textContent()).toContain(secret);
    await page.getByText('What the server did').click();
    expect(await region(page, 'Log line').textContent()).toMatch(
      /^The Lambda answered in [\d.]+ ms: 1 storage request in .*"outcome": "refreshed"/s,
    );
    const over = contract.refuse('lifetime-over', '').status;
    const rows = [
      ['Idle too long', `${over} `, /session over: (it was idle too long|its lifetime has ended)/],
      ['Lifetime over', `${over} `, 'session over: its lifetime has ended'],
      ['Wrong secret', `${over} `, 'refused: the secret is wrong'],
      ['Throttled', `${contract.refuse('over-rate', '').status}`, 'retry later: too many requests'],
      ['Unavailable', '503', 'retry later: storage did not answer'],
      ['Revoked', `${contract.refuse('revoked', '').status} `, 'session over: it was revoked'],
      ...(contract.rotates
        ? [['Reused secret', `${over} `, 'session over: a replaced secret was used again'] as const]
        : []),
    ] as const;
    for (const [button, status, says] of rows) {
      await clicked(page, button, says);
      expect(await page.getByRole('status').textContent()).toContain(status);
    }
    // A session that is over is followed by another one; the one before stays as it was.
    await clicked(page, 'Open another', 'A new session is open.');
    await refresh(page);
    await clicked(page, 'Revoke it', 'Revoked.');
    expect(
      await sessions(server(), 'show', serves, String((await heldIn(page, serves)).sessionId)),
    ).toMatchObject({ state: 'revoked' });
  });

  test('decodes a token, and copies the next request as curl and as client code', async () => {
    const { tab, context } = await windowOn(browser(), server());
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const page = await tab('/explorer/s360');
    await refresh(page);
    await page.getByText('The token, decoded').click();
    const claims = await region(page, 'Header and claims').textContent();
    expect(claims).toContain('داود على عبدالله على احمد');
    expect(claims).toMatch(/exp is \d\d:\d\d:\d\d \(in 30 min\)/);
    const { sessionToken } = await heldIn(page, 's360');
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await clicked(page, 'Copy as curl', 'Copied as curl.');
    expect(await copied()).toMatch(new RegExp(`^curl -sS 'http://[^\n]*"${sessionToken}"[^\n]*$`));
    await clicked(page, 'Copy as client code', 'Copied as client code.');
    expect(await copied()).toContain("import { s360 } from '@session-refresh/client/s360';");
    // Two limits that run down, and a tick for the refresh.
    expect(await page.getByRole('progressbar').count()).toBe(2);
    expect(await page.locator('.tick').count()).toBeGreaterThan(0);
  });

  test('gives each tab a session of its own, and another when that one is gone', async () => {
    const { tab } = await windowOn(browser(), server());
    const one = await heldIn(await tab('/explorer/eos'), 'eos');
    const page = await tab('/explorer/eos');
    expect((await heldIn(page, 'eos')).sessionId).not.toBe(one.sessionId);
    await page.evaluate(() => sessionStorage.setItem('eos', '{"sessionId":"gone"}'));
    await page.reload({ waitUntil: 'networkidle' });
    await refresh(page);
  });

  test('opens sessions, hands them to their page, filters and revokes them', async () => {
    const { tab, troubles } = await windowOn(browser(), server());
    const page = await tab('/');
    await page.getByRole('combobox', { name: 'Contract' }).selectOption('s360');
    const subject = `<img src=x onerror=alert(1)>${'x'.repeat(228)}`;
    await page.getByLabel('Subject').fill(subject);
    await clicked(page, 'Open a session', /^Opened /);
    const { sessionId = '', sessionToken = '' } = await heldIn(page, 's360');
    expect(await page.content()).not.toContain(sessionToken);
    const row = page.getByRole('row').filter({ hasText: sessionId });
    expect(await row.innerText()).toMatch(/^s360\s.*active\s.*<img src=x.*in 30 min/s);
    const filter = page.getByRole('combobox', { name: 'Show' });
    await filter.selectOption('eos');
    await row.waitFor({ state: 'detached' });
    await filter.selectOption('s360');
    await row.getByRole('button', { name: `Revoke s360 session ${sessionId}` }).click();
    await row.getByText('revoked', { exact: true }).waitFor();
    expect(await row.innerText()).not.toContain('in 30 min');
    await page.getByRole('combobox', { name: 'Contract' }).selectOption('ccstore');
    await page.getByLabel('Subject').fill('ann');
    await clicked(page, 'Open a session', /^Opened /);
    const { accessToken } = await heldIn(page, 'ccstore');
    await page.getByRole('link', { name: 'Refresh it on the page of ccstore' }).click();
    await region(page, 'Next request').getByText(`Bearer ${accessToken}`).waitFor();
    await refresh(page);
    expect(troubles).toEqual([]);
  });

  test('says what to do without sessions, without JavaScript and without a server', async () => {
    const own = await started();
    const { tab, context } = await windowOn(browser(), own);
    await context.route('**/explorer/sessions/list', (route) =>
      route.fulfill({ json: { sessions: [], all: 0 } }),
    );
    await (await tab('/')).getByText('No sessions here.').waitFor();
    const plain = await browser().newContext({ javaScriptEnabled: false });
    const read = await plain.newPage();
    await read.goto(`${own.origin}/explorer/eos`);
    await read.locator('noscript').waitFor();
    await read.getByRole('heading', { name: 'Models' }).waitFor();
    await plain.close();
    const page = await tab('/explorer/eos');
    own.kill('SIGTERM');
    await own.ended;
    await clicked(page, 'Refresh this session', 'The server does not answer.');
  });
});

describe('a page of the explorer under rotation', () => {
  const policies = JSON.stringify({
    eos: { rotation: { grace: 10 } },
    ccstore: { rotation: { grace: 10 } },
  });
  const server = startedForAll({ SESSION_POLICIES: policies });

  test.for([
    { name: 'eos', member: 'secureCode' },
    { name: 'ccstore', member: 'accessToken' },
  ])('presents the newest credential of $name, after a reload too', async ({ name, member }) => {
    const { tab } = await windowOn(browser(), server());
    const page = await tab(`/explorer/${name}`);
    const first = await heldIn(page, name);
    await refresh(page);
    const newest = String((await heldIn(page, name))[member]);
    expect(newest).not.toBe(first[member]);
    await page.reload({ waitUntil: 'networkidle' });
    await refresh(page);
    expect(await region(page, 'Request that was sent').textContent()).toContain(newest);
  });
});

describe('every page of the explorer', () => {
  const server = startedForAll();
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const looks = [
    { width: 320, colorScheme: 'light', rules: undefined },
    { width: 390, colorScheme: 'dark', rules: [] },
    { width: 800, colorScheme: 'light', rules: [] },
    // A theme changes colours alone.
    { width: 1280, colorScheme: 'dark', rules: ['color-contrast'] },
  ] as const;
  // axe looks at every element of five pages.
  const long = { timeout: 240_000 };

  test.for(looks)(
    'fits $width pixels in $colorScheme, and breaks no rule of axe',
    long,
    async (look) => {
      const { tab, troubles } = await windowOn(browser(), server(), look);
      await sessions(server(), 'open', 'eos', '--subject', 'x'.repeat(256));
      for (const path of paths) {
        const page = await tab(path);
        if (path !== '/') await refresh(page);
        await page.evaluate(() => {
          for (const details of document.querySelectorAll('details')) details.open = true;
        });
        const seen = await page.evaluate(() => ({
          width: document.documentElement.scrollWidth,
          ground: getComputedStyle(document.body).backgroundColor,
        }));
        const ground = look.colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(15, 17, 21)';
        expect([path, seen]).toEqual([path, { width: look.width, ground }]);
        // The debugger brings axe in: the page's own policy allows no foreign script.
        if (look.rules?.length !== 0) {
          await page.evaluate(axe);
          expect([path, await violations(page, look.rules)]).toEqual([path, []]);
        }
        await page.close();
      }
      expect(troubles).toEqual([]);
    },
  );

  test('is used by the keyboard alone, from its beginning to a refusal', async () => {
    const { tab } = await windowOn(browser(), server());
    const page = await tab('/');
    await tabTo(page, 'Skip to content');
    await page.keyboard.press('Enter');
    await tabTo(page, 'eos');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/explorer/eos');
    await page.waitForLoadState('networkidle');
    await tabTo(page, 'Refresh this session');
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText('200: refreshed.').waitFor();
    await tabTo(page, 'Revoke it');
    await page.keyboard.press('Space');
    await page.getByRole('status').getByText('Revoked.').waitFor();
    await tabTo(page, 'Unavailable');
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText('503').waitFor();
  });
});

/** What axe finds on a page, by some rules or by all. */
function violations(page: Page, rules: readonly string[] | undefined) {
  return page.evaluate(async (runOnly) => {
    const { axe } = globalThis as unknown as AxeWindow;
    const { violations } = await axe.run(runOnly ? { runOnly } : {});
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  }, rules);
}

interface AxeWindow {
  readonly axe: {
    run(options: object): Promise<{
      readonly violations: readonly {
        readonly id: string;
        readonly nodes: readonly { readonly html: string }[];
      }[];
    }>;
  };
}

/** Presses Tab until something has the focus whose words are these. Every stop must be visible. */
async function tabTo(page: Page, words: string): Promise<void> {
  for (let presses = 0; presses < 100; presses += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      if (!(element instanceof HTMLElement) || element === document.body) return undefined;
      const { outlineStyle, boxShadow } = getComputedStyle(element);
      const label = element.getAttribute('aria-label') ?? element.innerText.trim();
      return { label, seen: outlineStyle !== 'none' || boxShadow !== 'none' };
    });
    if (at) expect(at).toEqual({ label: at.label, seen: true });
    if (at?.label === words) return;
  }
  throw new Error(`Tab does not reach '${words}'`);
}
