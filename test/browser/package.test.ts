import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { demoApiKey } from '../../local/demo.ts';
import { type Started, sessions, started } from '../local/processes.ts';
import { type PackedClient, packedClient } from '../support/packed-client.ts';
import { chromiumForAll, describe, windowOn } from './chromium.ts';

const browser = chromiumForAll();

let packed: PackedClient;
beforeAll(() => {
  packed = packedClient();
});
afterAll(() => packed.remove());

const rows = [
  { name: 'eos', path: '/client/refresh', fields: ['sessionId', 'secureCode'] },
  { name: 's360', path: '/idp/sso/v1/refresh', fields: ['sessionId', 'sessionToken'] },
  { name: 'ccstore', path: '/ccstore/v1/refresh', fields: ['accessToken'] },
] as const;

/** A page that finds the package's entries by their names, as no bundler has touched them. */
function pageOf({ entries }: PackedClient): string {
  const imports = Object.entries(entries).map(([entry, file]) => [
    `@session-refresh/client/${entry}`,
    join('/package', file),
  ]);
  const map = JSON.stringify({ imports: Object.fromEntries(imports) });
  return `<!doctype html><title>It</title><script type="importmap">${map}</script>`;
}

describe('the installed package', () => {
  /** A page on an origin that imports the package from there. */
  async function pageOn(server: Started, origin: string) {
    const { context, troubles } = await windowOn(browser(), server);
    await context.route(`${origin}/page`, (route) =>
      route.fulfill({ contentType: 'text/html', body: pageOf(packed) }),
    );
    await context.route(`${origin}/package/**`, (route) => {
      const file = new URL(route.request().url()).pathname.replace('/package/', '');
      return route.fulfill({ contentType: 'text/javascript', path: join(packed.folder, file) });
    });
    const page = await context.newPage();
    await page.goto(`${origin}/page`);
    return { page, troubles };
  }

  test.for(rows)('refreshes $name in a page, without a bundler', async ({ name, path, fields }) => {
    const server = await started();
    const held = await sessions(server, 'open', name);
    const credential = Object.fromEntries(fields.map((field) => [field, held[field]]));
    const { page, troubles } = await pageOn(server, server.origin);
    const script = `(async () => {
      const { ${name} } = await import('@session-refresh/client/${name}');
      const { inStorage } = await import('@session-refresh/client/credentials');
      const { keepFresh } = await import('@session-refresh/client/keep-fresh');
      const credentials = inStorage(localStorage, 'session');
      credentials.write({ credential: ${JSON.stringify(credential)} });
      const url = location.origin + '${path}';
      const refresh = ${name}({ url, apiKey: '${demoApiKey}', credentials });
      const first = await refresh();
      const controller = new AbortController();
      const kept = [];
      await keepFresh(refresh, {
        signal: controller.signal,
        onOutcome: ({ outcome }) => {
          kept.push(outcome);
          controller.abort();
        },
      });
      return [first.outcome, ...kept];
    })()`;
    expect(await page.evaluate(script)).toEqual(['refreshed', 'refreshed']);
    expect(troubles).toEqual([]);
  });

  test('says that it is the network where CORS keeps the answer from a page', async () => {
    const server = await started();
    const { page } = await pageOn(server, 'http://127.0.0.1:8099');
    const said = page.evaluate(`(async () => {
      const { eos } = await import('@session-refresh/client/eos');
      const credentials = { sessionId: 'id', secureCode: 'code' };
      const url = '${server.origin}/client/refresh';
      return eos({ url, credentials, patience: { attempts: 1 } })();
    })()`);
    expect(await said).toEqual({ outcome: 'retry-later', cause: 'network' });
  });
});
