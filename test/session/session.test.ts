import { createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { timesAtOpening, tokenLifetime } from '../../functions/core/session/policy.ts';
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
import { now, reading, rowOf, sliding } from './rows.ts';

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
    expect([tokenLifetime(sliding), tokenLifetime(reading)]).toEqual([1800, 930]);
  });

  test('are whole seconds, the one that the moment lies in', () => {
    expect([epochSeconds(1.999), epochSeconds(2)]).toEqual([1, 2]);
  });
});
