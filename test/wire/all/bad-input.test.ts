import { describe, expect } from 'vitest';
import { ways } from '../../support/ways.ts';
import { test } from '../../support/world.ts';

/** The session that bad requests are about: what it is called, and proven by, are digits alone. */
const held = { id: '20004007594', secret: '31415926535' };
const requestId = 'a3f1c8de-5d0b-4c0e-9d3e-0f6b2f5f7c11';

// What is an id or a secret is in test/unit/session.test.ts, how a body is read in lambda/request.test.ts.
const spoilt: readonly {
  what: string;
  value: (good: string) => unknown;
  /** Whether only a wire with types can say it. */
  typed?: true;
}[] = [
  { what: 'nothing', value: () => undefined },
  { what: 'an empty text', value: () => '' },
  { what: 'null', value: () => null, typed: true },
  { what: 'an array', value: (good) => [good], typed: true },
  { what: 'a NUL at its end', value: (good) => `${good}\0` },
  { what: '1 MB', value: (good) => good.padEnd(1_000_000, 'x') },
];

describe.for(ways)('POST $contract.path, $what', ({ contract, inBody, typed, send }) => {
  const values = spoilt.filter((row) => typed || !row.typed);
  const rows = (['id', 'secret'] as const).flatMap((part) =>
    values.map((row) => ({ part, ...row })),
  );

  test.for(rows)('refuses $what as the $part', async ({ part, what, value }, { world }) => {
    await world.open(contract, { sessionId: held.id, secret: held.secret });
    const before = await world.row(contract, held.id);
    world.requests.length = 0;
    const bad = value(held[part]);
    const sent: Record<typeof part, unknown> = { ...held, [part]: bad };
    const call = send(world, sent.id, sent.secret);
    const answer = await world.post(contract, { ...call, requestId });
    // A bound on bodies is all that is judged before what they hold.
    const tooLarge = inBody && what === '1 MB';
    const asked = part === 'secret' && typeof bad === 'string' && bad !== '' && !tooLarge;
    expect(world.requests).toHaveLength(asked ? 1 : 0);

    // The same bytes for everyone, so the answer quotes nothing of the input.
    const reason = tooLarge ? 'too-large' : 'wrong-secret';
    const { status, body, headers } = contract.refuse(reason, requestId);
    const all = {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Request-Id': requestId,
      ...headers,
    };
    expect(answer).toEqual({ status, headers: all, text: body, json: JSON.parse(body) });
    const recorded = JSON.stringify(world.records);
    for (const sensitive of Object.values(held)) expect(recorded).not.toContain(sensitive);

    expect(await world.row(contract, held.id)).toEqual(before);
    const good = send(world, held.id, held.secret);
    expect((await world.post(contract, good)).status).toBe(200);
  });

  test.for([`Az09._-${'x'.repeat(121)}`, '__proto__'])('reads the id %s', async (id, { world }) => {
    await world.open(contract, { sessionId: id, secret: held.secret });
    expect((await world.post(contract, send(world, id, held.secret))).status).toBe(200);
  });
});
