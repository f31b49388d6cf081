import { createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { deriveKeys } from '../../functions/core/keys/keys.ts';
import { defaultTokenLifetime, timesAtOpening } from '../../functions/core/session/policy.ts';
import { digest, newSecret, secret } from '../../functions/core/session/secret.ts';
import {
  expiryOf,
  idOf,
  rowKey,
  sessionHash,
  sessionId,
  subjectKey,
  subjectOf,
} from '../../functions/core/session/session.ts';
import { epochSeconds, later } from '../../functions/core/time.ts';
import { now, reading, rowOf, secretOf, sliding } from '../support/session.ts';
import { material } from '../support/world.ts';

describe('sessionId', () => {
  test('takes 1 to 128 letters, digits, dots, underscores and hyphens, as they are', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9._-]{1,128}$/), (text) => {
        expect(sessionId(text)).toBe(text);
      }),
    );
  });

  test('refuses a text with any other character, wherever it stands', () => {
    const other = fc
      .integer({ min: 0, max: 0x10ffff })
      .map((point) => String.fromCodePoint(point))
      .filter((unit) => !/[A-Za-z0-9._-]/.test(unit));
    const around = fc.stringMatching(/^[A-Za-z0-9._-]{0,20}$/);
    fc.assert(
      fc.property(around, other, around, (before, unit, after) => {
        expect(sessionId(before + unit + after)).toBeUndefined();
      }),
    );
  });

  test.for([
    { what: '128 characters', value: 'a'.repeat(128), taken: true },
    { what: '129 characters', value: 'a'.repeat(129), taken: false },
    { what: 'no character', value: '', taken: false },
    { what: 'a line’s end after it', value: 'abc\n', taken: false },
    { what: 'another line', value: 'abc\nabc', taken: false },
    { what: 'the separator of a row key', value: 'a#b', taken: false },
    { what: 'a percent sign', value: '%61', taken: false },
    { what: 'letters that only look like ASCII', value: 'аbс', taken: false },
    { what: 'dots alone', value: '..', taken: true },
    { what: 'the name __proto__', value: '__proto__', taken: true },
    { what: 'nothing', value: undefined, taken: false },
    { what: 'a number', value: 123, taken: false },
    { what: 'an array of one id', value: ['abc'], taken: false },
    { what: 'a boxed text', value: Object('abc'), taken: false },
  ])('judges $what: taken $taken', ({ value, taken }) => {
    expect(sessionId(value)).toBe(taken ? value : undefined);
  });
});

describe('a row key', () => {
  test('is the contract, a hash sign and the id', () => {
    expect(rowOf('eos', 'abc')).toBe('eos#abc');
  });

  test('gives its id back', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9._-]{1,128}$/), (text) => {
        const id = sessionId(text);
        expect(id && idOf(rowKey('s360', id))).toBe(text);
      }),
    );
  });

  test('has the hash by which logs name it: 22 characters of HMAC-SHA-256', () => {
    const key = createSecretKey('log-key', 'utf8');
    const whole = createHmac('sha256', 'log-key').update('eos#abc').digest('base64url');
    expect(sessionHash(key, rowOf('eos', 'abc'))).toBe(whole.slice(0, 22));
  });
});

describe('a subject', () => {
  test.for(['somebody', 'a#b', '#', '', 'eos#eos', 'نجاح'])('%j comes back', (subject) => {
    expect(subjectOf({ subject: subjectKey('eos', subject) })).toBe(subject);
  });

  test('is nobody’s of another contract', () => {
    expect(subjectKey('eos', 'somebody')).not.toBe(subjectKey('s360', 'somebody'));
  });

  test('is absent while nobody is logged in', () => {
    expect(subjectOf({})).toBeUndefined();
  });
});

describe('the times of a session that is opened', () => {
  test('end the rest after the idle limit, and the session after its lifetime', () => {
    expect(timesAtOpening(sliding, now)).toEqual({
      openedAt: now,
      refreshedAt: now,
      idleUntil: now + 1800,
      endsAt: now + 43_200,
      purgeAt: now + 43_200 + 86_400,
    });
  });

  test('leave the rest to the token where that is the idle clock', () => {
    expect(timesAtOpening(reading, now)).toEqual({
      openedAt: now,
      refreshedAt: now,
      idleUntil: now + 86_400,
      endsAt: now + 86_400,
      purgeAt: now + 2 * 86_400,
    });
  });

  test('tell a client the earlier of the two limits', () => {
    const [early, late] = [now, later(now, 1)];
    expect(expiryOf({ idleUntil: early, endsAt: late })).toBe(early);
    expect(expiryOf({ idleUntil: late, endsAt: early })).toBe(early);
  });

  test('give a token the idle limit, or the time that is its own', () => {
    expect([defaultTokenLifetime(sliding), defaultTokenLifetime(reading)]).toEqual([1800, 930]);
  });

  test('are whole seconds, the one that the moment lies in', () => {
    expect([epochSeconds(1.999), epochSeconds(2)]).toEqual([1, 2]);
  });
});

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
