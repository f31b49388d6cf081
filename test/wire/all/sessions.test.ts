import { describe, expect } from 'vitest';
import { contracts, sessionOwners } from '../../../functions/contracts.ts';
import { KeysUnavailable } from '../../../functions/core/keys/keys.ts';
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
  reason: 'revoked' | 'wrong-secret' | 'unknown-session',
) {
  const { status, body } = contract.refuse(reason, String(answer.json.esbUUID ?? ''));
  expect({ status: answer.status, text: answer.text }).toEqual({ status, text: body });
  expect(world.records.at(-1)).toMatchObject({ contract: contract.name, outcome: reason });
}

/** What a refresh at that moment writes into the row. */
function written({ contract: { policy } }: Pick<Way, 'contract'>, now: number) {
  return typeof policy.idle === 'number' ? { refreshedAt: now, idleUntil: now + policy.idle } : {};
}

onBothEngines('a session', (test) => {
  test.for(contracts)(
    'of $name answers 50 refreshes at once, its row as after one; is revoked once, and then over',
    async (contract, { world }) => {
      const { sessionId, call } = await ownCall(world, contract);
      const before = await world.row(contract, sessionId);
      world.now = later(noon, 60);
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => world.post(contract, call)),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
      const refreshed = { ...before, ...written({ contract }, world.now) };
      expect(await world.row(contract, sessionId)).toEqual(refreshed);

      const revoke = { contract: contract.serves, sessionId };
      const first = await world.run('revoke', revoke);
      expect(first).toEqual({ outcome: 'done', result: { ...revoke, revokedAt: noon + 60 } });
      const row = await world.row(contract, sessionId);
      expect(row).toEqual({ ...refreshed, revokedAt: noon + 60, revokedBy: 'administrator' });
      // In the very second of the revocation, and long after.
      for (const seconds of [60, 900]) {
        world.now = later(noon, seconds);
        expectRefused(world, { contract }, await world.post(contract, call), 'revoked');
        expect(await world.run('revoke', revoke)).toEqual(first);
        expect(await world.row(contract, sessionId)).toEqual(row);
      }
    },
  );
});

describe('a session', () => {
  test.for(ways)(
    'of $what is its own, though others have its id and its secret',
    async (way, { world }) => {
      const others = ways.filter(({ contract }) => contract.serves !== way.contract.serves);
      for (const contract of sessionOwners) await world.open(contract, { sessionId: id, secret });
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
      expect(await world.row(way.contract, id)).toEqual({
        ...mine,
        ...written(way, noon + 60),
        ...ended,
      });
      for (const other of others)
        expect((await world.post(other.contract, other.send(world, id, secret))).status).toBe(200);
    },
  );

  test.for(ways)(
    "of $what is no other contract's, whoever brings its id and its secret",
    async (way, { world }) => {
      await world.open(way.contract, { sessionId: id, secret });
      for (const other of ways.filter(({ contract }) => contract.serves !== way.contract.serves)) {
        const answer = await world.post(other.contract, other.send(world, id, secret));
        expectRefused(world, other, answer, 'unknown-session');
      }
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
    'of $name that does not exist cannot be revoked, and none comes of it',
    async (contract, { world }) => {
      const answer = await world.run('revoke', { contract: contract.serves, sessionId: id });
      expect(answer).toEqual({ outcome: 'refused', reason: 'unknown-session' });
      expect(await world.items()).toEqual([]);
    },
  );

  test.for(contracts)(
    'of $name waits for keys that are unavailable: 503, and then 200',
    async (contract, { world }) => {
      const { call } = await ownCall(world, contract);
      const { keys } = world;
      world.keys = () => {
        throw new KeysUnavailable(new Error('no secrets'));
      };
      const answer = await world.post(contract, call);
      expect(answer).toMatchObject({ status: 503, headers: { 'Retry-After': '1' } });
      expect(answer.text).not.toContain('no secrets');
      world.keys = keys;
      expect((await world.post(contract, call)).status).toBe(200);
    },
  );
});
