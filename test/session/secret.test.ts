import { createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { deriveKeys } from '../../functions/core/keys/keys.ts';
import { digest, newSecret, secret } from '../../functions/core/session/secret.ts';
import { material } from '../support/world.ts';
import { rowOf, secretOf } from './rows.ts';

const key = createSecretKey(new Uint8Array(32).fill(7));
const row = rowOf('eos', 'abc');
const code = secretOf('12345678901');

describe('digest', () => {
  test('gives the HMAC that OpenSSL gives: a change of it would end every session', () => {
    expect(digest(key, row, code)).toBe('G9eEdyl_cRWKehS3YuT-rK_SWsI285uZ_XYSGS_BMQ0');
  });

  test('gives HMAC-SHA-256 of the row key, a NUL and the secret, as base64url', () => {
    fc.assert(
      fc.property(anyKey, anyId, anySecret, (key, id, text) => {
        const expected = createHmac('sha256', key).update(`eos#${id}\0${text}`, 'utf8');
        const given = digest(key, rowOf('eos', id), secretOf(text));
        expect(given).toBe(expected.digest('base64url'));
        expect(given).toMatch(/^[\w-]{43}$/);
      }),
    );
  });

  test('differs by row, by secret and by key', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(anyKey, anyId, anySecret), {
          minLength: 2,
          selector: ([key, id, text]) => JSON.stringify([key.export(), id, text]),
        }),
        (parts) => {
          const digests = parts.map(([key, id, text]) =>
            digest(key, rowOf('eos', id), secretOf(text)),
          );
          expect(new Set(digests).size).toBe(parts.length);
        },
      ),
    );
  });

  test('differs wherever the same characters are cut into an id and a secret', () => {
    const text = 'abcdefgh';
    const cuts = [1, 2, 3, 4, 5, 6, 7].map((at) =>
      digest(key, rowOf('eos', text.slice(0, at)), secretOf(text.slice(at))),
    );
    expect(new Set(cuts).size).toBe(cuts.length);
  });

  test('differs by contract, by the row and by the key alone', () => {
    const keys = contracts.map(({ name }) => deriveKeys(name, material).digest);
    const rows = contracts.map(({ name }) => rowOf(name, 'abc'));
    const digests = keys.flatMap((key) => rows.map((row) => digest(key, row, code)));
    expect(new Set(digests).size).toBe(contracts.length ** 2);
  });
});

describe('secret', () => {
  test.for([
    { what: 'eleven digits', text: '12345678901' },
    { what: 'a single space', text: ' ' },
    { what: 'a NUL', text: '\0' },
    { what: 'a pair of surrogates', text: '🔑' },
    { what: 'Arabic', text: 'نجاح' },
    { what: '60 kB', text: 'x'.repeat(60_000) },
  ])('takes $what as it is', ({ text }) => {
    expect(secret(text)).toBe(text);
  });

  test.for([
    { what: 'no character', value: '' },
    { what: 'a lone high surrogate', value: '\ud83d' },
    { what: 'a lone low surrogate', value: 'a\udd11b' },
    { what: 'surrogates the wrong way round', value: '\udd11\ud83d' },
    { what: 'nothing', value: undefined },
    { what: 'null', value: null },
    { what: 'a number', value: 12345678901 },
    { what: 'a boolean', value: true },
    { what: 'an array of one text', value: ['abc'] },
    { what: 'an object', value: { toString: () => 'abc' } },
    { what: 'a boxed text', value: Object('abc') },
  ])('refuses $what', ({ value }) => {
    expect(secret(value)).toBeUndefined();
  });

  test('takes the texts that come back from UTF-8, so that no two of them are the same bytes', () => {
    // Code units around the surrogates, so that every way to be ill-formed comes up.
    const units = fc.array(fc.integer({ min: 0xd7fe, max: 0xe001 }), { maxLength: 3 });
    fc.assert(
      fc.property(units, (units) => {
        const text = String.fromCharCode(...units);
        const survives = text !== '' && Buffer.from(text).toString() === text;
        expect(secret(text)).toBe(survives ? text : undefined);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('newSecret', () => {
  test('gives 32 bytes as base64url, others each time', () => {
    const made = Array.from({ length: 100 }, newSecret);
    expect(new Set(made).size).toBe(100);
    for (const text of made)
      expect(Buffer.from(text, 'base64url').toString('base64url')).toBe(text);
    for (const text of made) expect(Buffer.from(text, 'base64url')).toHaveLength(32);
  });
});

const anyKey = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => createSecretKey(bytes));
const anyId = fc.stringMatching(/^[A-Za-z0-9._-]{1,128}$/);
const anySecret = fc.string({ unit: 'grapheme', minLength: 1 });
