import { describe, expect } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { contracts, sessionOwners } from '../../../functions/contracts.ts';
import { KeysUnavailable } from '../../../functions/core/keys/keys.ts';
import { rowKey, type SessionId, sessionHash } from '../../../functions/core/session/session.ts';
import { later } from '../../../functions/core/time.ts';
import { type Way, ways } from '../../support/ways.ts';
import { noon, onBothEngines, test, type WireAnswer, type World } from '../../support/world.ts';
import { ownCall } from './situations.ts';

const id = 'the-same-id-everywhere';
const secret = 'the-same-secret-everywhere';

/** Expects the contract's own answer to a refusal, and the record to name it. */
function expectRefused(
  world: World,
  { contract }: Pick<Way, 'contract'>,
  answer: WireAnswer,
  reason: 'revoked' | 'wrong-secret' | 'unknown-session' | 'unavailable' | 'failed',
) {
  const { status, body } = contract.refuse(reason, String(answer.json?.esbUUID ?? ''));
  expect({ status: answer.status, text: answer.text }).toEqual({ status, text: body });
  expect(world.records.at(-1)).toMatchObject({ contract: contract.name, outcome: reason });
}

/** What a refresh at that moment writes into the row. */
function written({ contract: { policy } }: Pick<Way, 'contract'>, now: number) {
  return typeof policy.idle === 'number' ? { refreshedAt: now, idleUntil: now + policy.idle } : {};
}

onBothEngines('a session', (test) => {
  test.for(contracts)(
    'of $name answers 20 refreshes at once, its row as after one; and none once it is revoked',
    async (contract, { world }) => {
      const { sessionId, call } = await ownCall(world, contract);
      const before = await world.row(contract, sessionId);
      world.now = later(noon, 60);
      const all = Array.from({ length: 20 }, () => world.post(contract, call));
      expect((await Promise.all(all)).map(({ status }) => status)).toEqual(Array(20).fill(200));
      const refreshed = { ...before, ...written({ contract }, world.now) };
      expect(await world.row(contract, sessionId)).toEqual(refreshed);
      await world.run('revoke', { contract: contract.serves, sessionId });
      expectRefused(world, { contract }, await world.post(contract, call), 'revoked');
      const ended = { revokedAt: noon + 60, revokedBy: 'administrator' };
      expect(await world.row(contract, sessionId)).toEqual({ ...refreshed, ...ended });
    },
  );
});

describe('a session', () => {
  test.for(ways)(
    'of $what is its own, though others have its id and its secret',
    async (way, { world }) => {
      const others = ways.filter(({ contract }) => contract.serves !== way.contract.serves);
      await world.open(way.contract, { sessionId: id, secret });
      for (const other of others) {
        const answer = await world.post(other.contract, other.send(world, id, secret));
        expectRefused(world, other, answer, 'unknown-session');
      }
      for (const contract of sessionOwners.filter(({ serves }) => serves !== way.contract.serves))
        await world.open(contract, { sessionId: id, secret });
      const rows = () => Promise.all(others.map(({ contract }) => world.row(contract, id)));
      const before = await rows();
      const mine = await world.row(way.contract, id);
      world.now = later(noon, 60);
      const sent = way.send(world, id, secret);
      expect((await world.post(way.contract, sent)).status).toBe(200);
      await world.run('revoke', { contract: way.contract.serves, sessionId: id });
      expectRefused(world, way, await world.post(way.contract, sent), 'revoked');
      expect(await rows()).toEqual(before);
      const ended = { revokedAt: noon + 60, revokedBy: 'administrator' };
      const after = { ...mine, ...written(way, noon + 60), ...ended };
      expect(await world.row(way.contract, id)).toEqual(after);
      for (const other of others)
        expect((await world.post(other.contract, other.send(world, id, secret))).status).toBe(200);
    },
  );

  test.for(ways)(
    'of $what refuses the secret of another, its digest copied into the row or not',
    async (way, { world }) => {
      await world.open(way.contract, { sessionId: id, secret });
      await world.open(way.contract, { sessionId: 'other', secret: 'other' });
      const sent = way.send(world, 'other', secret);
      expectRefused(world, way, await world.post(way.contract, sent), 'wrong-secret');
      const { secret: digest } = (await world.row(way.contract, id)) ?? {};
      await world.damage(way.contract, 'other', { secret: digest });
      expectRefused(world, way, await world.post(way.contract, sent), 'wrong-secret');
      const own = way.send(world, id, secret);
      expect((await world.post(way.contract, own)).status).toBe(200);
    },
  );

  test.for(contracts)(
    'of $name waits for keys that are unavailable, and asks the storage nothing until then',
    async (contract, { world }) => {
      const { call } = await ownCall(world, contract);
      const { keys } = world;
      world.requests.length = 0;
      for (const [error, reason] of [
        [new KeysUnavailable(new Error('hunter2')), 'unavailable'],
        [new Error('hunter2'), 'failed'],
      ] as const) {
        world.keys = () => {
          throw error;
        };
        expectRefused(world, { contract }, await world.post(contract, call), reason);
      }
      expect(world.requests).toEqual([]);
      expect(JSON.stringify(world.records)).not.toContain('hunter2');
      world.keys = keys;
      expect((await world.post(contract, call)).status).toBe(200);
    },
  );
});

// What a restore, a foreign writer or an import may leave of a row; test/unit/row.test.ts has the rest.
// `whole`: a condition can see it, so that not even the idle limit moves.
const damages: readonly { what: string; set: Record<string, unknown>; whole?: true }[] = [
  { what: 'no subject', set: { subject: undefined }, whole: true },
  { what: 'no endsAt', set: { endsAt: undefined }, whole: true },
  { what: 'openedAt that is a map', set: { openedAt: { a: 1 } }, whole: true },
  { what: 'idleUntil that is text', set: { idleUntil: '4102444800' }, whole: true },
  { what: 'endsAt between two seconds', set: { endsAt: 4_102_444_800.5 } },
  { what: 'a revocation that is text', set: { revokedAt: 'yesterday' }, whole: true },
  ...['', '{}', ' {"a":1}', '{"mobilityApps":{"system":[],"user":[]},"prof', '[]', '{"x":1}'].map(
    (claims) => ({ what: `claims ${JSON.stringify(claims)}`, set: { claims } }),
  ),
];

describe.for(contracts)('a damaged row of $serves, refreshed by $name', (contract) => {
  test.for(damages)('is a 500 with $what', async ({ set, whole }, { world }) => {
    const { sessionId, call } = await ownCall(world, contract);
    await world.damage(contract, sessionId, set);
    const before = await world.item(contract, sessionId);
    world.now = later(noon, 60);
    expectRefused(world, { contract }, await world.post(contract, call), 'failed');
    const { log } = world.keys(contract);
    expect(world.records.at(-1)).toMatchObject({
      session: sessionHash(log, rowKey(contract.serves, sessionId as SessionId)),
      error: { name: 'DamagedRow' },
    });
    if (whole) expect(await world.item(contract, sessionId)).toEqual(before);
  });
});

test('an expired token of ccstore does not come to life over a damaged row', async ({ world }) => {
  for (const set of [{ idleUntil: undefined }, { idleUntil: 'never' }, { endsAt: undefined }]) {
    world.now = noon;
    const { accessToken, sessionId } = await world.open(ccstore);
    await world.damage(ccstore, sessionId, set);
    world.now = later(noon, 931);
    const headers = { Authorization: `Bearer ${accessToken}` };
    expect((await world.post(ccstore, { headers })).status).toBe(500);
  }
});
