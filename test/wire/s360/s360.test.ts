import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { later } from '../../../functions/core/time.ts';
import { s360 } from '../../../functions/s360/contract.ts';
import { gateway } from '../../../local/gateway.ts';
import { realRoutes } from '../../local/wire.ts';
import {
  type Held,
  noon,
  test,
  type WireAnswer,
  type WireCall,
  type World,
} from '../../support/world.ts';
import {
  sampleAnswer,
  sampleApiKey,
  sampleBody,
  sampleSession,
  sampleToken,
  sampleUuid,
} from './document.ts';

const json = { 'Content-Type': 'application/json' };

/** The document's sample request, its body with what the session's client holds. */
function refreshOf({ sessionToken, sessionId }: Held): WireCall {
  const body = sampleBody
    .replace('"sessionToken": ""', `"sessionToken": ${JSON.stringify(sessionToken)}`)
    .replace('{{sessionId}}', sessionId);
  const headers = {
    'X-Request-Id': '5b0a3c6e-8f0e-4c38-9d2a-52f5c8b1d0aa',
    api_key: sampleApiKey,
    ...json,
  };
  return { headers, body };
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

describe('POST /idp/sso/v1/refresh', () => {
  test("answers the document's sample, byte for byte but for the token", async ({ world }) => {
    const held = await world.open(s360, sampleSession);
    const answer = await world.post(s360, { ...refreshOf(held), requestId: sampleUuid });
    expect(answer.status).toBe(200);
    const { accessToken } = answer.json.data;
    expect(accessToken).not.toBe(sampleToken);
    const compact = JSON.stringify(JSON.parse(sampleAnswer));
    expect(answer.text).toBe(compact.replace(sampleToken, accessToken));
  });

  test('answers the same session again, its sessionToken unchanged', async ({ world }) => {
    const held = await world.open(s360, sampleSession);
    for (const _ of [1, 2, 3]) {
      const answer = await world.post(s360, refreshOf(held));
      expect(answer).toMatchObject({ status: 200, json: { desc: { code: 'ESB-IDP-S0000' } } });
    }
  });
});

describe('the envelope of POST /idp/sso/v1/refresh', () => {
  test('has these keys in this order, a number for status and Arabic as it is', async ({
    world,
  }) => {
    const answer = await world.post(s360, refreshOf(await world.open(s360)));
    expect(answer.text).toMatch(
      /^\{"status":200,"esbUUID":"[0-9a-f-]{36}","desc":\{"en":"Success","ar":"نجاح","code":"ESB-IDP-S0000"\},"data":\{"accessToken":"[\w.-]+"\}\}$/,
    );
    expect(answer.headers['Content-Type']).toMatch(/^application\/json\b/);
  });

  test("has API Gateway's request id as esbUUID, whatever the client calls its own", async ({
    world,
  }) => {
    const call = { ...refreshOf(await world.open(s360)), requestId: sampleUuid };
    const granted = await world.post(s360, call);
    expect(granted.json.esbUUID).toBe(sampleUuid);
    expect(granted.headers['X-Request-Id']).toBe('5b0a3c6e-8f0e-4c38-9d2a-52f5c8b1d0aa');
    const refused = await world.post(s360, { ...call, body: null });
    expect(refused.json).toMatchObject({ status: 401, esbUUID: sampleUuid });
  });

  test.for([
    { what: 'a word', requestId: 'support-please' },
    { what: 'nothing', requestId: '' },
    { what: 'a UUID and more', requestId: `${sampleUuid}0` },
    { what: 'a UUID on the second line', requestId: `x\n${sampleUuid}` },
    { what: 'a UUID without hyphens', requestId: sampleUuid.replaceAll('-', '') },
    { what: 'markup', requestId: '"},"data":{"accessToken":"x' },
  ])(
    "has a fresh UUID as esbUUID where API Gateway's id is $what",
    async ({ requestId }, { world }) => {
      const call = { ...refreshOf(await world.open(s360)), requestId };
      const first = await world.post(s360, call);
      const second = await world.post(s360, call);
      const refused = await world.post(s360, { ...call, body: null });
      const ids = [first, second, refused].map(({ json: { esbUUID } }) => esbUUID);
      for (const id of ids) expect(id).toMatch(uuid);
      expect(new Set(ids)).toHaveProperty('size', 3);
    },
  );
});

describe('a request to POST /idp/sso/v1/refresh', () => {
  test.for([
    { what: 'in lower case', type: 'content-type', id: 'x-request-id' },
    { what: 'in upper case', type: 'CONTENT-TYPE', id: 'X-REQUEST-ID' },
    { what: 'in no case at all', type: 'cOnTeNt-TyPe', id: 'x-rEqUeSt-Id' },
  ])('is read with its header names $what', async ({ type, id }, { world }) => {
    const { body = null } = refreshOf(await world.open(s360));
    const headers = { [type]: 'application/json', [id]: sampleUuid };
    const answer = await world.post(s360, { headers, body });
    expect(answer).toMatchObject({ status: 200, headers: { 'X-Request-Id': sampleUuid } });
  });

  test.for([
    { what: 'a charset', type: 'application/json; charset=utf-8' },
    { what: 'a charset and no space', type: 'application/json;charset=UTF-8' },
    { what: 'other capitals', type: 'Application/JSON' },
    { what: 'a suffix', type: 'application/vnd.api+json' },
    { what: 'another type', type: 'text/plain' },
    { what: 'nothing', type: '' },
  ])('is read with $what in its content type', async ({ type }, { world }) => {
    const { body = null } = refreshOf(await world.open(s360));
    const answer = await world.post(s360, { headers: { 'Content-Type': type }, body });
    expect(answer.status).toBe(200);
  });

  test.for([
    {
      what: 'in the other order, with more members',
      write: ({ sessionId, sessionToken }: Held) =>
        JSON.stringify({ more: [{ sessionId: 'other' }], sessionId, sessionToken }),
    },
    {
      what: 'that calls a member __proto__',
      write: ({ sessionId, sessionToken }: Held) =>
        `{"__proto__":{"sessionId":"other"},"sessionId":"${sessionId}","sessionToken":"${sessionToken}"}`,
    },
    {
      what: 'with escapes',
      write: ({ sessionId, sessionToken }: Held) =>
        `{"session\\u0049d":"${sessionId}","session\\u0054oken":"${sessionToken}"}`,
    },
  ])('is read from a body $what', async ({ write }, { world }) => {
    const body = write(await world.open(s360));
    expect((await world.post(s360, { headers: json, body })).status).toBe(200);
  });

  test('is read from a body that API Gateway hands over in base64', async ({ world }) => {
    const { body, headers = {} } = refreshOf(await world.open(s360));
    const call = { headers, body: Buffer.from(body ?? '').toString('base64') };
    expect((await world.post(s360, { ...call, isBase64Encoded: true })).status).toBe(200);
    expect((await world.post(s360, { ...call, isBase64Encoded: false })).status).toBe(401);
  });

  test('is not read from the query', async ({ world }) => {
    const { sessionId, sessionToken } = await world.open(s360);
    const query = { sessionId: [sessionId], sessionToken: [sessionToken] };
    const answer = await world.post(s360, { headers: json, query, body: '{}' });
    expect(answer).toMatchObject({ status: 401, json: { desc: { code: 'ESB-IDP-E0003' } } });
  });
});

function refresh(world: World, sessionId: unknown, sessionToken: unknown): Promise<WireAnswer> {
  const body = JSON.stringify({ sessionToken, sessionId });
  return world.post(s360, { headers: json, body, requestId: sampleUuid });
}

/** The two refusals that the document has. Their Arabic is left to whoever translates it. */
function documented(code: string, en: string) {
  return { status: 401, esbUUID: sampleUuid, desc: { en, ar: expect.any(String), code } };
}
const invalid = documented('ESB-IDP-E0003', 'Session ID and/or sessionToken is invalid');
const loggedOut = documented('ESB-IDP-E0004', 'User logged out');

describe('POST /idp/sso/v1/refresh', () => {
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

describe('POST /idp/sso/v1/refresh behind its gateway', () => {
  /** Answers a refresh with these headers, by a gateway that knows the key of the document's sample. */
  async function answerTo(world: World, headers: readonly string[]) {
    const { body = '' } = refreshOf(await world.open(s360, sampleSession));
    const answer = gateway({ routes: realRoutes(world), apiKeys: new Set([sampleApiKey]) });
    const request = { method: 'POST', target: s360.path, sourceIp: '127.0.0.1', body: body ?? '' };
    world.requests.length = 0;
    return answer({ ...request, rawHeaders: ['Content-Type', 'application/json', ...headers] });
  }

  test.for(['api_key', 'API_KEY', 'Api_Key'])(
    'answers a known key in the header %s',
    async (name, { world }) => {
      const { statusCode, headers, body } = await answerTo(world, [name, sampleApiKey]);
      expect(statusCode).toBe(200);
      expect(JSON.parse(body).esbUUID).toBe(headers?.['x-amzn-RequestId']);
    },
  );

  test.for([
    { what: 'a missing', headers: [] },
    { what: 'an empty', headers: ['api_key', ''] },
    { what: 'an unknown', headers: ['api_key', '5k5a9rnknaj87kthytganapd'] },
    { what: 'a longer', headers: ['api_key', `${sampleApiKey}a`] },
    { what: 'a shorter', headers: ['api_key', sampleApiKey.slice(0, -1)] },
    { what: 'a capital', headers: ['api_key', sampleApiKey.toUpperCase()] },
    { what: 'a wrongly named', headers: ['x-api-key', sampleApiKey] },
  ])('refuses $what key as an inactive developer, 403', async ({ headers }, { world }) => {
    const answer = await answerTo(world, headers);
    const id = String(answer.headers?.['x-amzn-RequestId']);
    const { status, body } = s360.refuse('unknown-client', id);
    expect({ status: answer.statusCode, body: answer.body }).toEqual({ status, body });
    expect(world.requests).toEqual([]);
  });
});
