import { describe, expect } from 'vitest';
import { contracts, sessionOwners } from '../../functions/contracts.ts';
import { eos } from '../../functions/eos/contract.ts';
import { sessionsIn } from '../../local/explorer/all-sessions.ts';
import { explorer } from '../../local/explorer/explorer.ts';
import { storedTest as test, type StoredWorld as World } from '../support/world.ts';
import { type Got, realRoutes, refreshOf, type Sent, type Served, send, serve } from './wire.ts';

/** The explorer before the gateway, over a world's table. */
function explored(world: World): Promise<Served> {
  const find = sessionsIn(world.client, world.table);
  return serve(realRoutes(world), (apis) =>
    explorer({ services: world.admin, find, request: () => undefined }, apis),
  );
}

/** A request as the explorer's own page sends it. */
function asked({ port }: Served, action: string, input: object, headers = {}): Sent {
  const host = `127.0.0.1:${port}`;
  return {
    path: `/explorer/sessions/${action}`,
    headers: { Origin: `http://${host}`, 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(input),
  };
}

async function ask(served: Served, action: string, input: object) {
  const { status, text } = await send(served, asked(served, action, input));
  return { status, json: JSON.parse(text) };
}

const get = (path: string, headers = {}): Sent => ({ method: 'GET', path, headers });

/** What a page may load, as its answer says. */
function policyOf({ headers }: Got): string[] {
  return String(headers['content-security-policy']).split('; ');
}

describe('the explorer', () => {
  test('answers its pages, and what they load, from this machine alone', async ({ world }) => {
    const served = await explored(world);
    const pages = ['/', ...contracts.map(({ name }) => `/explorer/${name}`)];
    for (const path of pages) {
      const page = await send(served, get(path));
      expect([path, page.status]).toEqual([path, 200]);
      expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(policyOf(page)).toEqual(
        expect.arrayContaining(["default-src 'none'", "script-src 'self'", "connect-src 'self'"]),
      );
      // Scalar's own styles are in its script.
      const styles = path === '/' ? "style-src 'self'" : "style-src 'self' 'unsafe-inline'";
      expect(policyOf(page)).toContain(styles);
      const loaded = [...page.text.matchAll(/(?:src|href|data-document)="([^"#]+)"/g)];
      expect(loaded.length).toBeGreaterThan(4);
      for (const [, asset = ''] of loaded) {
        expect(asset).toMatch(/^\//);
        expect([asset, (await send(served, get(asset))).status]).toEqual([asset, 200]);
      }
    }
  });

  test('has no credential in its pages', async ({ world }) => {
    const served = await explored(world);
    const { secureCode } = await world.open(eos);
    for (const path of ['/', '/explorer/eos'])
      expect((await send(served, get(path))).text).not.toContain(secureCode);
  });

  test('leaves every other place to the gateway', async ({ world }) => {
    const served = await explored(world);
    const refresh = await refreshOf(world);
    expect((await send(served, refresh)).status).toBe(200);
    expect((await send(served, get('/client/refresh'))).text).toContain('"9-6"');
    for (const sent of [get('/nowhere'), get('/explorers'), { path: '/' }]) {
      const { status, text } = await send(served, sent);
      expect([status, JSON.parse(text).message]).toEqual([404, 'Not found']);
      expect(JSON.parse(text).routes).toHaveLength(contracts.length);
    }
  });

  test.for([
    '/explorer',
    '/explorer/',
    '/explorer/acme',
    '/explorer/eos/',
    '/explorer/eos/contract.ts',
    '/explorer/explorer.ts',
    '/explorer/constructor',
    '/explorer/../server.ts',
    '/explorer/%2e%2e/server.ts',
    '/explorer/sessions/list',
    '/explorer/style.css/more',
  ])('has nothing at %s', async (path, { world }) => {
    expect((await send(await explored(world), get(path))).status).toBe(404);
  });
});

describe('the sessions of the explorer', () => {
  test('are opened, listed and revoked without a secret in the list', async ({ world }) => {
    const served = await explored(world);
    for (const { name } of sessionOwners) {
      const opened = await ask(served, 'open', { contract: name, subject: `ann of ${name}` });
      expect(opened.status).toBe(200);
      const { sessionId, secureCode, sessionToken, accessToken } = opened.json;
      const listed = await ask(served, 'list', {});
      expect(listed.json.sessions).toContainEqual({
        contract: name,
        sessionId,
        state: 'active',
        subject: `ann of ${name}`,
        openedAt: world.now,
        refreshedAt: world.now,
        idleUntil: expect.any(Number),
        endsAt: expect.any(Number),
      });
      const secrets = [secureCode, sessionToken, accessToken].filter((secret) => secret);
      expect(secrets).not.toHaveLength(0);
      for (const secret of secrets) expect(JSON.stringify(listed.json)).not.toContain(secret);
      expect((await ask(served, 'revoke', { contract: name, sessionId })).status).toBe(200);
      const { json } = await ask(served, 'list', {});
      const mine = json.sessions.find((row: { sessionId: string }) => row.sessionId === sessionId);
      expect(mine).toMatchObject({ state: 'revoked', revokedAt: world.now });
    }
  });

  test('are what is in the table, claims of their own aside', async ({ world }) => {
    const served = await explored(world);
    const apps = { system: [], user: [], filler: 'x'.repeat(5000) };
    const claims = JSON.stringify({ profile: { a: 'y'.repeat(5000) }, mobilityApps: apps });
    await world.open(eos, { claims });
    const { json } = await ask(served, 'list', {});
    expect(json.all).toBe(1);
    expect(JSON.stringify(json)).not.toContain('yyy');
  });

  test('are the newest hundred, with the number of all', async ({ world }) => {
    const served = await explored(world);
    for (let opened = 0; opened < 101; opened += 1) {
      world.now = (world.now + 1) as typeof world.now;
      await world.open(eos, { sessionId: `session-${opened}` });
    }
    const { json } = await ask(served, 'list', {});
    expect(json.all).toBe(101);
    expect(json.sessions).toHaveLength(100);
    expect(json.sessions[0].sessionId).toBe('session-100');
    expect(json.sessions.at(-1).sessionId).toBe('session-1');
  });

  test.for([
    { action: 'open', input: { contract: 'acme' }, status: 400 },
    { action: 'open', input: { contract: 'constructor' }, status: 400 },
    { action: 'open', input: { contract: 'eos', subject: '' }, status: 400 },
    { action: 'open', input: { contract: 'eos', subject: ['ann'] }, status: 400 },
    { action: 'revoke', input: { contract: 'eos' }, status: 400 },
    { action: 'revoke', input: { contract: 'eos', sessionId: '#' }, status: 400 },
    { action: 'revoke', input: { contract: 'eos', sessionId: 'unknown' }, status: 409 },
    { action: 'show', input: {}, status: 404 },
    { action: 'constructor', input: {}, status: 404 },
    { action: 'list/more', input: {}, status: 404 },
    { action: 'open', input: [], status: 400 },
    { action: 'open', input: { contract: 'eos', subject: 'x'.repeat(20_000) }, status: 400 },
  ])('are refused $status to $action with $input', async (row, { world }) => {
    const { status, json } = await ask(await explored(world), row.action, row.input);
    expect(status).toBe(row.status);
    expect(json).toEqual({ message: expect.any(String) });
    expect(world.requests).not.toContain('PutItemCommand');
  });

  test('answer 503 where storage does not', async ({ world }) => {
    const served = await explored(world);
    world.client.destroy();
    const find = () => Promise.reject(new Error('secret of the table'));
    const broken = await serve([], (apis) =>
      explorer({ services: world.admin, find, request: () => undefined }, apis),
    );
    const { status, json } = await ask(broken, 'list', {});
    expect([status, JSON.stringify(json)]).toEqual([503, expect.not.stringContaining('secret')]);
    expect((await send(served, get('/'))).status).toBe(200);
  });

  test.for([
    { what: 'a page of another name that points here', headers: { Host: 'evil.example' } },
    { what: 'a name that begins like this one', headers: { Host: '127.0.0.1.evil.example' } },
    { what: 'another origin', headers: { Origin: 'http://evil.example' } },
    { what: 'another port of this machine', headers: { Origin: 'http://127.0.0.1:1' } },
    { what: 'a sandboxed page', headers: { Origin: 'null' } },
    { what: 'the same host by https', headers: { Origin: 'https://127.0.0.1' } },
    { what: 'a form', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
    { what: 'a form of text', headers: { 'Content-Type': 'text/plain' } },
    { what: 'a type that holds the word', headers: { 'Content-Type': 'text/application/json' } },
  ])('are nothing to $what', async ({ headers }, { world }) => {
    const served = await explored(world);
    const { sessionId } = await world.open(eos);
    const revoke = asked(served, 'revoke', { contract: 'eos', sessionId }, headers);
    expect((await send(served, revoke)).status).toBeOneOf([403, 415, 421]);
    expect((await world.row(eos, sessionId))?.revokedAt).toBeUndefined();
  });

  test('are nothing to who names no origin, or sends by another method', async ({ world }) => {
    const served = await explored(world);
    const { Origin: _, ...headers } = { Origin: '', ...asked(served, 'list', {}).headers };
    const list = asked(served, 'list', {});
    expect((await send(served, { ...list, headers })).status).toBe(403);
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'HEAD'])
      expect((await send(served, { ...list, method, body: '' })).status).toBe(405);
  });

  test('answer to localhost as to 127.0.0.1, and no page of another name', async ({ world }) => {
    const served = await explored(world);
    const host = `localhost:${served.port}`;
    const list = asked(served, 'list', {}, { Host: host, Origin: `http://${host}` });
    expect((await send(served, list)).status).toBe(200);
    expect((await send(served, get('/', { Host: 'evil.example' }))).status).toBe(421);
  });
});
