import { describe, expect } from 'vitest';
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
      const { serves } = way.contract;
      const others = ways.filter(({ contract }) => contract.serves !== serves);
      const post = ({ contract, send }: Way) => world.post(contract, send(world, id, secret));
      await world.open(way.contract, { sessionId: id, secret });
      for (const other of others) expectRefused(world, other, await post(other), 'unknown-session');
      for (const owner of sessionOwners.filter(({ name }) => name !== serves))
        await world.open(owner, { sessionId: id, secret });
      const items = await world.items();
      const rest = items.filter(({ rowKey }) => rowKey !== `${serves}#${id}`);
      world.now = later(noon, 60);
      expect(await post(way)).toMatchObject({ status: 200 });
      await world.run('revoke', { contract: serves, sessionId: id });
      expectRefused(world, way, await post(way), 'revoked');
      expect(rest).toHaveLength(sessionOwners.length - 1);
      expect(await world.items()).toEqual(expect.arrayContaining(rest));
      for (const other of others) expect((await post(other)).status).toBe(200);
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
      const bug = new Error('hunter2');
      for (const error of [new KeysUnavailable(bug), bug]) {
        world.keys = () => {
          throw error;
        };
        const reason = error === bug ? 'failed' : 'unavailable';
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
