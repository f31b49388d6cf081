import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe as vitestDescribe } from 'vitest';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);

if (!executablePath && process.env.REQUIRE_CHROMIUM)
  throw new Error('the tests in a browser need Chromium: apt-get install chromium');
if (!executablePath) console.warn('\nSKIPPED: every test in a browser, which needs Chromium\n');

/** Tests in a browser; shown as skipped where there is none. `REQUIRE_CHROMIUM=1` makes it a must. */
export const describe = vitestDescribe.skipIf(!executablePath);

/** A headless Chromium for all tests of a file, which finds nothing but this machine. */
export function chromiumForAll(): () => Browser {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (!executablePath) return;
    browser = await chromium.launch({
      executablePath,
      args: ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
      // Chromium refuses root a sandbox, and in a container of CI that is who we are.
      chromiumSandbox: process.getuid?.() !== 0,
    });
  });
  afterAll(() => browser?.close());
  return () => {
    if (!browser) throw new Error('there is no browser');
    return browser;
  };
}

/** A window of its own: no other one's storage is in it. It is closed with its browser. */
export interface Window {
  readonly context: BrowserContext;
  /** What went wrong in any of its tabs: warnings, errors other than an answer's status, foreign requests. */
  readonly troubles: string[];
  /** Opens a tab there. */
  tab(path: string): Promise<Page>;
}

/** Opens a window on a server. */
export async function windowOn(browser: Browser, origin: string): Promise<Window> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
  });
  const troubles: string[] = [];
  context.on('console', (message) => {
    const text = message.text();
    const refused = /^Failed to load resource: the server responded with a status of [45]/.test(
      text,
    );
    if (['error', 'warning'].includes(message.type()) && !refused) troubles.push(text);
  });
  context.on('weberror', (error) => troubles.push(error.error().message));
  context.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) troubles.push(`foreign: ${request.url()}`);
  });
  return {
    context,
    troubles,
    async tab(path) {
      const page = await context.newPage();
      await page.goto(origin + path);
      return page;
    },
  };
}
