import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe as vitestDescribe } from 'vitest';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);

if (!executablePath && process.env.REQUIRE_CHROMIUM)
  throw new Error('the tests in a browser need Chromium: apt-get install chromium');
if (!executablePath) console.warn('\nSKIPPED: every test in a browser, which needs Chromium\n');

/** Tests in a browser; shown as skipped where there is none. `REQUIRE_CHROMIUM=1` makes it a must. */
export const describe = vitestDescribe.skipIf(!executablePath);

/**
 * Opens windows on servers for all tests of a file, in a headless Chromium that finds nothing but this
 * machine. A window has storage of its own, and is closed with its browser.
 */
export function windowsForAll() {
  let browser: Browser;
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

  return async (origin: string) => {
    const viewport = { width: 1280, height: 800 };
    const context = await browser.newContext({ viewport, reducedMotion: 'reduce' });
    /** Warnings, errors other than an answer's status, and foreign requests, of any of its tabs. */
    const troubles: string[] = [];
    const refused = /^Failed to load resource: the server responded with a status of [45]/;
    context.on('console', (message) => {
      const isTrouble = ['error', 'warning'].includes(message.type());
      if (isTrouble && !refused.test(message.text())) troubles.push(message.text());
    });
    context.on('weberror', (error) => troubles.push(error.error().message));
    context.on('request', (request) => {
      if (!request.url().startsWith(`${origin}/`)) troubles.push(`foreign: ${request.url()}`);
    });
    return { context, troubles };
  };
}

export type Window = Awaited<ReturnType<ReturnType<typeof windowsForAll>>>;
