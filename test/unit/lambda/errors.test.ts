import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { errorRecord } from '../../../functions/core/lambda/error-record.ts';

describe('errorRecord', () => {
  const secret = 'hunter2';

  test('gives the kind of an error and the eight nearest frames', () => {
    const { name, at } = errorRecord(new TypeError(secret));
    expect(name).toBe('TypeError');
    expect(at[0]).toMatch(/^at .*errors\.test\.ts:\d+:\d+/);
    expect(errorRecord(deep(20)).at).toHaveLength(8);
  });

  test.for([
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

  test('gives the kind of what is no error', () => {
    const kinds = ['a', 1, undefined, { name: 'Error' }].map((value) => errorRecord(value));
    expect(kinds.map(({ name }) => name)).toEqual(['string', 'number', 'undefined', 'object']);
    expect(kinds.flatMap(({ at }) => at)).toEqual([]);
  });

  test('gives no frames for an error that has no stack', () => {
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
