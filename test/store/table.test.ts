import fc from 'fast-check';
import { expect } from 'vitest';
import {
  dynamoDBTable,
  StorageTimedOut,
  StorageUnavailable,
} from '../../functions/core/session/table.ts';
import { anonymous, itemOf, loggedIn, now, rowOf, toItem } from '../support/session.ts';
import { onBothEngines } from '../support/world.ts';
import { wired } from './wire.ts';

const row = rowOf('eos', 'abc');
const alive = loggedIn(row);
const slide = {
  rowKey: row,
  set: ['refreshedAt = :later'],
  conditions: ['attribute_not_exists(revokedAt)'],
  values: { ':later': now + 5 },
};

onBothEngines('the table', (plain) => {
  const test = wired(plain);

  test('gives every text back as it was put', async ({ world }) => {
    let written = 0;
    const text = fc.string({ unit: 'grapheme', minLength: 1 });
    await fc.assert(
      fc.asyncProperty(text, fc.json(), fc.nat(), async (subject, claims, endsAt) => {
        written += 1;
        const item = { ...alive, rowKey: rowOf('eos', `r${written}`), subject, claims, endsAt };
        expect(await world.rows.put(item)).toEqual({ outcome: 'written', item });
        expect(await world.rows.get(item.rowKey)).toEqual(item);
      }),
      { numRuns: 30 },
    );
  });

  test('leaves what is absent absent, and attributes of a later version alone', async ({
    world,
  }) => {
    await world.rows.put({
      ...anonymous(row),
      subject: undefined,
      note: { later: ['kept'] },
    } as never);
    const { subject: _, ...item } = { ...anonymous(row), subject: undefined };
    expect(await itemOf(world, row)).toEqual({
      ...toItem(item),
      note: { M: { later: { L: [{ S: 'kept' }] } } },
    });
    await world.rows.update(slide);
    expect(await world.rows.get(row)).toMatchObject({
      note: { later: ['kept'] },
      refreshedAt: now + 5,
    });
  });

  test('puts no item over another, and gives the other', async ({ world }) => {
    await world.rows.put(alive);
    const put = await world.rows.put(anonymous(row));
    expect(put).toEqual({ outcome: 'refused', item: alive, retried: false });
    await world.rows.put(anonymous(row), 'replace');
    expect(await world.rows.get(row)).toEqual(anonymous(row));
  });

  test('gives the row that an update wrote, or the row that refused it', async ({ world }) => {
    expect(await world.rows.update(slide)).toMatchObject({ outcome: 'written' });
    const tombstone = { ...alive, revokedAt: now };
    await world.rows.put(tombstone, 'replace');
    expect(await world.rows.update(slide)).toEqual({
      outcome: 'refused',
      item: tombstone,
      retried: false,
    });
    expect(
      await world.rows.update({
        ...slide,
        rowKey: rowOf('eos', 'none'),
        conditions: ['attribute_exists(rowKey)'],
      }),
    ).toEqual({ outcome: 'refused', item: undefined, retried: false });
  });

  test.for([
    {
      what: 'a denied request',
      lose: 'AccessDeniedException',
      tries: 1,
      error: StorageUnavailable,
    },
    { what: 'a cut wire, three times', lose: 'request', tries: 3, error: StorageUnavailable },
    {
      what: 'throttling, three times',
      lose: 'ThrottlingException',
      tries: 3,
      error: StorageUnavailable,
    },
  ] as const)(
    'throws on $what, and changes nothing',
    async ({ lose, tries, error }, { world, wire }) => {
      await world.rows.put(alive);
      for (const call of ['update', 'get'] as const) {
        wire.requests.length = 0;
        for (let at = 0; at < tries; at += 1) wire.fates.push({ lose });
        const table = dynamoDBTable(wire.client, world.table);
        const asked = call === 'get' ? table.get(row) : table.update(slide);
        await expect(asked).rejects.toBeInstanceOf(error);
        expect(wire.requests).toHaveLength(tries);
        expect(await world.rows.get(row)).toEqual(alive);
      }
    },
  );

  test('throws a request that DynamoDB calls invalid as a bug', async ({ world, wire }) => {
    wire.fates.push({ lose: 'ValidationException' });
    const asked = dynamoDBTable(wire.client, world.table).get(row);
    await expect(asked).rejects.not.toBeInstanceOf(StorageUnavailable);
  });

  test('ends with its signal, between two tries too, and asks nothing after it', async ({
    world,
    wire,
  }) => {
    const table = dynamoDBTable(wire.client, world.table);
    const stop = new AbortController();
    wire.fates.push({ lose: 'held', meanwhile: async () => stop.abort() });
    const { signal } = stop;
    await expect(table.get(row, { signal })).rejects.toBeInstanceOf(StorageTimedOut);
    await expect(table.update(slide, { signal })).rejects.toBeInstanceOf(StorageTimedOut);
    expect(wire.requests).toHaveLength(1);
  });

  test('shows each request to whoever watches, and reads strongly consistent', async ({
    world,
    wire,
  }) => {
    await world.rows.put(alive);
    const table = dynamoDBTable(wire.client, world.table);
    const seen: unknown[] = [];
    const watch = async <Answer>(request: Promise<Answer>) => {
      const answer = await request;
      seen.push(answer);
      return answer;
    };
    await table.get(row, { watch });
    await table.update(slide, { watch });
    expect(seen).toHaveLength(2);
    expect(wire.requests[0]?.body).toMatchObject({ ConsistentRead: true });
  });
});
