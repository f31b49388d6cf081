import { createSecretKey } from 'node:crypto';
import { describe, expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { signPaddedJwt } from '../../functions/core/keys/padded-jwt.ts';
import { later } from '../../functions/core/time.ts';
import { bearer, tokenTimes, type Way, ways } from '../support/ways.ts';
import { noon, onBothEngines, test, type World } from '../support/world.ts';

interface Row {
  readonly what: string;
  /** What the record says: the case is the one it is called. */
  readonly outcome: string;
  readonly id?: string;
  readonly secret?: string;
  readonly revoked?: boolean;
  readonly seconds?: number;
}

const sessionId = 'mine';
const secret = 'right';

for (const way of ways)
  onBothEngines(`POST ${way.contract.path}, ${way.what}`, (test) => {
    test.for(rowsOf(way))('takes one storage request for $what', async (row, { world }) => {
      await world.open(way.contract, { sessionId, secret });
      const sent = way.send(world, row.id ?? sessionId, row.secret ?? secret);
      if (row.revoked) await world.run('revoke', { contract: way.contract.name, sessionId });
      world.now = later(noon, row.seconds ?? 0);
      world.requests.length = 0;
      await world.post(way.contract, sent);
      expect(world.requests).toEqual([storageRequest(way)]);
      expect(world.records.at(-1)?.outcome).toBe(row.outcome);
    });

    if (way.contract.opening.anonymous)
      test('takes one storage request for an anonymous session', async ({ world }) => {
        await world.open(way.contract, { sessionId, anonymous: true });
        world.requests.length = 0;
        await world.post(way.contract, way.send(world, sessionId, secret));
        expect(world.requests).toEqual([storageRequest(way)]);
        expect(world.records.at(-1)?.outcome).toBe('not-logged-in');
      });
  });

for (const way of ways)
  describe(`POST ${way.contract.path}, ${way.what}`, () => {
    test.for([
      { what: 'no session id', id: undefined, proof: secret },
      { what: 'no secret', id: sessionId, proof: undefined },
      { what: 'neither', id: undefined, proof: undefined },
      { what: 'a session id outside the grammar', id: `${sessionId}!`, proof: secret },
    ])('takes no storage request for $what', async ({ id, proof }, { world }) => {
      await world.open(way.contract, { sessionId, secret });
      world.requests.length = 0;
      const { status } = await world.post(way.contract, way.send(world, id, proof));
      expect([401, 403]).toContain(status);
      expect(world.requests).toEqual([]);
    });
  });

describe(`POST ${ccstore.path}`, () => {
  test.for([
    { what: 'no token', call: () => ({}) },
    { what: 'no signed token', call: () => bearer('forged') },
    { what: 'a token that another key signed', call: (world: World) => bearer(forged(world)) },
  ])('takes no storage request for $what', async ({ call }, { world }) => {
    await world.open(ccstore, { sessionId, secret });
    world.requests.length = 0;
    expect((await world.post(ccstore, call(world))).status).toBe(401);
    expect(world.requests).toEqual([]);
  });
});

/** Every way in which a well-formed request can end, at each policy's own times. */
function rowsOf({ contract }: Way): readonly Row[] {
  const idle = contract === ccstore ? 930 : 30 * 60;
  const lifetime = (contract === ccstore ? 24 : 12) * 60 * 60;
  const other = 'other';
  return [
    { what: 'a refresh', outcome: 'refreshed' },
    { what: 'a refresh at the last second', outcome: 'refreshed', seconds: idle - 1 },
    { what: "a refresh by a clock behind the row's", outcome: 'refreshed', seconds: -60 },
    { what: 'an unknown session', outcome: 'unknown-session', id: other },
    { what: 'a wrong secret', outcome: 'wrong-secret', secret: other },
    { what: 'a revoked session', outcome: 'revoked', revoked: true },
    {
      what: 'a wrong secret of a revoked session',
      outcome: 'wrong-secret',
      secret: other,
      revoked: true,
    },
    { what: 'an idle session', outcome: 'idle-too-long', seconds: idle },
    { what: 'a session that is over', outcome: 'lifetime-over', seconds: lifetime },
  ];
}

function storageRequest({ contract }: Way): string {
  return contract === ccstore ? 'GetItemCommand' : 'UpdateItemCommand';
}

function forged(world: World): string {
  const key = createSecretKey('signing-of-someone-else-0123456789', 'utf8');
  const payload = { ...tokenTimes(world), sid: sessionId, sec: secret };
  return signPaddedJwt(JSON.stringify(payload), key);
}
