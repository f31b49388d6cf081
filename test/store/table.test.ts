import fc from 'fast-check';
import { expect } from 'vitest';
import { StorageTimedOut, StorageUnavailable } from '../../functions/core/session/table.ts';
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
const refused = (item: object | undefined) => ({ outcome: 'refused', item, retried: false });

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
      { numRuns: 20 },
    );
  });

  test('leaves out what is absent, and leaves later attributes alone', async ({ world }) => {
    const item = anonymous(row);
    const note = { later: ['kept'] };
    await world.rows.put({ ...item, subject: undefined, note } as never);
    const stored = { M: { later: { L: [{ S: 'kept' }] } } };
    expect(await itemOf(world, row)).toEqual({ ...toItem(item), note: stored });
    await world.rows.update(slide);
    expect(await world.rows.get(row)).toEqual({ ...item, note, refreshedAt: now + 5 });
  });

  test('puts no item over another, and gives the other', async ({ world }) => {
    await world.rows.put(alive);
    expect(await world.rows.put(anonymous(row))).toEqual(refused(alive));
    await world.rows.put(anonymous(row), 'replace');
    expect(await world.rows.get(row)).toEqual(anonymous(row));
  });

  test('gives the row that an update wrote, or the row that refused it', async ({ world }) => {
    await world.rows.put(alive);
    const item = { ...alive, refreshedAt: now + 5 };
    expect(await world.rows.update(slide)).toEqual({ outcome: 'written', item });
    const tombstone = { ...alive, revokedAt: now };
    await world.rows.put(tombstone, 'replace');
    expect(await world.rows.update(slide)).toEqual(refused(tombstone));
    const none = { rowKey: rowOf('eos', 'none'), conditions: ['attribute_exists(rowKey)'] };
    expect(await world.rows.update({ ...slide, ...none })).toEqual(refused(undefined));
  });

  test.for([
    { what: 'a denied request', lose: 'AccessDeniedException', tries: 1 },
    { what: 'a cut wire, three times', lose: 'request', tries: 3 },
    { what: 'throttling, three times', lose: 'ThrottlingException', tries: 3 },
  ] as const)('throws on $what, and changes nothing', async ({ lose, tries }, { world, wire }) => {
    await world.rows.put(alive);
    wire.fates.push(...Array(2 * tries).fill({ lose }));
    const asked = await Promise.allSettled([wire.table.update(slide), wire.table.get(row)]);
    const rejected = { status: 'rejected', reason: expect.any(StorageUnavailable) };
    expect(asked).toEqual([rejected, rejected]);
    expect(wire.requests()).toBe(2 * tries);
    expect(await world.rows.get(row)).toEqual(alive);
  });

  const named = (more: object) => Object.assign(new Error('x'), more);
  test.for([
    { what: 'an error of our own', error: new TypeError('x'), outage: false },
    { what: 'a refused connection', error: named({ code: 'ECONNREFUSED' }), outage: true },
    { what: 'no credentials', error: named({ name: 'CredentialsProviderError' }), outage: true },
  ])('throws $what: an outage $outage', async ({ error, outage }, { world }) => {
    const fails = () => () => Promise.reject(error);
    world.client.middlewareStack.add(fails as never, { step: 'initialize' });
    const thrown = await world.rows.get(row).catch((one) => one);
    expect([thrown === error, thrown instanceof StorageUnavailable]).toEqual([!outage, outage]);
  });

  test('throws a request that DynamoDB calls invalid as a bug', async ({ wire }) => {
    wire.fates.push({ lose: 'ValidationException' });
    await expect(wire.table.get(row)).rejects.not.toBeInstanceOf(StorageUnavailable);
  });

  test('ends with its signal, between two tries too, and asks no more', async ({ wire }) => {
    const { table, fates, requests } = wire;
    const stop = new AbortController();
    fates.push({ lose: 'held', meanwhile: async () => stop.abort() });
    const { signal } = stop;
    await expect(table.get(row, { signal })).rejects.toBeInstanceOf(StorageTimedOut);
    await expect(table.update(slide, { signal })).rejects.toBeInstanceOf(StorageTimedOut);
    expect(requests()).toBe(1);
  });

  test('shows each request to a watcher, and reads strongly consistent', async ({ world }) => {
    const { client, rows } = world;
    const inputs: object[] = [];
    const keep =
      (next: (args: { input: object }) => Promise<unknown>) => (args: { input: object }) => {
        inputs.push(args.input);
        return next(args);
      };
    client.middlewareStack.add(keep as never, { step: 'initialize' });
    const seen: unknown[] = [];
    const watch = async <Answer>(request: Promise<Answer>) => {
      const answer = await request;
      seen.push(answer);
      return answer;
    };
    await rows.get(row, { watch });
    await rows.update(slide, { watch });
    expect(seen).toEqual([expect.any(Object), expect.any(Object)]);
    expect(inputs[0]).toMatchObject({ ConsistentRead: true });
  });
});
