import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
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

  test('throws after three tries over a cut wire, and changes nothing', async ({ world, wire }) => {
    await world.rows.put(alive);
    wire.fates.push(...Array(6).fill({ lose: 'request' }));
    const asked = await Promise.allSettled([wire.table.update(slide), wire.table.get(row)]);
    const rejected = { status: 'rejected', reason: expect.any(StorageUnavailable) };
    expect([asked, wire.requests()]).toEqual([[rejected, rejected], 6]);
    expect(await world.rows.get(row)).toEqual(alive);
  });

  test('gives the row keys of a subject page by page', async ({ world: { client, rows } }) => {
    const rowKeys = ['a', 'b'].map((id) => rowOf('eos', id));
    for (const rowKey of rowKeys) await rows.put({ ...alive, rowKey });
    const other = { ...alive, subject: 'eos#another' };
    await rows.put(other);
    const { subject } = alive;
    const { rowKeys: all } = await rows.bySubject(subject);
    expect(all.toSorted()).toEqual(rowKeys);
    // A page of DynamoDB has 1 MB.
    const limited = (next: (args: object) => unknown) => (args: { input: object }) =>
      next({ ...args, input: { ...args.input, Limit: 1 } });
    client.middlewareStack.add(limited as never, { step: 'initialize' });
    const one = await rows.bySubject(subject);
    const two = await rows.bySubject(subject, one.next);
    expect([one.rowKeys, two.rowKeys]).toEqual(all.map((rowKey) => [rowKey]));
  });

  test('ends with its signal, between two tries too, and asks no more', async ({ wire }) => {
    const { table, fates, requests } = wire;
    const stop = new AbortController();
    fates.push({ lose: 'none', meanwhile: async () => stop.abort() });
    const { signal } = stop;
    for (const ask of [() => table.get(row, { signal }), () => table.update(slide, { signal })])
      await expect(ask()).rejects.toThrow(new StorageTimedOut('AbortError'));
    expect(requests()).toBe(1);
  });

  test('shows each request to a watcher, and reads strongly consistent', async ({ world }) => {
    const inputs: object[] = [];
    const keep = (next: (args: object) => unknown) => (args: { input: object }) => {
      inputs.push(args.input);
      return next(args);
    };
    world.client.middlewareStack.add(keep as never, { step: 'initialize' });
    const watched = vi.fn();
    const watch = <Answer>(request: Promise<Answer>) => {
      watched();
      return request;
    };
    await world.rows.get(row, { watch });
    await world.rows.update(slide, { watch });
    expect(watched).toHaveBeenCalledTimes(2);
    expect(inputs[0]).toMatchObject({ ConsistentRead: true });
  });
});

describe('the table, whatever the SDK answers,', () => {
  function tableWith(answer: () => Promise<unknown>) {
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const client = new DynamoDBClient({ region: 'local', credentials });
    client.middlewareStack.add((() => answer) as never, { step: 'initialize' });
    return dynamoDBTable(client, 'sessions');
  }

  const metadata = { name: 'InternalServerError', $metadata: {} };
  const codes =
    'ECONNREFUSED ECONNRESET ECONNABORTED EAI_AGAIN EHOSTUNREACH ENETUNREACH ENOTFOUND EPIPE ETIMEDOUT';
  const timeouts = ['TimeoutError', 'AbortError', 'RequestTimeout'];
  test.for([
    ...codes.split(' ').map((code) => ({ error: { code }, as: 'StorageUnavailable' })),
    { error: { name: 'CredentialsProviderError' }, as: 'StorageUnavailable' },
    { error: metadata, as: 'StorageUnavailable' },
    ...timeouts.map((name) => ({ error: { ...metadata, name }, as: 'StorageTimedOut' })),
    { error: { ...metadata, name: 'ValidationException' } },
    { error: { ...metadata, name: 'SerializationException' } },
    { error: { name: 'TypeError', code: 'ERR_INVALID_URL' } },
  ])('throws $error as $as', async ({ error, as }) => {
    const cause = Object.assign(new Error('x'), error);
    const thrown = await tableWith(() => Promise.reject(cause))
      .get(row)
      .catch((one) => one);
    if (!as) return expect(thrown).toBe(cause);
    expect(thrown).toBeInstanceOf(StorageUnavailable);
    expect(thrown).toMatchObject({ name: as, message: cause.name, cause });
  });

  test.for([
    { requestId: undefined, message: 'the answer has no request id of DynamoDB' },
    { requestId: '1', message: 'the answer to a write has no row of its key' },
    { requestId: '1', other: 1, message: 'the answer to a write has no row of its key' },
  ])('throws where $message', async ({ requestId, other, message }) => {
    const Attributes = other && { rowKey: rowOf('eos', 'other') };
    const output = { $metadata: { requestId }, Attributes };
    const { update } = tableWith(async () => ({ output }));
    await expect(update(slide)).rejects.toThrow(new StorageUnavailable(message));
  });

  test('gives no row keys, and no next page, where there are none', async () => {
    const output = { $metadata: { requestId: '1' } };
    const page = await tableWith(async () => ({ output })).bySubject('eos#nobody');
    expect(page).toStrictEqual({ rowKeys: [] });
  });
});
