import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  generationOf,
  longestSuccessor,
  newFamily,
  readSuccessor,
  secretNow,
  successor,
} from '../../functions/core/session/successor.ts';
import { digestOf, rowOf, secretOf } from './rows.ts';

const key = createSecretKey(new Uint8Array(32).fill(1));
const row = rowOf('eos', 'abc');
const family = 'AbCdEfGhIjKlMnOpQrStUv';
const third = successor(key, row, { generation: 3, family });

describe('a computed secret', () => {
  test('is its number, its family and an HMAC-SHA-256, the same whoever asks', () => {
    expect(third).toMatch(/^3\.AbCdEfGhIjKlMnOpQrStUv\.[A-Za-z0-9_-]{43}$/);
    expect(successor(key, row, { generation: 3, family })).toBe(third);
    // As openssl has it: printf 'eos#abc\0003\000AbCdEfGhIjKlMnOpQrStUv' | openssl dgst -sha256 -mac HMAC …
    expect(third).toBe('3.AbCdEfGhIjKlMnOpQrStUv.zi1EolNNtkrPKC3Z0NyWvEQjEDdhzi49hk7DKk1cNUk');
  });

  test('can be written into a form, a header and JSON as it is', () => {
    expect(encodeURIComponent(third)).toBe(third);
    expect(JSON.stringify(third)).toBe(`"${third}"`);
  });

  test('says what it is, of whatever age', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999 }), (generation) => {
        const drawn = newFamily();
        const made = successor(key, row, { generation, family: drawn });
        expect(made.length).toBeLessThanOrEqual(longestSuccessor);
        expect(readSuccessor(key, row, made)).toEqual({ generation, family: drawn });
      }),
    );
  });

  test.for([
    { what: 'another number', text: third.replace('3.', '4.') },
    { what: 'a number more', text: `1${third}` },
    { what: 'a leading zero', text: `0${third}` },
    { what: 'number 0', text: third.replace('3.', '0.') },
    { what: 'a sign', text: `+${third}` },
    { what: 'a number as no integer', text: third.replace('3.', '3.0.') },
    { what: 'ten digits', text: third.replace('3.', '1000000003.') },
    { what: 'another family', text: third.replace('.A', '.B') },
    { what: 'a shorter family', text: third.replace('.A', '.') },
    { what: 'no family', text: third.replace(family, '') },
    { what: 'a tag cut short', text: third.slice(0, -1) },
    { what: 'a tag and more', text: `${third}A` },
    { what: 'a line break', text: `${third}\n` },
    { what: 'a tag in another alphabet', text: `${third.slice(0, -1)}+` },
    { what: 'nothing but dots', text: '..' },
    { what: 'eleven digits', text: '20004007594' },
  ])('is none with $what', ({ text }) => {
    expect(text).not.toBe(third);
    expect(readSuccessor(key, row, secretOf(text))).toBeUndefined();
  });

  test('is none with any other character in its place', () => {
    for (let at = 0; at < third.length; at += 1)
      for (const other of ['A', 'B', '7', '.', '-', 'é']) {
        const text = third.slice(0, at) + other + third.slice(at + 1);
        if (text !== third) expect(readSuccessor(key, row, secretOf(text)), text).toBeUndefined();
      }
  });

  test.for([
    { what: 'under another key', key: createSecretKey(new Uint8Array(32).fill(2)), row },
    { what: 'for another session', key, row: rowOf('eos', 'abd') },
    { what: 'for another contract', key, row: rowOf('ccstore', 'abc') },
  ])('is none $what', ({ key, row }) => {
    expect(readSuccessor(key, row, third)).toBeUndefined();
  });

  test('moves nothing from one part into another', () => {
    const made = successor(key, row, { generation: 11, family });
    expect(made.split('.')[2]).not.toBe(
      successor(key, row, { generation: 1, family }).split('.')[2],
    );
    const longer = successor(key, rowOf('eos', 'abc1'), { generation: 1, family });
    expect(made.split('.')[2]).not.toBe(longer.split('.')[2]);
  });
});

test('a family is drawn anew every time: 22 characters', () => {
  const drawn = Array.from({ length: 1000 }, newFamily);
  expect(new Set(drawn).size).toBe(1000);
  for (const one of drawn) expect(one).toMatch(/^[\w-]{22}$/);
});

describe('generationOf', () => {
  const secret = digestOf(row);

  test.for([
    { what: 'secret 0', session: { secret }, proof: secret, is: 0 },
    {
      what: 'secret 0 of a row whose secret was replaced',
      session: { secret, secretFamily: family },
      proof: secret,
      is: 0,
    },
    { what: 'another secret 0', session: { secret }, proof: digestOf(row, 'b'), is: undefined },
    {
      what: 'secret 2',
      session: { secret, secretFamily: family },
      proof: { generation: 2, family },
      is: 2,
    },
    {
      what: 'a secret of another family',
      session: { secret, secretFamily: family },
      proof: { generation: 2, family: 'x' },
      is: undefined,
    },
    {
      what: 'a computed secret, where none was replaced',
      session: { secret },
      proof: { generation: 2, family },
      is: undefined,
    },
  ])('knows $what', ({ session, proof, is }) => {
    expect(generationOf(session, proof)).toBe(is);
  });
});

describe('secretNow', () => {
  const presented = secretOf('presented');
  const proof = digestOf(row);

  test('is the one presented, where none was replaced', () => {
    expect(secretNow(key, { rowKey: row }, { proof, presented })).toBe(presented);
  });

  test('is the row’s current one, where an older one was presented', () => {
    const session = { rowKey: row, secretFamily: family, generation: 3 };
    expect(secretNow(key, session, { proof, presented })).toBe(third);
    const second = { generation: 2, family };
    expect(secretNow(key, session, { proof: second, presented })).toBe(third);
  });

  test.for([3, 4])('is the one presented, where that is number %i of 3', (generation) => {
    const session = { rowKey: row, secretFamily: family, generation: 3 };
    expect(secretNow(key, session, { proof: { generation, family }, presented })).toBe(presented);
  });
});
