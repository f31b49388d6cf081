import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type axeCore from 'axe-core';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { sessions, startedForAll } from '../local/processes.ts';
import { describe as inChromium, type Window, windowsForAll } from './chromium.ts';

const windowOn = windowsForAll();
const rotates = { rotation: { grace: 10 } };
const SESSION_POLICIES = JSON.stringify({ eos: rotates, ccstore: rotates });
const server = startedForAll({ SESSION_POLICIES });

/** The window of all tests, and its tab. To load a page costs most of the time here: tests share one. */
let shared: Window;
let page: Page;

const region = (name: string) => page.getByRole('region', { name, exact: true });
const textOf = (name: string) => region(name).textContent();
const choice = (name: string) => page.getByRole('combobox', { name });

/** Waits until every button can be pressed. */
const busy = 'main :is([disabled], [aria-disabled])';
const ready = () => page.locator(busy).first().waitFor({ state: 'detached' });

/** Opens a page, and waits until it has a session or a list of them. */
async function visit(path: string): Promise<void> {
  await page.goto(server().origin + path);
  await ready();
}

/** Presses a button, and gives what the page says when it is done. */
async function press(button: string): Promise<string> {
  await page.getByRole('button', { name: button, exact: true }).click();
  await ready();
  return page.getByRole('status').innerText();
}

/** Presses buttons one after the other, and gives what the page says after each. */
async function pressed(...buttons: readonly string[]): Promise<string[]> {
  const said: string[] = [];
  for (const button of buttons) said.push(`${button}: ${await press(button)}`);
  return said;
}

/** What this tab holds of the sessions of a contract. */
function heldIn(contract: string): Promise<Readonly<Record<string, string>>> {
  return page.evaluate((name) => JSON.parse(sessionStorage.getItem(name) ?? '{}'), contract);
}

const refusals = [
  ['Idle too long', 'lifetime-over', 'session over: (it was idle too long|its lifetime has ended)'],
  ['Lifetime over', 'lifetime-over', 'session over: its lifetime has ended'],
  ['Wrong secret', 'wrong-secret', 'refused: the secret is wrong'],
  ['Throttled', 'over-rate', 'retry later: too many requests'],
  ['Unavailable', 'unavailable', 'retry later: storage did not answer'],
  ['Revoked', 'revoked', 'session over: it was revoked'],
  ['Reused secret', 'reused-secret', 'session over: a replaced secret was used again'],
] as const;

inChromium('the explorer', () => {
  beforeAll(async () => {
    shared = await windowOn(server().origin);
    await shared.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    page = await shared.context.newPage();
  });

  describe.for(contracts)('at $name', (contract) => {
    const { name, serves, rotates, signs } = contract;
    beforeAll(() => visit(`/explorer/${name}`));

    test('refreshes a session, and shows what was sent, answered, logged and comes next', async () => {
      const member = { eos: 'secureCode', s360: 'sessionToken' }[name] ?? 'accessToken';
      const secret = async () => String((await heldIn(serves))[member]);
      await pressed('Open another');
      const first = await secret();
      expect(await press('Refresh this session')).toBe('200: refreshed.');
      const newest = await secret();
      expect(newest !== first).toBe(rotates);
      expect(await textOf('Answer')).toMatch(/^200\n\n\{/);
      expect(await textOf('Request that was sent')).toContain(first);
      expect(await textOf('Next request')).toContain(newest);
      await page.getByText('What the server did').click();
      const said =
        /^The Lambda answered in [\d.]+ ms: 1 storage request in .*"outcome": "refreshed"/s;
      expect(await region('Log line').innerText()).toMatch(said);
      const token = await page.locator('#token').textContent();
      expect(token).toMatch(signs ? /exp is \d\d:\d\d:\d\d \(in (15|30) min\)/ : /^$/);
      // Two limits that run down, each with a tick for the refresh.
      expect(await page.getByRole('progressbar').count()).toBe(2);
      expect(await page.locator('.tick').count()).toBe(2);
      const copied = () => page.evaluate(() => navigator.clipboard.readText());
      expect(await press('Copy as curl')).toBe('Copied as curl.');
      expect(await copied()).toMatch(/^curl -sS .*$/);
      expect(await copied()).toContain(newest);
      expect(await press('Copy as client code')).toBe('Copied as client code.');
      const line = `import { ${name} } from '@session-refresh/client/${name}';`;
      expect(await copied()).toContain(line);
    });

    test('shows each refusal, and goes on with another session', async () => {
      const tried = refusals.filter(([button]) => rotates || button !== 'Reused secret');
      expect(await pressed(...tried.map(([button]) => button))).toEqual(
        tried.map(([button, reason, says]) =>
          expect.stringMatching(`^${button}: ${contract.refuse(reason, '').status}.*: ${says}`),
        ),
      );
      expect(await pressed('Open another', 'Refresh this session', 'Revoke it')).toEqual([
        'Open another: A new session is open.',
        'Refresh this session: 200: refreshed.',
        expect.stringMatching(/^Revoke it: Revoked\./),
      ]);
      const { sessionId = '' } = await heldIn(serves);
      const shown = await sessions(server(), 'show', serves, sessionId);
      expect(shown).toMatchObject({ state: 'revoked' });
    });

    test('fits every width, and breaks no rule of axe in either theme', async () => {
      await pressed('Open another', 'Refresh this session');
      // The references are of the same parts, and so is what `eos` and `s360`, or both of ccstore's pages, try.
      await looksWell({ eos: 'html', ccstore: '#try' }[name]);
    });
  });

  describe('at its beginning', () => {
    const subject = `<img src=x onerror=alert(1)>${'x'.repeat(228)}`;
    beforeAll(() => visit('/'));

    test('opens sessions, filters and revokes them', async () => {
      await choice('Contract').selectOption('s360');
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
      expect(await row.innerText()).toMatch(/revoked(?!.*in 30 min)/s);
    });

    test('fits every width, and breaks no rule of axe in either theme', async () => {
      await page.getByText(subject).first().waitFor();
      await looksWell('html');
    });

    test('says what to do with a damaged session, without any, and without a server', async () => {
      const json = { all: 1, sessions: [{ contract: 'eos', sessionId: 'x', state: 'damaged' }] };
      await page.route('**/list', (route) => route.fulfill({ json }));
      await choice('Show').selectOption('');
      await page.getByRole('row', { name: 'eos x damaged' }).getByText('Revoke').waitFor();
      json.sessions = [];
      await press('Reload');
      await page.getByText('No sessions here.').waitFor();
      await page.route('**/list', (route) => route.abort('connectionrefused'));
      expect(await press('Reload')).toContain('The server does not answer.');
      await page.unrouteAll();
    });

    test('hands a session to the page of its contract', async () => {
      await choice('Contract').selectOption('ccstore');
      await page.getByLabel('Subject').fill('ann');
      await press('Open a session');
      const { accessToken } = await heldIn('ccstore');
      await page.getByRole('link', { name: 'Refresh it on the page of ccstore' }).click();
      await region('Next request').getByText(`Bearer ${accessToken}`).waitFor();
      await ready();
      expect(await press('Refresh this session')).toBe('200: refreshed.');
    });

    test('is used by the keyboard alone, to a refusal', async () => {
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
  });

  describe('in a tab', () => {
    beforeAll(() => visit('/explorer/eos'));

    test('keeps the newest credential of its own session, and opens another where that one is gone', async () => {
      await press('Refresh this session');
      const { secureCode = '' } = await heldIn('eos');
      expect(await page.evaluate(() => localStorage.length)).toBe(0);
      await page.reload();
      await ready();
      expect(await press('Refresh this session')).toBe('200: refreshed.');
      expect(await textOf('Request that was sent')).toContain(secureCode);
      await page.evaluate(() => sessionStorage.setItem('eos', '{"sessionId":"gone"}'));
      await page.reload();
      await ready();
      expect(await press('Refresh this session')).toBe('200: refreshed.');
    });

    test('brings what a refusal button has changed into the sight of a phone', async () => {
      await page.setViewportSize({ width: 390, height: 700 });
      await page.getByRole('button', { name: 'Unavailable' }).scrollIntoViewIfNeeded();
      expect((await page.getByRole('status').boundingBox())?.y).toBeLessThan(0);
      expect(await press('Unavailable')).toContain('503');
      const { y = -1, height = 0 } = (await page.getByRole('status').boundingBox()) ?? {};
      expect([y >= 0, y + height <= 700]).toEqual([true, true]);
    });
  });

  test('had no trouble in its tabs, and asked no other host, which would be seen', async () => {
    expect(shared.troubles.splice(0)).toEqual([expect.stringContaining('ERR_CONNECTION_REFUSED')]);
    await page.evaluate(() => fetch('https://example.com/').catch(() => undefined));
    expect(shared.troubles.join()).toMatch(/https:\/\/example\.com\/|Content Security Policy/);
  });
});

declare global {
  /** What the script brings. */
  var axe: typeof axeCore;
}
const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** The narrowest width of each layout. A theme changes colours alone. */
const looks = [
  { width: 320, colorScheme: 'light', ground: 'rgb(255, 255, 255)', rules: 'all' },
  { width: 761, colorScheme: 'light', ground: 'rgb(255, 255, 255)', rules: 'none' },
  { width: 1041, colorScheme: 'dark', ground: 'rgb(15, 17, 21)', rules: 'color-contrast' },
] as const;

/** Fails where the page, all of it unfolded, is wider than its window, or a part of it breaks a rule of axe. */
async function looksWell(part?: string): Promise<void> {
  // axe is injected by the debugger, because the page's content security policy allows no foreign script.
  if (part) await page.evaluate(`${readFileSync(axeFile, 'utf8')};0`);
  for (const { width, colorScheme, ground, rules } of looks) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    const seen = await page.evaluate(
      async ([part, rules]) => {
        for (const details of document.querySelectorAll('details')) details.open = true;
        const only: axeCore.RunOptions = rules === 'all' ? {} : { runOnly: [rules] };
        const found = part && rules !== 'none' ? (await axe.run(part, only)).violations : [];
        return {
          width: document.documentElement.scrollWidth,
          ground: getComputedStyle(document.body).backgroundColor,
          violations: found.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`),
        };
      },
      [part, rules] as const,
    );
    expect(seen).toEqual({ width, ground, violations: [] });
  }
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
