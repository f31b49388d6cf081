import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { rowKey, type SessionId, sessionHash } from '../../functions/core/session/session.ts';
import { clients } from '../support/clients.ts';
import { itemOf } from '../support/item.ts';
import { onBothEngines } from '../support/world.ts';

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

describe.each(clients)('a damaged row of $what', ({ contract, call }) => {
  onBothEngines('is a 500', (test) => {
    test.for(damages)('with $what', async ({ set, whole }, { world }) => {
      const held = await world.open(contract);
      const row = rowKey(contract.name, held.sessionId as SessionId);
      await damage(world, row, set);
      const before = await itemOf(world, row);
      const answer = await world.post(contract, call(held));
      const fault = contract.refuse('failed', String(answer.json.esbUUID ?? ''));
      expect({ status: answer.status, body: answer.text }).toEqual({ ...fault });
      expect(world.records.at(-1)).toMatchObject({
        outcome: 'failed',
        session: sessionHash(world.keys(contract).log, row),
        error: { name: 'DamagedRow' },
      });
      if (whole) expect(await itemOf(world, row)).toEqual(before);
    });
  });
});

describe('an expired token of ccstore', () => {
  onBothEngines('does not come to life', (test) => {
    test.for([{ idleUntil: undefined }, { idleUntil: 'never' }, { endsAt: undefined }])(
      'over a row with %o',
      async (set, { world }) => {
        const ccstore = clients.find(({ what }) => what === 'ccstore');
        if (!ccstore) throw new Error(`none of ${contracts.length} contracts is ccstore`);
        const held = await world.open(ccstore.contract);
        await damage(world, rowKey('ccstore', held.sessionId as SessionId), set);
        world.now = (world.now + 931) as typeof world.now;
        expect(await world.post(ccstore.contract, ccstore.call(held))).toMatchObject({
          status: 500,
        });
      },
    );
  });
});

/** Sets attributes of a row, or removes those that are undefined. */
async function damage(
  { client, table }: { client: Parameters<typeof itemOf>[0]['client']; table: string },
  row: string,
  set: Readonly<Record<string, unknown>>,
) {
  const [[name = '', value] = []] = Object.entries(set);
  await DynamoDBDocumentClient.from(client).send(
    new UpdateCommand({
      TableName: table,
      Key: { rowKey: row },
      UpdateExpression: value === undefined ? 'REMOVE #name' : 'SET #name = :value',
      ExpressionAttributeNames: { '#name': name },
      ...(value !== undefined && { ExpressionAttributeValues: { ':value': value } }),
    }),
  );
}
