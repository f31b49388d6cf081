import { createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digest, newSecret, secret } from '../../functions/core/session/secret.ts';
import {
  expiryOf,
  idOf,
  newSessionId,
  sessionHash,
  sessionId,
  subjectKey,
  subjectOf,
} from '../../functions/core/session/session.ts';
import { epochSeconds, later, readable } from '../../functions/core/time.ts';
import { now, rowOf, secretOf } from '../support/session.ts';

const idText = fc.stringMatching(/^[A-Za-z0-9._-]{1,128}$/);
/** What is no text: not even what turns into one. */
const noTexts = [undefined, null, 12345678901, ['abc'], { toString: () => 'abc' }, Object('abc')];

describe('sessionId', () => {
  test('takes 1 to 128 letters, digits, dots, underscores and hyphens, and nothing else', () => {
    for (const text of ['..', '__proto__', 'Az09._-', 'a'.repeat(128)])
      expect(sessionId(text)).toBe(text);
    const characters = Array.from({ length: 0x500 }, (_, code) => String.fromCharCode(code));
    const texts = characters.flatMap((one) => [one, `${one}abc`, `abc${one}`, `a${one}c`]);
    const taken = texts.filter((text) => sessionId(text) === text);
    expect(taken).toEqual(texts.filter((text) => /^[A-Za-z0-9._-]+$/.test(text)));
    for (const value of ['', 'a'.repeat(129), 'abc\nabc', ...noTexts])
      expect(sessionId(value)).toBeUndefined();
  });

  test('takes a new id, which is a random UUID', () => {
    const ids = Array.from({ length: 100 }, newSessionId);
    expect(new Set(ids).size).toBe(100);
    expect(ids.map(sessionId)).toEqual(ids);
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f-]{17}$/);
  });
});

test('names in the table join the contract and the id or the subject, and give them back', () => {
  expect(rowOf('eos', 'abc')).toBe('eos#abc');
  for (const id of ['a', 'Az09._-', newSessionId()]) expect(idOf(rowOf('s360', id))).toBe(id);
  for (const subject of ['somebody', 'a#b', '#', '', 'eos#eos', 'نجاح']) {
    expect(subjectKey('eos', subject)).toBe(`eos#${subject}`);
    expect(subjectOf({ subject: subjectKey('eos', subject) })).toBe(subject);
  }
  // There is no subject before a login.
  expect(subjectOf({})).toBeUndefined();
});

test('names in logs are 22 characters of HMAC-SHA-256 of the row key', () => {
  const whole = createHmac('sha256', 'log-key').update('eos#abc').digest('base64url');
  const key = createSecretKey('log-key', 'utf8');
  expect(sessionHash(key, rowOf('eos', 'abc'))).toBe(whole.slice(0, 22));
});

test('expiryOf gives the earlier of the two limits', () => {
  const [early, late] = [now, later(now, 1)];
  expect(expiryOf({ idleUntil: early, endsAt: late })).toBe(early);
  expect(expiryOf({ idleUntil: late, endsAt: early })).toBe(early);
});

test('moments are whole seconds, which logs write in UTC', () => {
  expect([epochSeconds(1.999), epochSeconds(2)]).toEqual([1, 2]);
  expect(readable(now)).toBe('2001-09-09 01:46:40');
  expect(readable(epochSeconds(1e15))).toBe('1000000000000000');
});

test('digest gives HMAC-SHA-256 of the row key, a NUL and the secret, as base64url', () => {
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

describe('secret', () => {
  test('takes every text of well-formed Unicode, and nothing else', () => {
    for (const text of ['12345678901', ' ', '\0', 'نجاح', '🔑', 'x'.repeat(60_000)])
      expect(secret(text)).toBe(text);
    for (const value of ['', ...noTexts]) expect(secret(value)).toBeUndefined();
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
