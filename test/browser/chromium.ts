import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, onTestFinished, describe as vitestDescribe } from 'vitest';
import type { Started } from '../local/processes.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);

if (!executablePath && process.env.REQUIRE_CHROMIUM)
  throw new Error('the tests in a browser need Chromium: apt-get install chromium');
if (!executablePath) console.warn('\nSKIPPED: every test in a browser, which needs Chromium\n');

/** Tests in a browser; shown as skipped where there is none. `REQUIRE_CHROMIUM=1` makes it a must. */
export const describe = vitestDescribe.skipIf(!executablePath);

/**
 * A headless Chromium for all tests of a file, which finds nothing but this machine; its options are
 * added to the command line.
 */
export function chromiumForAll(...options: readonly string[]): () => Browser {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (!executablePath) return;
    browser = await chromium.launch({
      executablePath,
      args: ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1', ...options],
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

/** How a window looks. */
export interface Look {
  readonly width?: number;
  readonly colorScheme?: 'light' | 'dark';
}

/** A window of its own: no other test's storage is in it. */
export interface Window {
  readonly context: BrowserContext;
  /** What went wrong in any of its tabs: errors on the console, and requests to elsewhere. */
  readonly troubles: string[];
  /** Opens a tab there, and waits until it is quiet. */
  tab(path: string): Promise<Page>;
}

/** Opens a window on a server until its test ends. */
export async function windowOn(
  browser: Browser,
  { origin }: Pick<Started, 'origin'>,
  { width = 1440, colorScheme = 'light' }: Look = {},
): Promise<Window> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  onTestFinished(() => context.close());
  const troubles: string[] = [];
  context.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') troubles.push(message.text());
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
      await page.goto(origin + path, { waitUntil: 'networkidle' });
      return page;
    },
  };
}
