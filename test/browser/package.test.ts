import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { clients } from '../client/support.ts';
import { type PackedClient, packedClient } from '../support/copies.ts';
import { chromiumForAll, describe, windowOn } from './chromium.ts';

const browser = chromiumForAll();

let packed: PackedClient;
beforeAll(() => {
  packed = packedClient();
});
afterAll(() => packed.remove());

/** A page that finds the package's entries by their names, without a bundler. */
async function packagePage() {
  const origin = 'http://127.0.0.1:8099';
  const { context, troubles } = await windowOn(browser(), { origin });
  const imports = Object.entries(packed.entries).map(([entry, file]) => [
    `@session-refresh/client/${entry}`,
    join('/package', file),
  ]);
  const map = JSON.stringify({ imports: Object.fromEntries(imports) });
  const body = `<!doctype html><title>It</title><script type="importmap">${map}</script>`;
  await context.route(`${origin}/page`, (route) =>
    route.fulfill({ contentType: 'text/html', body }),
  );
  await context.route(`${origin}/package/**`, (route) => {
    const file = new URL(route.request().url()).pathname.replace('/package/', '');
    return route.fulfill({ contentType: 'text/javascript', path: join(packed.folder, file) });
  });
  for (const { contract, granted } of clients)
    await context.route(origin + contract.path, (route) =>
      route.fulfill({ contentType: 'application/json', body: JSON.stringify(granted) }),
    );
  const page = await context.newPage();
  await page.goto(`${origin}/page`);
  return { page, troubles };
}

describe('the installed package', () => {
  test('refreshes every contract in a page', async () => {
    const { page, troubles } = await packagePage();
    const uses = clients.map(({ name, contract, credential }) => [name, contract.path, credential]);
    const script = `(async () => {
      const { inStorage } = await import('@session-refresh/client/credentials');
      const { keepFresh } = await import('@session-refresh/client/keep-fresh');
      const told = [];
      for (const [name, path, credential] of ${JSON.stringify(uses)}) {
        const { [name]: client } = await import('@session-refresh/client/' + name);
        const credentials = inStorage(localStorage, name);
        credentials.write({ credential });
        const refresh = client({ url: location.origin + path, apiKey: 'key', credentials });
        const controller = new AbortController();
        const { signal } = controller;
        const onOutcome = ({ outcome }) => {
          told.push(name + ' ' + outcome);
          controller.abort();
        };
        await keepFresh(refresh, { signal, onOutcome });
      }
      return told;
    })()`;
    expect(await page.evaluate(script)).toEqual(clients.map(({ name }) => `${name} refreshed`));
    expect(troubles).toEqual([]);
  });

  test('has the cause network where CORS hides the answer from a page', async () => {
    const server = createServer((_, response) => response.end('{}')).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { page } = await packagePage();
    const outcome = page.evaluate(`(async () => {
      const { eos } = await import('@session-refresh/client/eos');
      const credentials = { sessionId: 'id', secureCode: 'code' };
      return eos({ url: 'http://127.0.0.1:${port}/', credentials, retry: { attempts: 1 } })();
    })()`);
    expect(await outcome).toEqual({ outcome: 'retry-later', cause: 'network' });
  });
});
