import { describe, expect } from 'vitest';
import { epochSeconds, later } from '../../../functions/core/time.ts';
import { eos } from '../../../functions/eos/contract.ts';
import { noon, test, type WireCall } from '../../support/world.ts';
import {
  headers,
  invalidCredential,
  openSample,
  refresh,
  requestId,
  sample,
  sampleRequest,
  secureCode,
  sessionId,
  wholeRequest,
} from './document.ts';

const idle = 30 * 60;
const lifetime = 12 * 60 * 60;

describe('POST /client/refresh', () => {
  test('answers the bytes of the sample, compact, its keys in order', async ({ world }) => {
    const { mobilityApps, profile } = JSON.parse(sample);
    // A row keeps whole seconds: the sample's 606 ms can't be.
    const text = JSON.stringify(JSON.parse(sample)).replace('1458356527606', '1458356527000');
    world.now = epochSeconds(1458356527 - idle);
    await openSample(world, { claims: JSON.stringify({ profile, mobilityApps }) });
    const answer = await refresh(world, wholeRequest);
    expect(answer).toEqual({ status: 200, headers, text, json: JSON.parse(text) });
  });

  test('gives profile and apps back as the text that login was given', async ({ world }) => {
    const claims = `{ "profile": { "10" : 1, "9": 12345678901234567890, "b": [1.50, 1e2, -0],
      "a": "\\u0645 م  \\\\ \\"x\\" {,}", "20004007594": null, "__proto__": {"z": 1, "y": 2} },
      "mobilityApps": { "user": [], "system": [{ "size": 20004007594, "id": "" }] } }`;
    const apps = '{"user":[],"system":[{"size":20004007594,"id":""}]}';
    const profile = [
      '{"10":1,"9":12345678901234567890,"b":[1.50,1e2,-0]',
      '"a":"\\u0645 م  \\\\ \\"x\\" {,}","20004007594":null,"__proto__":{"z":1,"y":2}}',
    ].join();
    await world.open(eos, { sessionId, anonymous: true });
    const who = { sessionId, subject: 'them', secret: secureCode };
    await world.run('login', { contract: 'eos', ...who, claims });
    // The second answer is of a row that a refresh has written to.
    for (const seconds of [0, 60]) {
      world.now = later(noon, seconds);
      const { text } = await refresh(world, wholeRequest);
      const start = `{"expireTime":${(world.now + idle) * 1000},"secureCode":"${secureCode}"`;
      expect(text).toBe(`${start},"mobilityApps":${apps},"profile":${profile}}`);
    }
  });

  test('refuses an anonymous session until someone logs in to it', async ({ world }) => {
    await world.open(eos, { sessionId, anonymous: true });
    expect(await refresh(world, wholeRequest)).toEqual(invalidCredential);
    expect(world.records.at(-1)?.outcome).toBe('not-logged-in');
    const login = { contract: 'eos', sessionId, subject: 'them', secret: secureCode };
    await world.run('login', login);
    expect((await refresh(world, wholeRequest)).status).toBe(200);
  });
});

describe('POST /client/refresh', () => {
  test('slides expireTime with every refresh, and stops at 12 hours', async ({ world }) => {
    await openSample(world);
    const end = later(noon, lifetime);
    for (world.now = noon; world.now < end; world.now = later(world.now, idle - 1)) {
      const expireTime = Math.min(world.now + idle, end) * 1000;
      expect((await refresh(world, wholeRequest)).json.expireTime).toBe(expireTime);
    }
    world.now = later(end, -1);
    expect((await refresh(world, wholeRequest)).json.expireTime).toBe(end * 1000);
    world.now = end;
    expect(await refresh(world, wholeRequest)).toEqual(invalidCredential);
  });

  test.for([
    { what: 'given at login', given: 'a%41+ &="\\' },
    { what: 'made at login', given: undefined },
  ])('leaves sessionId and a secureCode $what as they are', async ({ given }, { world }) => {
    const held = await openSample(world, { secret: given });
    expect(held.secureCode).toEqual(given ?? expect.stringMatching(/^[\w-]{43}$/));
    const before = await world.row(eos, sessionId);
    const body = `${sampleRequest}&secureCode=${encodeURIComponent(held.secureCode)}`;
    for (const seconds of [1, 2]) {
      world.now = later(noon, seconds);
      expect((await refresh(world, body)).json.secureCode).toBe(held.secureCode);
    }
    const slid = { refreshedAt: world.now, idleUntil: later(world.now, idle) };
    expect(await world.row(eos, sessionId)).toEqual({ ...before, ...slid });
  });

  test('makes another secureCode for every login', async ({ world }) => {
    const one = await world.open(eos);
    const other = await world.open(eos);
    expect(one.secureCode).not.toBe(other.secureCode);
  });

  test('keeps the person that login named', async ({ world }) => {
    await openSample(world, { subject: 'them' });
    await refresh(world, wholeRequest);
    const listed = await world.run('list', { contract: 'eos', subject: 'them' });
    expect(listed).toMatchObject({ result: { sessions: [{ sessionId }] } });
  });
});

const wrongCode = `${sampleRequest}&secureCode=20004007595`;

// Every case reaches its own reason, and none of them shows.
describe('POST /client/refresh', () => {
  test.for([
    {
      what: 'a session nobody opened',
      reason: 'unknown-session',
      body: `sessionId=nobody&secureCode=${secureCode}`,
    },
    { what: 'a wrong secureCode', reason: 'wrong-secret', body: wrongCode },
    { what: 'a revoked session', reason: 'revoked', revoke: true },
    {
      what: 'a wrong secureCode of a revoked session',
      reason: 'wrong-secret',
      revoke: true,
      body: wrongCode,
    },
    { what: 'a session idle for 30 minutes', reason: 'idle-too-long', seconds: 30 * 60 },
    { what: 'a session 12 hours old', reason: 'lifetime-over', seconds: 12 * 60 * 60 },
    { what: "the document's request", reason: 'malformed-request', body: sampleRequest },
    {
      what: 'an empty secureCode',
      reason: 'malformed-request',
      body: `${sampleRequest}&secureCode=`,
    },
    {
      what: 'a request without sessionId',
      reason: 'malformed-request',
      body: `secureCode=${secureCode}`,
    },
    { what: 'a request without a body', reason: 'malformed-request', body: null },
  ])('answers $what with Invalid credential, 3-2', async (row, { world }) => {
    const { reason, body = wholeRequest, revoke = false, seconds = 0 } = row;
    await openSample(world);
    if (revoke) await world.run('revoke', { contract: 'eos', sessionId });
    world.now = later(noon, seconds);
    expect(await refresh(world, body)).toEqual(invalidCredential);
    expect(world.records.at(-1)?.outcome).toBe(reason);
  });

  test('refuses the secureCode of another session', async ({ world }) => {
    await openSample(world);
    await world.open(eos, { sessionId: 'other', secret: 'other' });
    expect(await refresh(world, `${sampleRequest}&secureCode=other`)).toEqual(invalidCredential);
  });
});

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
    { what: 'JSON cut short', headers: ofJson, body: json.slice(0, -1) },
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
