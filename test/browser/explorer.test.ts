import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { sessions, startedForAll } from '../local/processes.ts';
import { chromiumForAll, describe, type Window, windowOn } from './chromium.ts';

const browser = chromiumForAll();
const rotates = { rotation: { grace: 10 } };
const server = startedForAll({
  SESSION_POLICIES: JSON.stringify({ eos: rotates, ccstore: rotates }),
});

/** The window of most tests, and its tab: a page in the same tab opens much faster than in another. */
let shared: Window;
let page: Page;

const region = (name: string, on = page) => on.getByRole('region', { name, exact: true });
const choice = (name: string) => page.getByRole('combobox', { name });

/** Opens a page, and waits until it has a session or a list of them. */
async function visit(path: string, on = page): Promise<void> {
  await on.goto(server().origin + path);
  await ready(on);
}

/** Waits until every button can be pressed. */
function ready(on = page): Promise<void> {
  return on.locator('main :is([disabled], [aria-disabled])').first().waitFor({ state: 'detached' });
}

/** Presses a button, and gives what the page says when it is done. */
async function press(button: string, on = page): Promise<string> {
  await on.getByRole('button', { name: button, exact: true }).click();
  await ready(on);
  return on.getByRole('status').innerText();
}

const refresh = async () => expect(await press('Refresh this session')).toBe('200: refreshed.');

/** What this tab holds of the sessions of a contract. */
function heldIn(contract: string, on = page): Promise<Readonly<Record<string, string>>> {
  return on.evaluate((name) => JSON.parse(sessionStorage.getItem(name) ?? '{}'), contract);
}

describe('the explorer', () => {
  beforeAll(async () => {
    shared = await windowOn(browser(), server().origin);
    await shared.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    page = await shared.tab('/');
  });

  test.for(contracts)(
    'leads to $name, its reference and each of its refusals',
    async (contract) => {
      const { name, path, serves } = contract;
      await visit('/');
      const card = page.getByRole('main').getByRole('listitem').filter({ hasText: path });
      await card.getByRole('link', { name, exact: true }).click();
      await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
      const headings = await region('API reference').locator('h3:visible').allInnerTexts();
      for (const status of ['200', '403', '404', '413', '500', '503', '504'])
        expect(headings).toContain(status);
      await ready();
      const { secureCode, sessionToken, accessToken } = await heldIn(serves);
      const secret = String({ eos: secureCode, s360: sessionToken }[name] ?? accessToken);
      await refresh();
      expect(await region('Answer').textContent()).toMatch(/^200\n\n\{/);
      expect(await region('Request that was sent').textContent()).toContain(secret);
      await page.getByText('What the server did').click();
      expect(await region('Log line').textContent()).toMatch(
        /^The Lambda answered in [\d.]+ ms: 1 storage request in .*"outcome": "refreshed"/s,
      );
      const statusOf = (reason: 'lifetime-over' | 'over-rate' | 'revoked' | 'unavailable') =>
        `${contract.refuse(reason, '').status}`;
      for (const [button, status, says] of [
        [
          'Idle too long',
          statusOf('lifetime-over'),
          /session over: (it was idle too|its lifetime has)/,
        ],
        ['Lifetime over', statusOf('lifetime-over'), /session over: its lifetime has ended/],
        ['Wrong secret', statusOf('lifetime-over'), /refused: the secret is wrong/],
        ['Throttled', statusOf('over-rate'), /retry later: too many requests/],
        ['Unavailable', statusOf('unavailable'), /retry later: storage did not answer/],
        ['Revoked', statusOf('revoked'), /session over: it was revoked/],
        [
          'Reused secret',
          statusOf('lifetime-over'),
          /session over: a replaced secret was used again/,
        ],
      ] as const) {
        if (button === 'Reused secret' && !contract.rotates) continue;
        const said = await press(button);
        expect([button, said]).toEqual([button, expect.stringMatching(says)]);
        expect(said).toContain(status);
      }
      // A session that is over is followed by another one; the one before stays as it was.
      expect(await press('Open another')).toBe('A new session is open.');
      await refresh();
      expect(await press('Revoke it')).toMatch(/^Revoked\./);
      const { sessionId = '' } = await heldIn(serves);
      const { state } = await sessions(server(), 'show', serves, sessionId);
      expect([state, shared.troubles]).toEqual(['revoked', []]);
    },
  );

  test.for([
    { name: 'eos', member: 'secureCode' },
    { name: 'ccstore', member: 'accessToken' },
  ])('presents the newest credential of $name, after a reload too', async ({ name, member }) => {
    await visit(`/explorer/${name}`);
    const { [member]: first } = await heldIn(name);
    await refresh();
    const newest = String((await heldIn(name))[member]);
    expect(newest).not.toBe(first);
    await page.reload();
    await ready();
    await refresh();
    expect(await region('Request that was sent').textContent()).toContain(newest);
  });

  test('decodes a token, and copies the next request as curl and as client code', async () => {
    await visit('/explorer/s360');
    await refresh();
    await page.getByText('The token, decoded').click();
    const claims = await region('Header and claims').textContent();
    expect(claims).toContain('داود على عبدالله على احمد');
    expect(claims).toMatch(/exp is \d\d:\d\d:\d\d \(in 30 min\)/);
    const { sessionToken } = await heldIn('s360');
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    expect(await press('Copy as curl')).toBe('Copied as curl.');
    expect(await copied()).toMatch(new RegExp(`^curl -sS 'http://[^\n]*"${sessionToken}"[^\n]*$`));
    expect(await press('Copy as client code')).toBe('Copied as client code.');
    expect(await copied()).toContain("import { s360 } from '@session-refresh/client/s360';");
    // Two limits that run down, and a tick for the refresh.
    expect(await page.getByRole('progressbar').count()).toBe(2);
    expect(await page.locator('.tick').count()).toBeGreaterThan(0);
  });

  test('gives each tab a session of its own, and another when that one is gone', async () => {
    await visit('/explorer/eos');
    const other = await shared.tab('/explorer/eos');
    await ready(other);
    expect((await heldIn('eos', other)).sessionId).not.toBe((await heldIn('eos')).sessionId);
    await other.close();
    await page.evaluate(() => sessionStorage.setItem('eos', '{"sessionId":"gone"}'));
    await page.reload();
    await ready();
    await refresh();
  });

  test('opens sessions, hands them to their page, filters and revokes them', async () => {
    await visit('/');
    await choice('Contract').selectOption('s360');
    const subject = `<img src=x onerror=alert(1)>${'x'.repeat(228)}`;
    await page.getByLabel('Subject').fill(subject);
    expect(await press('Open a session')).toMatch(/^Opened /);
    const { sessionId = '', sessionToken = '' } = await heldIn('s360');
    expect(await page.content()).not.toContain(sessionToken);
    const row = page.getByRole('row').filter({ hasText: sessionId });
    expect(await row.innerText()).toMatch(/^s360\s.*active\s.*<img src=x.*in 30 min/s);
    await choice('Show').selectOption('eos');
    await row.waitFor({ state: 'detached' });
    await choice('Show').selectOption('s360');
    expect(await press(`Revoke s360 session ${sessionId}`)).toBe(`Revoked ${sessionId}.`);
    expect(await row.innerText()).toContain('revoked');
    expect(await row.innerText()).not.toContain('in 30 min');
    await choice('Contract').selectOption('ccstore');
    await page.getByLabel('Subject').fill('ann');
    await press('Open a session');
    const { accessToken } = await heldIn('ccstore');
    await page.getByRole('link', { name: 'Refresh it on the page of ccstore' }).click();
    await region('Next request').getByText(`Bearer ${accessToken}`).waitFor();
    await ready();
    await refresh();
    expect(shared.troubles).toEqual([]);
  });

  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const looks = [
    { width: 320, colorScheme: 'light', rules: 'all' },
    { width: 390, colorScheme: 'dark', rules: 'none' },
    { width: 800, colorScheme: 'light', rules: 'none' },
    // A theme changes colours alone.
    { width: 1280, colorScheme: 'dark', rules: 'color-contrast' },
  ] as const;
  test.for(['/', ...contracts.map(({ name }) => `/explorer/${name}`)])(
    'fits every width at %s, and breaks no rule of axe in either theme',
    async (path) => {
      await sessions(server(), 'open', 'eos', '--subject', 'x'.repeat(256));
      await visit(path);
      if (path === '/') await page.getByText('x'.repeat(256)).first().waitFor();
      else await refresh();
      await page.evaluate(() => {
        for (const details of document.querySelectorAll('details')) details.open = true;
      });
      // Markup of a kind that another page has too.
      const seenBefore = contracts.some(
        ({ name, serves }) => serves !== name && path.endsWith(name),
      );
      // The debugger brings axe in: the page's own policy allows no foreign script.
      if (!seenBefore) await page.evaluate(axe);
      for (const { width, colorScheme, rules } of looks) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        const seen = await page.evaluate(() => ({
          width: document.documentElement.scrollWidth,
          ground: getComputedStyle(document.body).backgroundColor,
        }));
        const ground = colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(15, 17, 21)';
        expect(seen).toEqual({ width, ground });
        if (rules !== 'none' && !seenBefore)
          expect([width, await violations(rules)]).toEqual([width, []]);
      }
      await page.setViewportSize({ width: 1440, height: 900 });
      expect(shared.troubles).toEqual([]);
    },
  );

  test('brings what a refusal button has changed into the sight of a phone', async () => {
    await page.setViewportSize({ width: 390, height: 700 });
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await visit('/explorer/eos');
    await page.getByRole('button', { name: 'Unavailable' }).scrollIntoViewIfNeeded();
    expect((await page.getByRole('status').boundingBox())?.y).toBeLessThan(0);
    expect(await press('Unavailable')).toContain('503');
    const { y = -1, height = 0 } = (await page.getByRole('status').boundingBox()) ?? {};
    expect([y >= 0, y + height <= 700]).toEqual([true, true]);
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.emulateMedia({ reducedMotion: null });
  });

  test('is used by the keyboard alone, from its beginning to a refusal', async () => {
    await visit('/');
    await tabTo('Skip to content', 'Enter');
    await tabTo('eos', 'Enter');
    await page.waitForURL('**/explorer/eos');
    await ready();
    const said = page.getByRole('status');
    await tabTo('Refresh this session', 'Enter');
    await said.getByText('200: refreshed.').waitFor();
    await tabTo('Revoke it', 'Space');
    await said.getByText('Revoked.').waitFor();
    await tabTo('Unavailable', 'Enter');
    await said.getByText('503').waitFor();
  });

  test('says what to do without sessions, without a server and without JavaScript', async () => {
    await page.route('**/explorer/sessions/list', (route) =>
      route.fulfill({ json: { sessions: [], all: 0 } }),
    );
    await page.goto(server().origin);
    await page.getByText('No sessions here.').waitFor();
    await visit('/explorer/eos');
    await page.route('**/*', (route) => route.abort('connectionrefused'));
    expect(await press('Refresh this session')).toContain('The server does not answer.');
    await page.unrouteAll();
    const debug = await shared.context.newCDPSession(page);
    await debug.send('Emulation.setScriptExecutionDisabled', { value: true });
    await page.goto(`${server().origin}/explorer/eos`);
    await page.locator('noscript').waitFor();
    await page.getByRole('heading', { name: 'Models' }).waitFor();
  });

  test('would be caught asking another host', async () => {
    const { tab, troubles } = await windowOn(browser(), server().origin);
    const asking = await tab('/');
    await asking.evaluate(() => fetch('https://example.com/').catch(() => undefined));
    expect(troubles.join('\n')).toMatch(
      /foreign: https:\/\/example\.com\/|Content Security Policy/,
    );
  });
});

/** What axe finds on the page, by one rule or by all. */
function violations(rules: 'all' | 'color-contrast') {
  return page.evaluate(async (only) => {
    const { axe } = globalThis as unknown as AxeWindow;
    const options = { resultTypes: ['violations'], ...(only !== 'all' && { runOnly: [only] }) };
    const { violations } = await axe.run(options);
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

/** Presses Tab until something has the focus whose words are these, then a key. Every stop must be visible. */
async function tabTo(words: string, key: 'Enter' | 'Space'): Promise<void> {
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
    if (at?.label === words) return page.keyboard.press(key);
  }
  throw new Error(`Tab does not reach '${words}'`);
}
