import { describe, expect } from 'vitest';
import {
  headers,
  invalidCredential,
  openSample,
  refresh,
  requestId,
  sampleRequest,
  sessionId,
  wholeRequest,
} from '../support/eos.ts';
import { test, type WireCall } from '../support/world.ts';

interface Row extends WireCall {
  readonly what: string;
}

/** A secureCode that becomes another wherever it is decoded once too often, or not at all. */
const secret = '%41+ &=;"\\';
const encoded = '%2541%2B+%26%3D%3B%22%5C';

const form = `sessionId=${sessionId}&secureCode=${encoded}`;
const json = JSON.stringify({ sessionId, secureCode: secret });
const query = { sessionId: [sessionId], secureCode: [secret] };
const wrong = { sessionId: ['other'], secureCode: ['other'] };
const others = 'sessionId=other&secureCode=other';
const typed = (type: string) => ({ 'Content-Type': type });
const urlencoded = 'application/x-www-form-urlencoded';
const ofJson = typed('application/json');

/** A text, its every character written as an escape. */
const escaped = (text: string) =>
  text.replace(/./gs, (one) => `%${one.charCodeAt(0).toString(16)}`);

describe('POST /client/refresh', () => {
  test.for<Row>([
    { what: 'a form', body: form },
    { what: 'the query, without a body', query },
    { what: 'the query, beside an empty form', query, body: '' },
    { what: 'the query, beside empty JSON', query, body: '', headers: ofJson },
    {
      what: 'the query and a form, a field each',
      query: { sessionId: [sessionId] },
      body: `secureCode=${encoded}`,
    },
    {
      what: 'a form and the query, a field each',
      query: { secureCode: [secret] },
      body: `sessionId=${sessionId}`,
    },
    { what: 'a JSON object', body: json, headers: ofJson },
    {
      what: 'the query and a JSON object, a field each',
      query: { secureCode: [secret] },
      body: JSON.stringify({ sessionId }),
      headers: ofJson,
    },
    { what: 'a form, over a query of other values', body: form, query: wrong },
    { what: 'JSON, over a query of other values', body: json, headers: ofJson, query: wrong },
    {
      what: 'the first of a name repeated in a form',
      body: `${form}&sessionId=other&secureCode=other`,
    },
    {
      what: 'the first of a name repeated in the query',
      query: { sessionId: [sessionId, 'other'], secureCode: [secret, 'other'] },
    },
    { what: 'a form among fields of no meaning', body: `a&=b&=&&a=1&${form}&sessionid=x&` },
    {
      what: 'a form of nothing but escapes',
      body: [
        `${escaped('sessionId')}=${escaped(sessionId)}`,
        `${escaped('secureCode')}=${escaped(secret)}`,
      ].join('&'),
    },
    { what: 'a form with a charset', body: form, headers: typed(`${urlencoded}; charset=UTF-8`) },
    {
      what: 'a form with the charset of another script',
      body: form,
      headers: typed(`${urlencoded};charset="iso-8859-6"`),
    },
    {
      what: 'a form with its type in capitals',
      body: form,
      headers: typed(` ${urlencoded.toUpperCase()} ;CHARSET=utf-8`),
    },
    { what: 'JSON with a charset', body: json, headers: typed('application/json;charset=utf-8') },
    {
      what: 'JSON, its header in capitals',
      body: json,
      headers: { 'CONTENT-TYPE': 'application/json' },
    },
  ])('reads $what', async (row, { world }) => {
    await openSample(world, { secret });
    const answer = await refresh(world, null, row);
    expect(answer.status).toBe(200);
    expect(answer.json.secureCode).toBe(secret);
  });

  test.for(['31415926535', '12345678901234567890123', '1.50'])(
    'counts a JSON number as its text: %s',
    async (written, { world }) => {
      await openSample(world, { secret: written });
      const body = `{"sessionId":"${sessionId}","secureCode":${written}}`;
      const answer = await refresh(world, body, { headers: ofJson });
      expect(answer.json.secureCode).toBe(written);
      const other = body.replace(written, `${written}0`);
      expect(await refresh(world, other, { headers: ofJson })).toEqual(invalidCredential);
    },
  );

  test.for([
    { what: 'of text', headers: typed('text/plain') },
    { what: 'of no type', headers: {} },
    { what: 'of an empty type', headers: typed('') },
    { what: 'of several parts', headers: typed('multipart/form-data; boundary=x') },
    { what: 'of a type that begins as a form', headers: typed(`${urlencoded}-not`) },
    { what: 'of a type that objects have', headers: typed('constructor') },
    { what: 'of a type that every object has', headers: typed('__proto__') },
  ])('counts a body $what as none', async ({ headers }, { world }) => {
    await openSample(world, { secret });
    const beside = await refresh(world, others, { headers, query });
    expect(beside.status).toBe(200);
    expect(await refresh(world, form, { headers })).toEqual(invalidCredential);
  });

  test.for<Row>([
    { what: 'a form of other values', body: others },
    { what: 'a form of an empty secureCode', body: 'secureCode=' },
    { what: 'a form of an empty sessionId', body: 'sessionId' },
    { what: 'JSON of other values', headers: ofJson, body: '{"secureCode":"other"}' },
    { what: 'JSON of null', headers: ofJson, body: '{"secureCode":null}' },
    { what: 'JSON of a list', headers: ofJson, body: '{"sessionId":[7]}' },
    { what: 'a form cut short in an escape', body: `${form}&a=%4` },
    { what: 'a form with a broken escape in a name', body: `%zz&${form}` },
    { what: 'a form that is not UTF-8', body: `${form}&a=%ff` },
    { what: 'a form whose base64 is not UTF-8', body: '/////w==', isBase64Encoded: true },
    { what: 'a form whose base64 is none', body: '%%%%', isBase64Encoded: true },
    { what: 'JSON cut short', headers: ofJson, body: json.slice(0, -1) },
    { what: 'a form that says it is JSON', headers: ofJson, body: form },
    { what: 'JSON null', headers: ofJson, body: 'null' },
    { what: 'a JSON array', headers: ofJson, body: `[${json}]` },
    { what: 'a JSON string', headers: ofJson, body: JSON.stringify(form) },
    { what: 'JSON of blanks', headers: ofJson, body: ' ' },
  ])('refuses $what, whatever the query says', async (row, { world }) => {
    await openSample(world, { secret });
    expect(await refresh(world, null, { query, ...row })).toEqual(invalidCredential);
  });

  test.for<Row>([
    { what: 'the second of a name repeated in a form', body: `secureCode=other&${form}` },
    {
      what: 'the second of a name repeated in the query',
      query: { sessionId: [sessionId], secureCode: ['other', secret] },
    },
    {
      what: 'a query decoded by API Gateway and encoded still',
      query: { sessionId: [sessionId], secureCode: [encodeURIComponent(secret)] },
    },
    { what: 'a form encoded twice', body: `${sampleRequest}&secureCode=${escaped(encoded)}` },
    { what: 'a form not encoded', body: `${sampleRequest}&secureCode=${secret}` },
    {
      what: 'a query whose names are in small letters',
      query: { sessionid: [sessionId], securecode: [secret] },
    },
  ])('refuses $what', async (row, { world }) => {
    await openSample(world, { secret });
    expect(await refresh(world, null, row)).toEqual(invalidCredential);
  });

  test.for([
    { what: "the client's id", given: { 'X-Request-Id': 'c:1_2.3-4' }, echoed: 'c:1_2.3-4' },
    { what: "the client's id, in any case", given: { 'x-ReQuest-iD': 'a' }, echoed: 'a' },
    { what: "the gateway's where there is none", given: {} },
    { what: "the gateway's for an empty one", given: { 'X-Request-Id': '' } },
    { what: "the gateway's for two lines", given: { 'X-Request-Id': 'a\r\nSet-Cookie: b' } },
    { what: "the gateway's for a line's end", given: { 'X-Request-Id': 'a\n' } },
    { what: "the gateway's for markup", given: { 'X-Request-Id': '<b>' } },
    { what: "the gateway's for one too long", given: { 'X-Request-Id': 'a'.repeat(129) } },
  ])('names the request in X-Request-Id: $what', async (row, { world }) => {
    const { given, echoed = requestId } = row;
    await openSample(world);
    for (const [body, status] of [
      [wholeRequest, 200],
      [sampleRequest, 403],
    ] as const) {
      const answer = await refresh(world, body, { headers: { ...typed(urlencoded), ...given } });
      expect(answer.status).toBe(status);
      expect(answer.headers).toEqual({ ...headers, 'X-Request-Id': echoed });
    }
  });
});
