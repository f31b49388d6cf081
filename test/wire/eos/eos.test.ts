import { describe, expect } from 'vitest';
import { later } from '../../../functions/core/time.ts';
import { eos } from '../../../functions/eos/contract.ts';
import { noon, test, type WireCall } from '../../support/world.ts';
import {
  invalidCredential,
  openSample,
  refresh,
  sampleRequest,
  secureCode,
  sessionId,
  wholeRequest,
} from './document.ts';

const idle = 30 * 60;
const lifetime = 12 * 60 * 60;

describe('POST /client/refresh', () => {
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
    expect(await refresh(world, wholeRequest)).toMatchObject(invalidCredential);
  });

  test('asks the replaced secureCode to wait between a grace and the next one', async ({
    world,
  }) => {
    world.policies.set('eos', { ...eos.policy, rotation: { grace: 60 } });
    await openSample(world);
    await refresh(world, wholeRequest);
    world.now = later(noon, 61);
    const answer = await refresh(world, wholeRequest);
    expect(answer).toMatchObject({ status: 503, headers: { 'Retry-After': '1' } });
    expect(world.records.at(-1)?.outcome).toBe('settling');
    world.now = later(noon, 68);
    expect((await refresh(world, wholeRequest)).json.secureCode).toMatch(/^2\./);
  });

  test("refuses the document's own request, which leaves the secureCode out", async ({ world }) => {
    await openSample(world);
    expect(await refresh(world, sampleRequest)).toMatchObject(invalidCredential);
  });
});

/** A secureCode that becomes another wherever it is decoded once too often, or not at all. */
const secret = '%41+ &=;"\\';
const encoded = '%2541%2B+%26%3D%3B%22%5C';

const form = `sessionId=${sessionId}&secureCode=${encoded}`;
const json = JSON.stringify({ sessionId, secureCode: secret });
const query = { sessionId: [sessionId], secureCode: [secret] };
const wrong = { sessionId: ['other'], secureCode: ['other'] };
const headers = { 'Content-Type': 'application/json' };

// How a body and a query themselves are read is in test/unit/lambda/request.test.ts.
describe('POST /client/refresh', () => {
  test.for<WireCall & { what: string; refused?: true }>([
    { what: 'a form', body: form },
    { what: 'a JSON object', body: json, headers },
    { what: 'the query, without a body', query },
    { what: 'the query, beside an empty form', query, body: '' },
    { what: 'the query, beside a body of no type that it knows', query, body: form, headers: {} },
    { what: 'a form and a code in the query', query, body: sampleRequest },
    { what: 'a form, over a query of other values', body: form, query: wrong },
    { what: 'no empty field of a form from the query', query, body: 'secureCode=', refused: true },
    { what: 'no query beside a broken form', query, body: `${form}&a=%4`, refused: true },
    { what: 'no names in small letters', body: form.toLowerCase(), refused: true },
  ])('reads $what', async ({ refused, ...call }, { world }) => {
    await openSample(world, { secret });
    const granted = { status: 200, json: { secureCode: secret } };
    expect(await refresh(world, null, call)).toMatchObject(refused ? invalidCredential : granted);
  });
});
