import { describe, expect } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { contracts } from '../../../functions/contracts.ts';
import type { Contract } from '../../../functions/core/contract/contract.ts';
import { bearer, signed, tokenTimes, type Way, ways } from '../../support/ways.ts';
import { test, type WireCall, type World } from '../../support/world.ts';
import { badAuthorizations, badBodies, badValues, id, secret } from './bad-input.ts';

type Reason = 'malformed-request' | 'wrong-secret' | 'too-large';

const requestId = 'a3f1c8de-5d0b-4c0e-9d3e-0f6b2f5f7c11';
const headersOfAll = {
  'Content-Type': 'application/json; charset=utf-8',
  'Cache-Control': 'no-store',
  'X-Request-Id': requestId,
};

for (const way of ways) {
  const { contract } = way;
  const values = badValues.filter(
    ({ typed, value }) =>
      (way.typed || !typed) && !(way.numbersAsText && typeof value(id) === 'number'),
  );

  describe(`POST ${contract.path}, ${way.what}`, () => {
    test.for(values)('refuses a session id that is $what', async ({ what, value }, { world }) => {
      const bad = value(id);
      const sent = way.send(world, bad, secret);
      const requests = await refuses(world, contract, sent, reasonOf(way, what));
      expect(requests).toHaveLength(isSessionId(bad) ? 1 : 0);
    });

    test.for(values)('refuses a secret that is $what', async ({ what, value }, { world }) => {
      const bad = value(secret);
      const reason = reasonOf(way, what);
      const requests = await refuses(world, contract, way.send(world, id, bad), reason);
      const readable = isText(bad) && reason !== 'too-large';
      expect(requests.length).toBeLessThanOrEqual(readable ? 1 : 0);
    });
  });
}

for (const contract of contracts.filter(({ body }) => body !== 'none'))
  describe(`POST ${contract.path}`, () => {
    const taken = badBodies.filter(({ takenAs }) => takenAs === contract.body);

    test.for(badBodies.filter((row) => !taken.includes(row)))(
      'refuses $what',
      async ({ reason, ...call }, { world }) => {
        const answered = reason ?? 'malformed-request';
        expect(await refuses(world, contract, call, answered)).toEqual([]);
      },
    );

    for (const { what, ...call } of taken)
      test(`takes ${what}`, async ({ world }) => {
        await world.open(contract, { sessionId: id, secret });
        expect((await world.post(contract, call)).status).toBe(200);
      });
  });

describe(`POST ${ccstore.path}`, () => {
  test.for(badBodies)('looks at the token alone beside $what', async (call, { world }) => {
    const { accessToken } = await world.open(ccstore, { sessionId: id, secret });
    const headers = { ...call.headers, ...bearer(accessToken).headers };
    expect((await world.post(ccstore, { ...call, headers })).status).toBe(200);
    expect((await world.post(ccstore, call)).json.errorCode).toBe('90001');
  });

  test.for(badAuthorizations)('refuses $what', async ({ reason, header }, { world }) => {
    const token = signed(world, { ...tokenTimes(world), sid: id, sec: secret });
    const sent = { headers: { Authorization: header(token, world) } };
    expect(await refuses(world, ccstore, sent, reason)).toEqual([]);
  });
});

/** Expects the contract's own words, and a session none the wiser; gives the storage requests. */
async function refuses(
  world: World,
  contract: Contract,
  sent: WireCall,
  reason: Reason,
): Promise<readonly string[]> {
  await world.open(contract, { sessionId: id, secret });
  const before = await world.row(contract, id);
  world.requests.length = 0;
  const answer = await world.post(contract, { ...sent, requestId });
  const requests = [...world.requests];

  // To the byte what the contract says to everyone: nothing of the input is in it.
  const { status, body, headers } = contract.refuse(reason, requestId);
  const all = { ...headersOfAll, ...headers };
  expect(answer).toEqual({ status, headers: all, text: body, json: JSON.parse(body) });
  const recorded = JSON.stringify(world.records);
  for (const sensitive of [id, secret]) expect(recorded).not.toContain(sensitive);

  expect(await world.row(contract, id)).toEqual(before);
  for (const way of ways.filter((one) => one.contract === contract))
    expect((await world.post(contract, way.send(world, id, secret))).status).toBe(200);
  return requests;
}

/** A bound on bodies is all that is judged before what they hold. */
function reasonOf({ inBody }: Way, what: string): Reason {
  return inBody && what === '1 MB' ? 'too-large' : 'wrong-secret';
}

function isSessionId(value: unknown): boolean {
  return typeof value === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.isWellFormed();
}

for (const way of ways)
  describe(`POST ${way.contract.path}, ${way.what}`, () => {
    test.for([
      { what: 'one character', sessionId: '-' },
      { what: '128 characters', sessionId: `Az09._-${'x'.repeat(121)}` },
      { what: '__proto__', sessionId: '__proto__' },
      { what: 'constructor', sessionId: 'constructor' },
    ])('answers a session whose id is $what', async ({ sessionId }, { world }) => {
      await world.open(way.contract, { sessionId, secret });
      const sent = way.send(world, sessionId, secret);
      expect((await world.post(way.contract, sent)).status).toBe(200);
    });

    test.for([
      { what: 'small letters', cased: (name: string) => name.toLowerCase() },
      { what: 'capitals', cased: (name: string) => name.toUpperCase() },
    ])('reads headers named in $what', async ({ cased }, { world }) => {
      const sent = await openAndSend(world, way);
      const headers = Object.entries({ ...sent.headers, 'X-Request-Id': 'call-1' });
      const renamed = Object.fromEntries(headers.map(([name, value]) => [cased(name), value]));
      const answer = await world.post(way.contract, { ...sent, headers: renamed });
      expect(answer.status).toBe(200);
      expect(answer.headers['X-Request-Id']).toBe('call-1');
    });
  });

for (const way of ways.filter(({ inBody }) => inBody))
  describe(`POST ${way.contract.path}, ${way.what}`, () => {
    test('reads a body that API Gateway hands over as base64', async ({ world }) => {
      const sent = inBase64(await openAndSend(world, way));
      expect((await world.post(way.contract, sent)).status).toBe(200);
    });

    // The padding has two bytes a character, and base64 four for three: neither is what is bounded.
    test.for([
      { what: 'text', written: (call: WireCall) => call },
      { what: 'base64', written: inBase64 },
    ])('reads 64 kB of $what, and not a byte more', async ({ written }, { world }) => {
      const most = padded(await openAndSend(world, way), 64 * 1024);
      world.requests.length = 0;
      const more = await world.post(way.contract, written({ ...most, body: `${most.body} ` }));
      expect(more.status).toBe(413);
      expect(world.requests).toEqual([]);
      expect((await world.post(way.contract, written(most))).status).toBe(200);
    });
  });

async function openAndSend(world: World, { contract, send }: Way): Promise<WireCall> {
  await world.open(contract, { sessionId: id, secret });
  return send(world, id, secret);
}

function inBase64({ body, ...call }: WireCall): WireCall {
  return { ...call, body: Buffer.from(body ?? '').toString('base64'), isBase64Encoded: true };
}

/** The call with a field more, so that its body has that many bytes. */
function padded({ body, ...call }: WireCall, bytes: number): WireCall {
  const text = body ?? '';
  const isJson = text.endsWith('}');
  const start = isJson ? `${text.slice(0, -1)},"pad":"` : `${text}&pad=`;
  const end = isJson ? '"}' : '';
  const room = bytes - Buffer.byteLength(start + end);
  return { ...call, body: start + 'é'.repeat(room / 2) + 'x'.repeat(room % 2) + end };
}
