import { createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { deriveKeys } from '../../functions/core/keys/keys.ts';
import { timesAtOpening } from '../../functions/core/session/policy.ts';
import { digest, newSecret, secret } from '../../functions/core/session/secret.ts';
import {
  expiryOf,
  idOf,
  newSessionId,
  rowKey,
  sessionHash,
  sessionId,
  subjectKey,
  subjectOf,
} from '../../functions/core/session/session.ts';
import { epochSeconds, later, readable } from '../../functions/core/time.ts';
import { now, reading, rowOf, secretOf, sliding } from '../support/session.ts';

const idText = fc.stringMatching(/^[A-Za-z0-9._-]{1,128}$/);

describe('sessionId', () => {
  test('takes 1 to 128 letters, digits, dots, underscores and hyphens, and refuses all others', () => {
    const any = fc.string({ unit: 'binary-ascii', maxLength: 3 });
    fc.assert(
      fc.property(fc.oneof(idText, any), (text) => {
        expect(sessionId(text)).toBe(/^[A-Za-z0-9._-]{1,128}$/.test(text) ? text : undefined);
      }),
    );
  });

  test.for([
    { what: '128 characters', value: 'a'.repeat(128), taken: true },
    { what: '129 characters', value: 'a'.repeat(129), taken: false },
    { what: 'no character', value: '', taken: false },
    { what: 'a newline after it', value: 'abc\n', taken: false },
    { what: 'another line', value: 'abc\nabc', taken: false },
    { what: 'a character before it', value: ' abc', taken: false },
    { what: 'the separator of a row key', value: 'a#b', taken: false },
    { what: 'letters that only look like ASCII', value: 'аbс', taken: false },
    { what: 'dots alone', value: '..', taken: true },
    { what: 'the name __proto__', value: '__proto__', taken: true },
    { what: 'undefined', value: undefined, taken: false },
    { what: 'a number', value: 123, taken: false },
    { what: 'an array of one id', value: ['abc'], taken: false },
    { what: 'a boxed text', value: Object('abc'), taken: false },
  ])('judges $what: taken $taken', ({ value, taken }) => {
    expect(sessionId(value)).toBe(taken ? value : undefined);
  });

  test('takes a new id, which is a random UUID', () => {
    const ids = Array.from({ length: 100 }, newSessionId);
    expect(new Set(ids).size).toBe(100);
    expect(ids.map(sessionId)).toEqual(ids);
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f-]{17}$/);
  });
});

describe('names in the table and in logs', () => {
  test('join the contract and the id, and give the id back', () => {
    expect(rowOf('eos', 'abc')).toBe('eos#abc');
    fc.assert(
      fc.property(idText, (text) => {
        const id = sessionId(text);
        expect(id && idOf(rowKey('s360', id))).toBe(text);
      }),
    );
  });

  test('hash a row key to 22 characters of HMAC-SHA-256', () => {
    const whole = createHmac('sha256', 'log-key').update('eos#abc').digest('base64url');
    const key = createSecretKey('log-key', 'utf8');
    expect(sessionHash(key, rowOf('eos', 'abc'))).toBe(whole.slice(0, 22));
  });

  test.for(['somebody', 'a#b', '#', '', 'eos#eos', 'نجاح'])(
    'give the subject %j back',
    (subject) => {
      expect(subjectKey('eos', subject)).toBe(`eos#${subject}`);
      expect(subjectOf({ subject: subjectKey('eos', subject) })).toBe(subject);
    },
  );

  test('have no subject before a login', () => {
    expect(subjectOf({})).toBeUndefined();
  });
});

describe('the times of a session', () => {
  const opened = { openedAt: now, refreshedAt: now };
  const day = 86_400;

  test('end after the idle timeout and after the lifetime, and the row a day later', () => {
    const [idleUntil, endsAt] = [later(now, 1800), later(now, 43_200)];
    const purgeAt = later(endsAt, day);
    expect(timesAtOpening(sliding, now)).toEqual({ ...opened, idleUntil, endsAt, purgeAt });
  });

  test('leave the idle timeout to the token, if that is the idle clock', () => {
    const endsAt = later(now, day);
    const purgeAt = later(endsAt, day);
    expect(timesAtOpening(reading, now)).toEqual({ ...opened, idleUntil: endsAt, endsAt, purgeAt });
  });

  test('tell a client the earlier of the two limits', () => {
    const [early, late] = [now, later(now, 1)];
    expect(expiryOf({ idleUntil: early, endsAt: late })).toBe(early);
    expect(expiryOf({ idleUntil: late, endsAt: early })).toBe(early);
  });

  test('are whole seconds, which logs write in UTC', () => {
    expect([epochSeconds(1.999), epochSeconds(2)]).toEqual([1, 2]);
    expect(readable(now)).toBe('2001-09-09 01:46:40');
    expect(readable(epochSeconds(1e15))).toBe('1000000000000000');
  });
});

describe('digest', () => {
  const key = createSecretKey(new Uint8Array(32).fill(7));
  const code = secretOf('12345678901');

  test('gives the HMAC that OpenSSL gives: a change would end every session', () => {
    const given = digest(key, rowOf('eos', 'abc'), code);
    expect(given).toBe('G9eEdyl_cRWKehS3YuT-rK_SWsI285uZ_XYSGS_BMQ0');
  });

  test('gives HMAC-SHA-256 of the row key, a NUL and the secret, as base64url', () => {
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const text = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(bytes, idText, text, (bytes, id, text) => {
        const expected = createHmac('sha256', bytes).update(`eos#${id}\0${text}`, 'utf8');
        const given = digest(createSecretKey(bytes), rowOf('eos', id), secretOf(text));
        expect(given).toBe(expected.digest('base64url'));
      }),
    );
  });

  test('differs by contract: by the row key alone, and by the key alone', () => {
    const names = [...new Set(contracts.map(({ serves }) => serves))];
    const keys = names.map((name) => deriveKeys(name, { root: 'root'.repeat(16) }).digest);
    const rows = names.map((name) => rowOf(name, 'abc'));
    const digests = keys.flatMap((key) => rows.map((row) => digest(key, row, code)));
    expect(new Set(digests).size).toBe(names.length ** 2);
  });
});

describe('secret', () => {
  test.for([
    { what: 'eleven digits', value: '12345678901', taken: true },
    { what: 'a single space', value: ' ', taken: true },
    { what: 'a NUL', value: '\0', taken: true },
    { what: 'a pair of surrogates', value: '🔑', taken: true },
    { what: '60 kB', value: 'x'.repeat(60_000), taken: true },
    { what: 'no character', value: '', taken: false },
    { what: 'a lone high surrogate', value: '\ud83d', taken: false },
    { what: 'a lone low surrogate', value: 'a\udd11b', taken: false },
    { what: 'undefined', value: undefined, taken: false },
    { what: 'null', value: null, taken: false },
    { what: 'a number', value: 12345678901, taken: false },
    { what: 'an array of one text', value: ['abc'], taken: false },
    { what: 'a boxed text', value: Object('abc'), taken: false },
  ])('judges $what: taken $taken', ({ value, taken }) => {
    expect(secret(value)).toBe(taken ? value : undefined);
  });

  test('takes the texts that survive UTF-8, so that no two of them are the same bytes', () => {
    // Code units around the surrogates, so that every way to be ill-formed comes up.
    const units = fc.array(fc.integer({ min: 0xd7fe, max: 0xe001 }), { maxLength: 3 });
    fc.assert(
      fc.property(units, (units) => {
        const text = String.fromCharCode(...units);
        const survives = text !== '' && Buffer.from(text).toString() === text;
        expect(secret(text)).toBe(survives ? text : undefined);
      }),
    );
  });

  test('takes a new secret, which is 32 random bytes in base64url', () => {
    const made = Array.from({ length: 100 }, newSecret);
    expect(new Set(made).size).toBe(100);
    for (const text of made) {
      const bytes = Buffer.from(text, 'base64url');
      expect([bytes.length, bytes.toString('base64url'), secret(text)]).toEqual([32, text, text]);
    }
  });
});
