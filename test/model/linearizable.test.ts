import { describe, expect, test } from 'vitest';
import { type Event, linearizable } from './linearizable.ts';

type Write = { readonly write?: number };

/** A register: a write tells nothing new, a read tells what is in it. */
function register(state: number, { write }: Write) {
  return { state: write ?? state, told: String(write ?? state) };
}

const write = (value: number, began: number, ended: number): Event<Write> => ({
  operation: { write: value },
  told: String(value),
  began,
  ended,
});
const read = (value: number, began: number, ended: number): Event<Write> => ({
  operation: {},
  told: String(value),
  began,
  ended,
});

describe('linearizable', () => {
  test.for([
    { what: 'nothing at all', history: [] },
    {
      what: 'reads on both sides of a write',
      history: [write(1, 0, 5), read(0, 1, 2), read(1, 3, 4)],
    },
    { what: 'a read during a write', history: [write(1, 0, 3), read(0, 1, 2)] },
    { what: 'writes that overlap', history: [write(1, 0, 3), write(2, 1, 2), read(1, 4, 5)] },
    { what: 'an untold read', history: [write(1, 0, 1), { operation: {}, began: 2, ended: 3 }] },
  ])('accepts $what', ({ history }) => {
    expect(linearizable(0, history, register)).toBe(true);
  });

  test.for([
    { what: 'a read of the past', history: [write(1, 0, 1), read(0, 2, 3)] },
    { what: 'a read of the future', history: [read(1, 0, 1), write(1, 2, 3)] },
    { what: 'a value that comes back', history: [write(1, 0, 5), read(1, 1, 2), read(0, 3, 4)] },
    { what: 'a value that nobody wrote', history: [write(1, 0, 3), read(7, 1, 2)] },
  ])('rejects $what', ({ history }) => {
    expect(linearizable(0, history, register)).toBe(false);
  });
});
