import { marshall } from '@aws-sdk/util-dynamodb';
import fc from 'fast-check';
import { describe, expect, test as pure } from 'vitest';
import { claimsKey, splitClaims } from '../../functions/core/session/claims.ts';
import { DamagedRow, toSession } from '../../functions/core/session/row.ts';
import type { Session } from '../../functions/core/session/session.ts';
import { epochSeconds, later } from '../../functions/core/time.ts';
import { claimsOf, digestOf, loggedIn, now, rowOf } from '../support/session.ts';

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
  revokedAt: later(now, 9),
  tokenLifetime: 300,
};

describe('toSession', () => {
  pure('gives the row that was written, and hides what it does not know', () => {
    fc.assert(
      fc.property(anySession, (session) => {
        const item = { ...session, note: 'x', __proto__: { claims: 'y' } };
        expect(toSession(item)).toEqual(session);
      }),
    );
  });

  pure('keeps a moment at zero, which is not an absent one', () => {
    const session = { ...full, revokedAt: epochSeconds(0) };
    expect(toSession(session)).toEqual(session);
  });

  const required = ['rowKey', 'openedAt', 'refreshedAt', 'idleUntil', 'endsAt', 'purgeAt'];
  const damages = Object.entries(full).flatMap(([name, value]) => [
    ...wrongFor(value).map((wrong) => ({ what: `${name} ${JSON.stringify(wrong)}`, name, wrong })),
    ...(required.includes(name) ? [{ what: `no ${name}`, name, wrong: undefined }] : []),
  ]);
  pure.for(damages)('throws where the row has $what', ({ name, wrong }) => {
    expect(() => toSession({ ...full, [name]: wrong })).toThrow(DamagedRow);
  });

  pure.for([
    { what: 'a secret without a subject', without: ['subject'] },
    { what: 'a subject without a secret', without: ['secret'] },
    { what: 'a secret without claims', without: ['claims', 'claimsVersion'] },
    { what: 'a generation without its family', without: ['secretFamily'] },
    { what: 'a family without a generation', without: ['generation', 'graceUntil'] },
    { what: 'a generation without a grace', without: ['graceUntil'] },
  ])('throws where the row has $what', ({ without }) => {
    const rest = Object.entries(full).filter(([name]) => !without.includes(name));
    expect(() => toSession(Object.fromEntries(rest))).toThrow(DamagedRow);
  });
});

/** Values that an attribute with such a value must not have. */
function wrongFor(value: string | number): readonly unknown[] {
  const common = [null, true, [1], { S: 'x' }];
  return typeof value === 'string'
    ? [...common, '', 7]
    : [...common, 'soon', '1000000000', 1.5, -1, 2 ** 60, Number.NaN, Number.POSITIVE_INFINITY];
}

const anyMoment = fc.integer({ min: 0, max: 2 ** 40 }).map(epochSeconds);
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 50 });

const times = {
  openedAt: anyMoment,
  refreshedAt: anyMoment,
  idleUntil: anyMoment,
  endsAt: anyMoment,
  purgeAt: anyMoment,
};

const anySession: fc.Arbitrary<Session> = fc
  .tuple(
    fc.record({ rowKey: fc.constant(row), ...times }),
    fc.option(
      fc.record({
        subject: text,
        secret: text.map((text) => digestOf(row, text)),
        claims: fc.json().map(claimsOf),
      }),
      { nil: {} },
    ),
    fc.record({ revokedAt: anyMoment, tokenLifetime: fc.nat() }, { requiredKeys: [] }),
  )
  .map(([row, owned, more]) => ({ ...row, ...owned, ...more }));

const purgeAt = later(now, 86_400);

function withClaims(bytes: number) {
  return { ...loggedIn(row), claims: claimsOf(JSON.stringify({ a: 'x'.repeat(bytes - 8) })) };
}

describe('splitClaims', () => {
  pure('leaves claims in a row of one write unit', () => {
    expect(splitClaims(row, withClaims(400), purgeAt)).toEqual({ row: withClaims(400) });
  });

  pure('leaves a row without claims as it is', () => {
    const { claims: _, ...anonymous } = loggedIn(row);
    expect(splitClaims(row, anonymous, purgeAt)).toEqual({ row: anonymous });
  });

  pure('takes larger ones out, into an item that the row names', () => {
    const session = withClaims(2000);
    const { row: kept, claims } = splitClaims(row, session, purgeAt);
    const { claims: text, ...rest } = session;
    expect(kept).toEqual({ ...rest, claimsVersion: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(claims).toEqual({
      rowKey: `eos#abc#claims#${kept.claimsVersion}`,
      claims: text,
      purgeAt,
    });
    expect(claimsKey(row, kept.claimsVersion ?? '')).toBe(claims?.rowKey);
  });

  pure('names another item every time', () => {
    const versions = Array.from(
      { length: 100 },
      () => splitClaims(row, withClaims(2000), purgeAt).row.claimsVersion,
    );
    expect(new Set(versions).size).toBe(100);
  });

  pure('counts bytes, not characters, and all that a row may get', () => {
    const apart = (session: ReturnType<typeof withClaims>) =>
      splitClaims(row, session, purgeAt).claims !== undefined;
    const largest = Array.from({ length: 1024 }, (_, bytes) => bytes)
      .filter((bytes) => bytes > 8)
      .findLast((bytes) => !apart(withClaims(bytes)));
    const grown = {
      ...withClaims(largest ?? 0),
      revokedAt: now,
      generation: 999_999_999,
      secretFamily: 'f'.repeat(22),
      graceUntil: now,
    };
    const item = Object.entries(marshall(grown));
    const bytes = item.reduce(
      (sum, [name, { S, N }]) => sum + name.length + (S ?? N ?? '').length,
      0,
    );
    // A number of ten digits takes seven bytes at most; it was counted as ten here, and as eight there.
    expect(bytes).toBeGreaterThan(900);
    expect(bytes - 3 * 9).toBeLessThanOrEqual(1024);
    const arabic = { ...withClaims(100), claims: claimsOf(`{"a":"${'ع'.repeat(400)}"}`) };
    expect(arabic.claims.length).toBeLessThan(largest ?? 0);
    expect(apart(arabic)).toBe(true);
  });
});
