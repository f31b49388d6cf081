import { describe, expect } from 'vitest';
import type { Contract } from '../../../functions/core/contract/contract.ts';
import { ways } from '../../support/ways.ts';
import { test, type WireCall, type World } from '../../support/world.ts';

/** The session that bad requests are about: what it is called, and proven by, are digits alone. */
const id = '20004007594';
const secret = '31415926535';
const requestId = 'a3f1c8de-5d0b-4c0e-9d3e-0f6b2f5f7c11';

/** Expects the contract's own words, and a session none the wiser; gives the storage requests. */
async function refuses(
  world: World,
  contract: Contract,
  sent: WireCall,
  reason: 'wrong-secret' | 'too-large',
): Promise<readonly string[]> {
  await world.open(contract, { sessionId: id, secret });
  const before = await world.row(contract, id);
  world.requests.length = 0;
  const answer = await world.post(contract, { ...sent, requestId });
  const requests = [...world.requests];

  // To the byte what the contract says to everyone: nothing of the input is in it.
  const { status, body, headers } = contract.refuse(reason, requestId);
  const all = {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Request-Id': requestId,
    ...headers,
  };
  expect(answer).toEqual({ status, headers: all, text: body, json: JSON.parse(body) });
  const recorded = JSON.stringify(world.records);
  for (const sensitive of [id, secret]) expect(recorded).not.toContain(sensitive);

  expect(await world.row(contract, id)).toEqual(before);
  for (const way of ways.filter((one) => one.contract === contract))
    expect((await world.post(contract, way.send(world, id, secret))).status).toBe(200);
  return requests;
}

// How a body itself is read is in test/unit/lambda/request.test.ts.
/** What may stand where a session id or a secret belongs; most are nearly the right one. */
const badValues: readonly {
  what: string;
  value: (good: string) => unknown;
  /** Whether only a wire with types can say it. */
  typed?: true;
}[] = [
  { what: 'nothing', value: () => undefined },
  { what: 'an empty text', value: () => '' },
  { what: 'null', value: () => null, typed: true },
  { what: 'a number', value: Number, typed: true },
  { what: 'an array', value: (good) => [good], typed: true },
  { what: 'an object', value: (good) => ({ [good]: good, length: good.length }), typed: true },
  { what: '__proto__', value: () => '__proto__' },
  { what: 'a NUL at its end', value: (good) => `${good}\0` },
  { what: 'digits of another script', value: (good) => good.replaceAll('4', '٤') },
  { what: 'a lone surrogate', value: (good) => `${good}\ud800` },
  { what: '129 characters', value: (good) => good.padEnd(129, 'x') },
  { what: '60 kB', value: (good) => good.padEnd(60_000, 'x') },
  { what: '1 MB', value: (good) => good.padEnd(1_000_000, 'x') },
];

for (const way of ways) {
  const { contract, inBody, numbersAsText } = way;
  const values = badValues.filter(
    ({ typed, value }) =>
      (way.typed || !typed) && !(numbersAsText && typeof value(id) === 'number'),
  );
  // A bound on bodies is all that is judged before what they hold.
  const reasonOf = (what: string) => (inBody && what === '1 MB' ? 'too-large' : 'wrong-secret');

  describe(`POST ${contract.path}, ${way.what}`, () => {
    test.for(values)('refuses a session id that is $what', async ({ what, value }, { world }) => {
      const bad = value(id);
      const requests = await refuses(world, contract, way.send(world, bad, secret), reasonOf(what));
      const isId = typeof bad === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(bad);
      expect(requests).toHaveLength(isId ? 1 : 0);
    });

    test.for(values)('refuses a secret that is $what', async ({ what, value }, { world }) => {
      const bad = value(secret);
      const requests = await refuses(world, contract, way.send(world, id, bad), reasonOf(what));
      const isText = typeof bad === 'string' && bad !== '' && bad.isWellFormed();
      const readable = isText && reasonOf(what) !== 'too-large';
      expect(requests.length).toBeLessThanOrEqual(readable ? 1 : 0);
    });

    test.for([
      { sessionId: `Az09._-${'x'.repeat(121)}`, letters: 'toLowerCase' },
      { sessionId: '__proto__', letters: 'toUpperCase' },
    ] as const)('reads the id $sessionId, and headers $letters', async (row, { world }) => {
      await world.open(contract, { sessionId: row.sessionId, secret });
      const sent = way.send(world, row.sessionId, secret);
      const headers = Object.entries({ ...sent.headers, 'X-Request-Id': 'call-1' });
      const renamed = Object.fromEntries(
        headers.map(([name, value]) => [name[row.letters](), value]),
      );
      const answer = await world.post(contract, { ...sent, headers: renamed });
      expect(answer).toMatchObject({ status: 200, headers: { 'X-Request-Id': 'call-1' } });
    });

    if (inBody)
      test('reads a body that API Gateway hands over as base64', async ({ world }) => {
        await world.open(contract, { sessionId: id, secret });
        const { body, ...call } = way.send(world, id, secret);
        const base64 = Buffer.from(body ?? '').toString('base64');
        const sent = { ...call, body: base64, isBase64Encoded: true };
        expect((await world.post(contract, sent)).status).toBe(200);
      });
  });
}
