import { describe, expect } from 'vitest';
import { contracts, sessionOwners } from '../../functions/contracts.ts';
import { eos } from '../../functions/eos/contract.ts';
import { sessionsIn } from '../../local/explorer/all-sessions.ts';
import { explorer } from '../../local/explorer/explorer.ts';
import { storedTest as test, type StoredWorld as World } from '../support/world.ts';
import { realRoutes, refreshOf, type Sent, type Served, send, serve } from './wire.ts';

/** The explorer before the gateway, over a world's table. */
function explored(world: World, find = sessionsIn(world.client, world.table)): Promise<Served> {
  const part = { by: 'Lambda', outcome: 'refreshed', status: 200 } as const;
  const request = (id: string) => (id === 'known' ? part : undefined);
  const local = { services: world.admin, find, request };
  return serve(realRoutes(world), (apis) => explorer(local, apis));
}

/** A request as the explorer's own page sends it, or a page of another `Host` that points here. */
function asked(
  { port }: Served,
  action: string,
  input: object,
  headers: Sent['headers'] = {},
): Sent {
  const { Host = `127.0.0.1:${port}` } = headers;
  return {
    path: `/explorer/sessions/${action}`,
    headers: { Origin: `http://${Host}`, 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(input),
  };
}

async function ask(served: Served, action: string, input: object) {
  const { status, text } = await send(served, asked(served, action, input));
  return { status, json: JSON.parse(text) };
}

const get = (path: string, headers = {}): Sent => ({ method: 'GET', path, headers });

describe('the explorer', () => {
  test('answers its pages, and what they load, from this machine alone', async ({ world }) => {
    const served = await explored(world);
    const { secureCode } = await world.open(eos);
    for (const path of ['/', ...contracts.map(({ name }) => `/explorer/${name}`)]) {
      const page = await send(served, get(path));
      expect([path, page.status]).toEqual([path, 200]);
      expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
      const policy = String(page.headers['content-security-policy']).split('; ');
      for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'"])
        expect(policy).toContain(rule);
      expect(page.text).not.toContain(secureCode);
      expect(page.text).toContain('<noscript><p class="empty">This part needs JavaScript.');
      const ids = [...page.text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
      expect(ids).toEqual([...new Set(ids)]);
      const statuses = path === '/' ? [] : ['200', '403', '404', '413', '500', '503', '504'];
      for (const status of statuses) expect(page.text).toContain(`<summary><h3>${status}</h3>`);
      // No heading is more than a level below the one before it.
      const levels = [...page.text.matchAll(/<h(\d)/g)].map(([, level]) => Number(level));
      expect(levels.filter((level, at) => level > (levels[at - 1] ?? 0) + 1)).toEqual([]);
      const scripts = [...page.text.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, one]) => one);
      expect(scripts.length).toBeGreaterThan(4);
      for (const asset of scripts) {
        expect(asset).toMatch(/^\//);
        const { status, text } = await send(served, get(asset ?? ''));
        expect([asset, status]).toEqual([asset, 200]);
        for (const [, module = ''] of text.matchAll(/ from '\.\/([\w.-]+)'/g))
          expect((await send(served, get(`/explorer/${module}`))).status).toBe(200);
      }
    }
  });

  test('leaves every other place to the gateway', async ({ world }) => {
    const served = await explored(world);
    expect((await send(served, await refreshOf(world))).status).toBe(200);
    for (const sent of [get('/nowhere'), get('/explorers'), { path: '/' }])
      expect(JSON.parse((await send(served, sent)).text).routes).toHaveLength(contracts.length);
  });

  test('tells what the server did for a request, and has nothing anywhere else', async ({
    world,
  }) => {
    const served = await explored(world);
    const known = await send(served, get('/explorer/requests/known'));
    expect([known.status, JSON.parse(known.text).outcome]).toEqual([200, 'refreshed']);
    const places = ['', '/', '/acme', '/eos/contract.ts', '/explorer.ts', '/constructor']
      .concat('/../server.ts', '/%2e%2e/server.ts', '/sessions/list', '/style.css/more')
      .concat('/requests/known/more', '/requests/unknown');
    for (const path of places.map((place) => `/explorer${place}`))
      expect([path, (await send(served, get(path))).status]).toEqual([path, 404]);
  });
});

describe('the sessions of the explorer', () => {
  test('are opened, listed, shown and revoked, and only opening tells a secret', async ({
    world,
  }) => {
    const served = await explored(world);
    for (const { name: contract } of sessionOwners) {
      const subject = `ann of ${contract}`;
      const opened = await ask(served, 'open', { contract, subject });
      expect(opened.status).toBe(200);
      const { sessionId, secureCode, sessionToken, accessToken } = opened.json;
      const [idleUntil, endsAt] = [expect.any(Number), expect.any(Number)];
      const times = { openedAt: world.now, refreshedAt: world.now, idleUntil, endsAt };
      const session = { contract, sessionId, state: 'active', subject, ...times };
      const listed = await ask(served, 'list', {});
      expect(listed.json.sessions).toContainEqual(session);
      const shown = await ask(served, 'show', { contract, sessionId });
      expect(shown.json).toEqual(session);
      const secrets = [secureCode, sessionToken, accessToken].filter(Boolean);
      expect(secrets).not.toHaveLength(0);
      for (const secret of secrets)
        expect(JSON.stringify([listed.json, shown.json])).not.toContain(secret);
      expect((await ask(served, 'revoke', { contract, sessionId })).status).toBe(200);
      const after = await ask(served, 'show', { contract, sessionId });
      expect(after.json).toMatchObject({ state: 'revoked', revokedAt: world.now });
    }
  });

  test('are the newest hundred, with the number of all, claims of their own aside', async ({
    world,
  }) => {
    const served = await explored(world);
    const apps = { system: [], user: [], filler: 'x'.repeat(5000) };
    const claims = JSON.stringify({ profile: { a: 'y'.repeat(5000) }, mobilityApps: apps });
    for (let opened = 0; opened < 101; opened += 1) {
      world.now = (world.now + 1) as typeof world.now;
      await world.open(eos, { sessionId: `session-${opened}`, ...(opened === 100 && { claims }) });
    }
    await world.damage(eos, 'session-0', { openedAt: undefined });
    const { json } = await ask(served, 'list', {});
    const ids = [0, ...Array.from({ length: 99 }, (_, at) => 100 - at)].map((n) => `session-${n}`);
    expect(json.all).toBe(101);
    expect(json.sessions.map((one: { sessionId: string }) => one.sessionId)).toEqual(ids);
    expect(JSON.stringify(json)).not.toContain('yyy');
  });

  test.for([
    { action: 'open', input: { contract: 'constructor' }, status: 400 },
    { action: 'open', input: [], status: 400 },
    { action: 'open', input: { contract: 'eos', subject: ['ann'] }, status: 400 },
    { action: 'open', input: { contract: 'eos', subject: 'x'.repeat(20_000) }, status: 400 },
    { action: 'show', input: { contract: 'eos', sessionId: 'unknown' }, status: 409 },
    { action: 'revoke', input: { contract: 'eos', sessionId: 'unknown' }, status: 409 },
    { action: 'login', input: {}, status: 404 },
    { action: 'constructor', input: {}, status: 404 },
    { action: 'list/more', input: {}, status: 404 },
  ])('are refused $status to $action with $input', async (row, { world }) => {
    const { status, json } = await ask(await explored(world), row.action, row.input);
    expect([status, json]).toEqual([row.status, { message: expect.any(String) }]);
    expect(world.requests).not.toContain('PutItemCommand');
  });

  test('answer 503 where storage does not', async ({ world }) => {
    const find = () => Promise.reject(new Error('secret of the table'));
    const { status, json } = await ask(await explored(world, find), 'list', {});
    expect([status, JSON.stringify(json)]).toEqual([503, expect.not.stringContaining('secret')]);
  });

  test.for([
    { what: 'a page of another name that points here', headers: { Host: 'evil.example' } },
    { what: 'a name that begins like this one', headers: { Host: '127.0.0.1.evil.example' } },
    { what: 'what has no origin', headers: { Origin: [] } },
    { what: 'a sandboxed page', headers: { Origin: 'null' } },
    { what: 'another port of this machine', headers: { Origin: 'http://127.0.0.1:1' } },
    { what: 'a form', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
    { what: 'a type that holds the word', headers: { 'Content-Type': 'text/application/json' } },
    { what: 'another method', method: 'PUT' },
  ])('are closed to $what', async ({ headers = {}, method = 'POST' }, { world }) => {
    const served = await explored(world);
    const { sessionId } = await world.open(eos);
    const revoke = asked(served, 'revoke', { contract: 'eos', sessionId }, headers);
    expect((await send(served, { ...revoke, method })).status).toBeOneOf([403, 405, 415, 421]);
    expect((await world.row(eos, sessionId))?.revokedAt).toBeUndefined();
  });

  test('are open to localhost by its name, and no page is open to another', async ({ world }) => {
    const served = await explored(world);
    const host = `localhost:${served.port}`;
    expect((await send(served, asked(served, 'list', {}, { Host: host }))).status).toBe(200);
    expect((await send(served, get('/', { Host: 'evil.example' }))).status).toBe(421);
  });
});
