import { describe, expect } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { contracts } from '../../../functions/contracts.ts';
import { rowKey, type SessionId, sessionHash } from '../../../functions/core/session/session.ts';
import { later } from '../../../functions/core/time.ts';
import { noon, test } from '../../support/world.ts';
import { ownCall } from './situations.ts';

// What a restore, a foreign writer or an import may leave of a row. `whole`: a condition can see it, so
// that not even the idle limit moves.
const damages: readonly { what: string; set: Record<string, unknown>; whole: boolean }[] = [
  ...['claims', 'subject', 'openedAt', 'refreshedAt', 'idleUntil', 'endsAt', 'purgeAt'].flatMap(
    (name) => [
      { what: `no ${name}`, set: { [name]: undefined }, whole: true },
      // The key of an index is text in every row that DynamoDB takes.
      ...(name === 'subject'
        ? []
        : [{ what: `${name} that is a map`, set: { [name]: { a: 1 } }, whole: true }]),
    ],
  ),
  ...['openedAt', 'refreshedAt', 'idleUntil', 'endsAt', 'purgeAt'].map((name) => ({
    what: `${name} that is text`,
    set: { [name]: '4102444800' },
    whole: true,
  })),
  { what: 'endsAt between two seconds', set: { endsAt: 4_102_444_800.5 }, whole: false },
  { what: 'a revocation that is text', set: { revokedAt: 'yesterday' }, whole: true },
  ...['', ' ', '{}', ' {"a":1}', '{"mobilityApps":{"system":[],"user":[]},"prof', 'null', '[]'].map(
    (claims) => ({ what: `claims ${JSON.stringify(claims)}`, set: { claims }, whole: false }),
  ),
  { what: 'claims of another contract', set: { claims: '{"x":1}' }, whole: false },
];

describe.for(contracts)('a damaged row of $serves, refreshed by $name', (contract) => {
  test.for(damages)('is a 500 with $what', async ({ set, whole }, { world }) => {
    const { sessionId, call } = await ownCall(world, contract);
    await world.damage(contract, sessionId, set);
    const before = await world.item(contract, sessionId);
    const answer = await world.post(contract, call);
    const fault = contract.refuse('failed', String(answer.json?.esbUUID ?? ''));
    expect({ status: answer.status, body: answer.text }).toEqual({ ...fault });
    expect(world.records.at(-1)).toMatchObject({
      outcome: 'failed',
      session: sessionHash(
        world.keys(contract).log,
        rowKey(contract.serves, sessionId as SessionId),
      ),
      error: { name: 'DamagedRow' },
    });
    if (whole) expect(await world.item(contract, sessionId)).toEqual(before);
  });
});

describe('an expired token of ccstore', () => {
  test.for([{ idleUntil: undefined }, { idleUntil: 'never' }, { endsAt: undefined }])(
    'does not come to life over a row with %o',
    async (set, { world }) => {
      const { sessionId, call } = await ownCall(world, ccstore);
      await world.damage(ccstore, sessionId, set);
      world.now = later(noon, 931);
      expect((await world.post(ccstore, call)).status).toBe(500);
    },
  );
});
