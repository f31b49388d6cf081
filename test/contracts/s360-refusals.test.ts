import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { later } from '../../functions/core/time.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { noon, onBothEngines, test, type WireAnswer, type World } from '../support/world.ts';
import { sampleApiKey, sampleBody, sampleSession, sampleUuid } from './s360-document.ts';
import { documented } from './s360-envelope.ts';

const json = { 'Content-Type': 'application/json' };

function refresh(world: World, sessionId: unknown, sessionToken: unknown): Promise<WireAnswer> {
  const body = JSON.stringify({ sessionToken, sessionId });
  return world.post(s360, { headers: json, body, requestId: sampleUuid });
}

const { invalid, loggedOut } = documented;

onBothEngines('POST /idp/sso/v1/refresh', (test) => {
  test('refuses a guess with E0003, and with E0004 only who holds the token of a logged-out session', async ({
    world,
  }) => {
    const { sessionId, sessionToken } = await world.open(s360, sampleSession);
    expect((await refresh(world, sessionId, 'a guess')).json).toEqual(invalid);
    await world.run('revoke', { contract: 's360', sessionId });
    expect((await refresh(world, sessionId, sessionToken)).json).toEqual(loggedOut);
    for (const token of ['a guess', '', `${sessionToken} `, sessionToken.slice(0, -1), null])
      expect((await refresh(world, sessionId, token)).json).toEqual(invalid);
  });

  test('refuses a session that was idle for 1800 seconds with E0003', async ({ world }) => {
    const { sessionId, sessionToken } = await world.open(s360, sampleSession);
    world.now = later(noon, 1799);
    expect((await refresh(world, sessionId, sessionToken)).status).toBe(200);
    world.now = later(world.now, 1800);
    expect((await refresh(world, sessionId, sessionToken)).json).toEqual(invalid);
  });

  test('refuses a session that nobody opened with E0003', async ({ world }) => {
    const { sessionToken } = await world.open(s360, sampleSession);
    expect((await refresh(world, randomUUID(), sessionToken)).json).toEqual(invalid);
  });
});

describe('POST /idp/sso/v1/refresh', () => {
  test('refuses by this envelope, compact, without data, its Arabic as it is', async ({
    world,
  }) => {
    const answer = await refresh(world, 'nobody', 'a guess');
    expect(answer.status).toBe(401);
    expect(answer.text).toMatch(
      /^\{"status":401,"esbUUID":"51368f50-4a67-42d4-803c-ddc80c0be491","desc":\{"en":"Session ID and\/or sessionToken is invalid","ar":"[^"\\]+","code":"ESB-IDP-E0003"\}\}$/,
    );
    expect(answer.headers['Content-Type']).toMatch(/^application\/json\b/);
  });

  test("refuses the document's sample as it is printed: its sessionToken is empty", async ({
    world,
  }) => {
    const { sessionId } = await world.open(s360, sampleSession);
    const call = { headers: { api_key: sampleApiKey, ...json }, requestId: sampleUuid };
    world.requests.length = 0;
    for (const body of [sampleBody, sampleBody.replace('{{sessionId}}', sessionId)])
      expect((await world.post(s360, { ...call, body })).json).toEqual(invalid);
    expect(world.requests).toEqual([]);
  });

  test('refuses a session past its lifetime with E0003, however often it was refreshed', async ({
    world,
  }) => {
    const { sessionId, sessionToken } = await world.open(s360, sampleSession);
    for (let at = 1200; at < 43_200; at += 1200) {
      world.now = later(noon, at);
      expect((await refresh(world, sessionId, sessionToken)).status).toBe(200);
    }
    world.now = later(noon, 43_200);
    expect((await refresh(world, sessionId, sessionToken)).json).toEqual(invalid);
  });

  test('tells who holds the sessionToken of a session that is over that it was logged out', async ({
    world,
  }) => {
    const { sessionId, sessionToken } = await world.open(s360, sampleSession);
    await world.run('revoke', { contract: 's360', sessionId });
    world.now = later(noon, 43_200);
    expect((await refresh(world, sessionId, sessionToken)).json).toEqual(loggedOut);
    expect((await refresh(world, sessionId, 'a guess')).json).toEqual(invalid);
  });

  test.for([
    { what: 'no body', body: null },
    { what: 'an empty body', body: '' },
    { what: 'JSON that breaks off', body: '{"sessionToken":"$T","sessionId":"$I"' },
    { what: 'an array', body: '[{"sessionToken":"$T","sessionId":"$I"}]' },
    { what: 'null', body: 'null' },
    { what: 'a string', body: '"$T"' },
    { what: 'no sessionToken', body: '{"sessionId":"$I"}' },
    { what: 'no sessionId', body: '{"sessionToken":"$T"}' },
    { what: 'other capitals', body: '{"sessiontoken":"$T","sessionid":"$I"}' },
    { what: 'a sessionToken in an array', body: '{"sessionToken":["$T"],"sessionId":"$I"}' },
    { what: 'a sessionId in an array', body: '{"sessionToken":"$T","sessionId":["$I"]}' },
    { what: 'numbers', body: '{"sessionToken":1,"sessionId":1}' },
    { what: 'a sessionToken of null', body: '{"sessionToken":null,"sessionId":"$I"}' },
    { what: 'a sessionId with a space', body: '{"sessionToken":"$T","sessionId":"$I "}' },
    { what: 'a sessionId with NUL', body: '{"sessionToken":"$T","sessionId":"$I\\u0000"}' },
    { what: 'a sessionId with a separator', body: '{"sessionToken":"$T","sessionId":"s360#$I"}' },
    { what: 'a lone surrogate', body: '{"sessionToken":"$T\\ud800","sessionId":"$I"}' },
    { what: 'fields in __proto__', body: '{"__proto__":{"sessionToken":"$T","sessionId":"$I"}}' },
    { what: 'a form', body: 'sessionToken=$T&sessionId=$I' },
  ])('refuses $what with E0003, and asks nothing of the table', async ({ body }, { world }) => {
    const { sessionId, sessionToken } = await world.open(s360, sampleSession);
    world.requests.length = 0;
    const sent = body?.replace('$I', sessionId).replace('$T', sessionToken) ?? null;
    const answer = await world.post(s360, { headers: json, body: sent, requestId: sampleUuid });
    expect(answer).toMatchObject({ status: 401, json: invalid });
    expect(Object.keys(answer.json)).toEqual(['status', 'esbUUID', 'desc']);
    expect(answer.text).not.toContain(sessionToken);
    expect(world.requests).toEqual([]);
  });

  test('refuses a credential of 60 kB with E0003, and a body over 64 kB as too large', async ({
    world,
  }) => {
    const { sessionId } = await world.open(s360, sampleSession);
    expect((await refresh(world, sessionId, 'x'.repeat(60_000))).json).toEqual(invalid);
    world.requests.length = 0;
    for (const bytes of [64 * 1024, 1024 * 1024]) {
      const answer = await refresh(world, sessionId, 'x'.repeat(bytes));
      expect(answer).toMatchObject({ status: 413, json: { desc: { code: 'ESB-IDP-E0413' } } });
    }
    expect(world.requests).toEqual([]);
  });
});
