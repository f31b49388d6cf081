import { describe, expect } from 'vitest';
import { epochSeconds, later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import {
  headers,
  invalidCredential,
  openSample,
  refresh,
  sample,
  sampleRequest,
  secureCode,
  sessionId,
  wholeRequest,
} from '../support/eos.ts';
import { noon, onBothEngines, test } from '../support/world.ts';

const idle = 30 * 60;
const lifetime = 12 * 60 * 60;

onBothEngines('POST /client/refresh', (test) => {
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
