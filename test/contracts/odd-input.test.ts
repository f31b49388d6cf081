import { describe, expect } from 'vitest';
import { id, secret } from '../support/bad-input.ts';
import { type Way, ways } from '../support/ways.ts';
import { test, type WireCall, type World } from '../support/world.ts';

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
