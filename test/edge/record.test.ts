import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test as plain } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { errorRecord } from '../../functions/core/lambda/error-record.ts';
import type { SessionId } from '../../functions/core/session/session.ts';
import { rowKey, sessionHash } from '../../functions/core/session/session.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { type Held, test, type WireCall } from '../support/world.ts';

const clients = [
  {
    name: 'eos',
    contract: eos,
    call: ({ sessionId, secureCode }: Held): WireCall => ({
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: `sessionId=${sessionId}&secureCode=${secureCode}`,
    }),
  },
  {
    name: 's360',
    contract: s360,
    call: ({ sessionId, sessionToken }: Held): WireCall => ({
      headers: { 'Content-Type': 'application/json', api_key: '5k5a9rnknaj87kthytganapc' },
      body: JSON.stringify({ sessionId, sessionToken }),
    }),
  },
  {
    name: 'ccstore',
    contract: ccstore,
    call: ({ accessToken }: Held): WireCall => ({
      headers: { Authorization: `Bearer ${accessToken}` },
    }),
  },
];

describe.for(clients)('the record of a request to $name', ({ contract, name, call }) => {
  test('names the request, the outcome and the session’s hash, and nothing else', async ({
    world,
  }) => {
    const held = await world.open(contract);
    const requestId = randomUUID();
    const { headers, ...rest } = call(held);
    const answer = await world.post(contract, {
      ...rest,
      headers: { ...headers, 'X-Request-Id': 'trace-7' },
      query: { utm: ['queried'] },
      requestId,
    });
    expect(answer.status).toBe(200);
    expect(world.records).toEqual([
      {
        contract: name,
        requestId,
        clientRequestId: 'trace-7',
        coldStart: true,
        outcome: 'refreshed',
        status: 200,
        storageRequests: 1,
        storageMs: expect.any(Number),
        totalMs: expect.any(Number),
        session: sessionHash(world.keys(contract).log, rowKey(name, held.sessionId as SessionId)),
      },
    ]);
    const written = JSON.stringify(world.records);
    for (const secret of [held.secureCode, held.sessionToken, held.accessToken, held.sessionId])
      if (secret) expect(written).not.toContain(secret);
  });

  test('names why it was refused, once', async ({ world }) => {
    const held = await world.open(contract);
    await world.run('revoke', { contract: name, sessionId: held.sessionId });
    await world.post(contract, call(held));
    expect(world.records.map(({ outcome }) => outcome)).toEqual(['revoked']);
    expect(world.records[0]).toHaveProperty('session');
  });

  test('names no session where the request holds no credential', async ({ world }) => {
    await world.post(contract, {});
    expect(world.records.map(({ outcome }) => outcome)).toEqual(['malformed-request']);
    expect(world.records[0]).not.toHaveProperty('session');
  });
});

describe('errorRecord', () => {
  const secret = 'hunter2';

  plain('gives the kind of an error and the eight nearest frames', () => {
    const { name, at } = errorRecord(new TypeError(secret));
    expect(name).toBe('TypeError');
    expect(at[0]).toMatch(/^at .*record\.test\.ts:\d+:\d+/);
    expect(errorRecord(deep(20)).at).toHaveLength(8);
  });

  plain.for([
    { what: 'one line', error: new Error(secret) },
    { what: 'several lines', error: new Error(`a\n${secret}\nb`) },
    { what: 'a line that looks like a frame', error: new Error(`a\n    at ${secret}\nb`) },
    { what: 'an end that looks like a frame', error: new Error(`a\n    at ${secret} (b.ts:1:1)`) },
    { what: 'nothing but a frame', error: new Error(`\n    at ${secret}`) },
    { what: 'JSON that did not parse', error: thrown(() => JSON.parse(`\n    at ${secret}`)) },
    { what: 'a cause', error: new Error('a', { cause: new Error(secret) }) },
    { what: 'several errors', error: new AggregateError([new Error(secret)], secret) },
    { what: 'fields of its own', error: Object.assign(new Error('a'), { token: secret }) },
    { what: 'a message written later', error: Object.assign(new Error('a'), { message: secret }) },
    { what: 'a string in its place', error: secret },
    { what: 'an object in its place', error: { message: secret, stack: `\n    at ${secret}` } },
  ])('keeps the message of an error to itself: $what', ({ error }) => {
    expect(inspect(error, { showHidden: true })).toContain(secret);
    expect(JSON.stringify(errorRecord(error))).not.toContain(secret);
  });

  plain('gives the kind of what is no error', () => {
    const kinds = ['a', 1, undefined, { name: 'Error' }].map((value) => errorRecord(value));
    expect(kinds.map(({ name }) => name)).toEqual(['string', 'number', 'undefined', 'object']);
    expect(kinds.flatMap(({ at }) => at)).toEqual([]);
  });

  plain('gives no frames for an error that has no stack', () => {
    const { stack: _, ...error } = Object.getOwnPropertyDescriptors(new Error('a'));
    expect(errorRecord(Object.create(Error.prototype, error)).at).toEqual([]);
  });
});

function deep(calls: number): Error {
  return calls === 0 ? new Error('deep') : deep(calls - 1);
}

function thrown(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}
