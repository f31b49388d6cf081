import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { claimsKey, splitClaims } from '../../functions/core/session/claims.ts';
import { toSession } from '../../functions/core/session/row.ts';
import type { Session } from '../../functions/core/session/session.ts';
import { later } from '../../functions/core/time.ts';
import { claimsOf, loggedIn, now, rowOf } from '../support/session.ts';

const row = rowOf('eos', 'abc');
const full: Required<Session> = {
  ...loggedIn(row),
  claimsVersion: 'one',
  generation: 2,
  parentGeneration: 1,
  revokedBy: 'administrator',
  issuedLifetime: 930,
  secretFamily: 'f'.repeat(22),
  graceUntil: later(now, 60),
  loggedInAt: later(now, 5),
  revokedAt: later(now, 9),
  tokenLifetime: 300,
};

/** The row without some attributes. */
function without(names: readonly string[]) {
  return Object.fromEntries(Object.entries(full).filter(([name]) => !names.includes(name)));
}

describe('toSession', () => {
  const login = ['subject', 'secret', 'claims', 'claimsVersion'];
  const rotation = ['generation', 'secretFamily', 'graceUntil'];
  const single = ['claims', 'parentGeneration', 'issuedLifetime', 'tokenLifetime', 'loggedInAt'];
  const optional = [...single, 'revokedAt', 'revokedBy'].map((name) => [name]);

  test('gives the row that was written, and hides what it does not know', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 50 });
    const absent = fc.subarray([login, rotation, ...optional]);
    fc.assert(
      fc.property(absent, text, fc.nat(2 ** 40), (absent, text, number) => {
        const session: Record<string, unknown> = without(absent.flat());
        for (const [name, value] of Object.entries(session))
          session[name] = typeof value === 'string' ? text : number;
        expect(toSession({ ...session, note: 'x', __proto__: { claims: 'y' } })).toEqual(session);
      }),
      // A moment at zero is not an absent one.
      { examples: [[[], 'a', 0]] },
    );
  });

  const damaged = (text: string | RegExp) =>
    expect.objectContaining({ name: 'DamagedRow', message: expect.stringMatching(text) });
  const common = [null, true, [1], { S: 'x' }];
  const noNumbers = ['soon', '1000000000', 1.5, -1, 2 ** 60, Number.NaN, Number.POSITIVE_INFINITY];
  test.for(Object.entries(full))('throws where the %s of a row is not like %s', ([name, value]) => {
    const other = typeof value === 'string' ? ['', 7] : noNumbers;
    for (const wrong of [...common, ...other])
      expect(() => toSession({ ...full, [name]: wrong })).toThrow(damaged(`${name} is not a`));
  });

  const parts = ['subject', 'secret', 'claims claimsVersion', 'secretFamily', 'generation'];
  test.for([
    ...['rowKey', 'openedAt', 'refreshedAt', 'idleUntil', 'endsAt', 'purgeAt'],
    ...[...parts, 'graceUntil', 'generation graceUntil'],
  ])('throws where a row has everything but %s', (names) => {
    expect(() => toSession(without(names.split(' ')))).toThrow(damaged(/ is not | without /));
  });
});

describe('splitClaims', () => {
  const purgeAt = later(now, 86_400);
  const withClaims = (text: string) => ({ ...loggedIn(row), claims: claimsOf(text) });
  const large = withClaims('x'.repeat(2000));

  test('leaves a row without claims as it is', () => {
    const { claims: _, ...anonymous } = { ...loggedIn(row), subject: 'x'.repeat(2000) };
    expect(splitClaims(row, anonymous, purgeAt)).toEqual({ row: anonymous });
  });

  test('takes large claims out, into a new item that the row names', () => {
    const { row: kept, claims } = splitClaims(row, large, purgeAt);
    const { claims: text, ...rest } = large;
    expect(kept).toEqual({ ...rest, claimsVersion: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    const rowKey = `eos#abc#claims#${kept.claimsVersion}`;
    expect(claims).toEqual({ rowKey, claims: text, purgeAt });
    expect(claimsKey(row, kept.claimsVersion ?? '')).toBe(rowKey);
    expect(splitClaims(row, large, purgeAt).claims?.rowKey).not.toBe(rowKey);
  });

  test.for(['x', 'ع'])('leaves claims of %s in a row that can grow to one write unit', (letter) => {
    const { claims: _, claimsVersion: _1, tokenLifetime: _2, loggedInAt: _3, ...other } = full;
    const grown = Object.entries({ ...other, revokedBy: 'reuse-detected', claims: '' });
    const size = (value: unknown) => (typeof value === 'string' ? Buffer.byteLength(value) : 8);
    const rest = grown.reduce((left, [name, value]) => left - name.length - size(value), 1024);
    const text = letter.repeat(Math.floor(rest / Buffer.byteLength(letter)));
    const largest = withClaims(text.padEnd(text.length + rest - Buffer.byteLength(text)));
    expect(splitClaims(row, largest, purgeAt)).toEqual({ row: largest });
    const apart = withClaims(`${largest.claims} `);
    expect(splitClaims(row, apart, purgeAt)).toHaveProperty('claims.claims', apart.claims);
  });
});
