import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished } from 'vitest';
import { refreshHandler } from '../../functions/core/lambda/refresh-handler.ts';
import { systemTimer } from '../../functions/core/time.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { gateway } from '../../local/gateway.ts';
import { listener } from '../../local/listener.ts';
import { documented } from '../support/documented.ts';
import { test, type World } from '../support/world.ts';
import { sampleApiKey, sampleSession } from './s360-document.ts';

/** The contract behind a gateway that knows the api key of the document's sample; gives its URL. */
async function served(world: World): Promise<string> {
  const lambda = refreshHandler(s360, {
    table: world.rows,
    keys: async () => world.keys(s360),
    clock: () => world.now,
    timer: systemTimer,
    policy: s360.policy,
    write: (record) => world.records.push(record),
  });
  const handler = documented(s360, lambda);
  const server = createServer(
    listener(gateway({ routes: [{ contract: s360, handler }], apiKeys: new Set([sampleApiKey]) })),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close().closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}/idp/sso/v1/refresh`;
}

async function refresh(
  world: World,
  headers: Readonly<Record<string, string>>,
): Promise<{ answer: Response; json: unknown }> {
  const { sessionId, sessionToken } = await world.open(s360, sampleSession);
  const url = await served(world);
  world.requests.length = 0;
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ sessionToken, sessionId }),
  });
  return { answer, json: await answer.json() };
}

describe('POST /idp/sso/v1/refresh behind its gateway', () => {
  test.for([
    { what: 'api_key', name: 'api_key' },
    { what: 'API_KEY', name: 'API_KEY' },
    { what: 'Api_Key', name: 'Api_Key' },
  ])('answers a known key in the header $what', async ({ name }, { world }) => {
    const { answer, json } = await refresh(world, { [name]: sampleApiKey });
    expect(answer.status).toBe(200);
    expect(json).toMatchObject({ status: 200, desc: { code: 'ESB-IDP-S0000' } });
    expect(json).toHaveProperty('esbUUID', answer.headers.get('x-amzn-requestid'));
  });

  test.for<{ what: string; headers: Record<string, string> }>([
    { what: 'a missing', headers: {} },
    { what: 'an empty', headers: { api_key: '' } },
    { what: 'an unknown', headers: { api_key: '5k5a9rnknaj87kthytganapd' } },
    { what: 'a longer', headers: { api_key: `${sampleApiKey}a` } },
    { what: 'a shorter', headers: { api_key: sampleApiKey.slice(0, -1) } },
    { what: 'a capital', headers: { api_key: sampleApiKey.toUpperCase() } },
    { what: 'a malformed', headers: { api_key: '*/* {}' } },
    { what: 'a wrongly named', headers: { 'x-api-key': sampleApiKey } },
  ])('refuses $what key as an inactive developer, 403', async ({ headers }, { world }) => {
    const { answer, json } = await refresh(world, headers);
    expect(answer.status).toBe(403);
    expect(answer.headers.get('X-Mashery-Error-Code')).toBe('ERR_403_DEVELOPER_INACTIVE');
    expect(json).toMatchObject({ status: 403, desc: { code: 'APIMDeveloperInactive' } });
    expect(json).toHaveProperty('esbUUID', answer.headers.get('x-amzn-requestid'));
    expect(json).not.toHaveProperty('data');
    expect(world.requests).toEqual([]);
  });

  test.for([
    { what: 'another method', path: '', method: 'GET' },
    { what: 'another route', path: '/more', method: 'POST' },
  ])('answers $what with 404 FlogoException', async ({ path, method }, { world }) => {
    const headers = { api_key: sampleApiKey };
    const answer = await fetch(`${await served(world)}${path}`, { method, headers });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ status: 404, desc: { code: 'FlogoException' } });
  });
});
