import { describe, expect } from 'vitest';
import { s360 } from '../../functions/s360/contract.ts';
import { type Held, onBothEngines, test, type WireCall } from '../support/world.ts';
import {
  sampleAnswer,
  sampleApiKey,
  sampleBody,
  sampleSession,
  sampleToken,
  sampleUuid,
} from './s360-document.ts';

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

onBothEngines('POST /idp/sso/v1/refresh', (test) => {
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
