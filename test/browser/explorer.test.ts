import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { sessions, started } from '../local/processes.ts';
import { chromiumForAll, describe, windowOn } from './chromium.ts';

const browser = chromiumForAll();

/** Clicks a button and waits for what the page then says. */
async function clicked(page: Page, button: string, says: string | RegExp): Promise<void> {
  await page.getByRole('button', { name: button, exact: true }).click();
  await page.getByRole('status').getByText(says).waitFor();
}

const refresh = (page: Page, status = 200) =>
  clicked(page, 'Refresh this session', new RegExp(`^(Refreshed|Refused) with ${status}`));

/** What this tab holds of a contract's session. */
function heldIn(page: Page, contract: string): Promise<Readonly<Record<string, string>>> {
  return page.evaluate((name) => JSON.parse(sessionStorage.getItem(name) ?? '{}'), contract);
}

/** How each contract refuses a session that was logged out. */
const refusals = [
  { name: 'eos', status: 403, code: '"code": "3-2"' },
  { name: 's360', status: 401, code: '"code": "ESB-IDP-E0004"' },
  { name: 'ccstore', status: 401, code: '"errorCode": "90004"' },
] as const;

describe('the page of npm start', () => {
  test('lists every contract, each a click away from its reference', async () => {
    const { tab, troubles } = await windowOn(browser(), await started());
    const page = await tab('/');
    for (const { name, path } of contracts) {
      await page.goto(new URL('/', page.url()).href);
      const card = page.getByRole('main').getByRole('listitem').filter({ hasText: path });
      await card.getByRole('link', { name, exact: true }).click();
      await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
      const reference = page.getByRole('region', { name: 'API reference' });
      await reference.getByRole('heading', { name: /^Refresh an? / }).waitFor();
      // Every status of its document.
      for (const status of ['200', '403', '404', '413', '500', '503', '504'])
        await reference.getByText(status, { exact: true }).first().waitFor();
    }
    expect(troubles).toEqual([]);
  });

  test('would be caught asking another host', async () => {
    const { tab, troubles } = await windowOn(browser(), await started());
    const page = await tab('/');
    await page.evaluate(() => fetch('https://example.com/').catch(() => undefined));
    expect(troubles.join('\n')).toMatch(
      /foreign: https:\/\/example\.com\/|Content Security Policy/,
    );
  });

  test.for(refusals)('refreshes $name by one click, and shows its refusal', async (row) => {
    const { name, status, code } = row;
    const { tab, troubles } = await windowOn(browser(), await started());
    const page = await tab(`/explorer/${name}`);
    await refresh(page);
    const answer = page.getByRole('region', { name: 'Answer', exact: true });
    expect(await answer.textContent()).toMatch(/^200\n\n\{/);
    await refresh(page);
    expect(troubles).toEqual([]);

    await clicked(page, 'Revoke it', 'Revoked.');
    await refresh(page, status);
    expect(await answer.textContent()).toMatch(new RegExp(`^${status}\n`));
    expect(await answer.textContent()).toContain(code);
    // The browser's own word for an answer of 4xx, once.
    expect(troubles).toEqual([expect.stringContaining(`status of ${status}`)]);
    await clicked(page, 'Open another', 'A new session is open.');
    await refresh(page);
  });

  test.for(['eos', 'ccstore'] as const)(
    'presents the newest credential of %s, after a reload too',
    async (name) => {
      const policies = { [name]: { rotation: { grace: 10 } } };
      const server = await started({ SESSION_POLICIES: JSON.stringify(policies) });
      const { tab } = await windowOn(browser(), server);
      const page = await tab(`/explorer/${name}`);
      const member = name === 'eos' ? 'secureCode' : 'accessToken';
      const first = await heldIn(page, name);
      await refresh(page);
      const newest = await heldIn(page, name);
      expect(newest.sessionId).toBe(first.sessionId);
      expect(newest[member]).not.toBe(first[member]);
      for (const reload of [false, true]) {
        if (reload) await page.reload({ waitUntil: 'networkidle' });
        const sent = page.waitForRequest(
          (request) => request.method() === 'POST' && !request.url().includes('/explorer/'),
        );
        await refresh(page);
        const request = await sent;
        const { authorization = '' } = await request.allHeaders();
        const presented = decodeURIComponent(`${request.postData() ?? ''} ${authorization}`);
        expect(presented).toContain(newest[member]);
      }
    },
  );

  test('gives each tab a session of its own, and another when that one is gone', async () => {
    const server = await started();
    const { tab } = await windowOn(browser(), server);
    const one = await heldIn(await tab('/explorer/eos'), 'eos');
    const page = await tab('/explorer/eos');
    const other = await heldIn(page, 'eos');
    expect(one.sessionId).not.toBe(other.sessionId);
    await page.evaluate(() => sessionStorage.setItem('eos', '{"sessionId":"gone"}'));
    await page.reload({ waitUntil: 'networkidle' });
    await refresh(page);
  });

  test('opens and revokes sessions, and shows no secret of theirs', async () => {
    const server = await started();
    const { tab, troubles } = await windowOn(browser(), server);
    const page = await tab('/');
    await page.getByRole('combobox', { name: 'Contract' }).selectOption('s360');
    await page.getByLabel('Subject').fill('ann');
    await clicked(page, 'Open a session', /^Opened /);
    const { sessionId = '', sessionToken = '', accessToken = '' } = await heldIn(page, 's360');
    const row = page.getByRole('row').filter({ hasText: sessionId });
    expect(await row.innerText()).toMatch(/^s360\s.*active\s+ann\s/s);
    for (const secret of [sessionToken, accessToken]) {
      expect(secret).not.toBe('');
      expect(await page.content()).not.toContain(secret);
    }
    await row.getByRole('button', { name: `Revoke s360 session ${sessionId}` }).click();
    await row.getByText('revoked', { exact: true }).waitFor();
    expect(await row.getByRole('button').count()).toBe(0);
    expect(await sessions(server, 'show', 's360', sessionId)).toMatchObject({ state: 'revoked' });
    expect(troubles).toEqual([]);
  });

  test('hands a session that it opened to the page of its contract', async () => {
    const { tab } = await windowOn(browser(), await started());
    const page = await tab('/');
    await page.getByRole('combobox', { name: 'Contract' }).selectOption('ccstore');
    await clicked(page, 'Open a session', /^Opened /);
    const { accessToken } = await heldIn(page, 'ccstore');
    await page.getByRole('link', { name: 'Refresh it on the page of ccstore' }).click();
    const request = page.getByRole('region', { name: 'Request', exact: true });
    await request.getByText(`Bearer ${accessToken}`).waitFor();
    await refresh(page);
  });

  test('shows what a session says of itself as text', async () => {
    const server = await started();
    const { tab, troubles } = await windowOn(browser(), server);
    await sessions(server, 'open', 'eos', '--subject', '<img src=x onerror=alert(1)>');
    const page = await tab('/');
    await page.getByRole('cell', { name: '<img src=x onerror=alert(1)>' }).waitFor();
    expect(troubles).toEqual([]);
  });

  test('says so where the server is gone', async () => {
    const server = await started();
    const { tab } = await windowOn(browser(), server);
    const page = await tab('/explorer/eos');
    server.kill('SIGTERM');
    await server.ended;
    await clicked(page, 'Refresh this session', 'The server does not answer.');
  });
});

describe('the look of it', () => {
  const looks = [390, 1440].flatMap((width) =>
    (['light', 'dark'] as const).map((colorScheme) => ({ width, colorScheme })),
  );

  test.for(looks)('fits $width pixels, and is $colorScheme throughout', async (look) => {
    const { tab, troubles } = await windowOn(browser(), await started(), look);
    for (const path of ['/', ...contracts.map(({ name }) => `/explorer/${name}`)]) {
      const page = await tab(path);
      if (path !== '/') await refresh(page);
      const seen = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth,
        grounds: ['body', '#reference .scalar-app']
          .map((selector) => document.querySelector(selector))
          .filter((element) => element !== null)
          .map((element) => getComputedStyle(element).backgroundColor),
      }));
      expect([path, seen.wide]).toEqual([path, look.width]);
      for (const ground of seen.grounds)
        expect([path, ground]).toEqual([path, grounds[look.colorScheme]]);
      await page.close();
    }
    expect(troubles).toEqual([]);
  });

  const grounds = { light: 'rgb(255, 255, 255)', dark: 'rgb(15, 17, 21)' };
});

describe('the keyboard alone', () => {
  /** What has the focus: its words, and whether one sees that. */
  const focused = (page: Page) =>
    page.evaluate(() => {
      const element = document.activeElement;
      if (!(element instanceof HTMLElement) || element === document.body) return undefined;
      const { outlineStyle, boxShadow } = getComputedStyle(element);
      return {
        words: element.getAttribute('aria-label') ?? element.innerText.trim(),
        ours: element.closest('#reference') === null,
        seen: outlineStyle !== 'none' || boxShadow !== 'none',
      };
    });

  /** Presses Tab until something has the focus whose words are these. */
  async function tabTo(page: Page, words: string): Promise<void> {
    for (let presses = 0; presses < 100; presses += 1) {
      await page.keyboard.press('Tab');
      const at = await focused(page);
      if (at?.ours) expect([at.words, at.seen]).toEqual([at.words, true]);
      if (at?.words === words) return;
    }
    throw new Error(`Tab does not reach '${words}'`);
  }

  test('goes from the overview to a refresh, to a refusal, and back', async () => {
    const { tab } = await windowOn(browser(), await started());
    const page = await tab('/');
    await tabTo(page, 'Skip to content');
    await page.keyboard.press('Enter');
    await tabTo(page, 'eos');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/explorer/eos');
    await page.waitForLoadState('networkidle');
    await tabTo(page, 'Refresh this session');
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText('Refreshed with 200').waitFor();
    await tabTo(page, 'Revoke it');
    await page.keyboard.press('Space');
    await page.getByRole('status').getByText('Revoked.').waitFor();
    await page.keyboard.press('Shift+Tab');
    expect((await focused(page))?.words).toBe('Refresh this session');
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText('Refused with 403').waitFor();
  });

  test('opens and revokes a session', async () => {
    const { tab } = await windowOn(browser(), await started());
    const page = await tab('/');
    await page.getByLabel('Subject').focus();
    await page.keyboard.type('ann');
    await page.keyboard.press('Enter');
    await page
      .getByRole('status')
      .getByText(/^Opened /)
      .waitFor();
    const { sessionId } = await heldIn(page, 'eos');
    await tabTo(page, `Revoke eos session ${sessionId}`);
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText(`Revoked ${sessionId}`).waitFor();
    expect((await focused(page))?.words).toBe('Reload');
  });

  test('comes to the end of each page, and to its beginning again', async () => {
    const { tab } = await windowOn(browser(), await started());
    for (const path of ['/', ...contracts.map(({ name }) => `/explorer/${name}`)]) {
      const page = await tab(path);
      await tabTo(page, 'Skip to content');
      await page.keyboard.press('Tab');
      let presses = 0;
      while ((await focused(page))?.words !== 'Skip to content' && presses < 400) {
        await page.keyboard.press('Tab');
        presses += 1;
      }
      expect([path, presses]).not.toEqual([path, 400]);
      await page.close();
    }
  });
});
