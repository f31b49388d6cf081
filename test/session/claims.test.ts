import { describe, expect, test as pure } from 'vitest';
import { claimsApart, claimsKey } from '../../functions/core/session/claims.ts';
import { later } from '../../functions/core/time.ts';
import { claimsOf, loggedIn, now, rowOf, toItem } from './rows.ts';

const row = rowOf('eos', 'abc');
const purgeAt = later(now, 86_400);

function withClaims(bytes: number) {
  return { ...loggedIn(row), claims: claimsOf(JSON.stringify({ a: 'x'.repeat(bytes - 8) })) };
}

describe('claimsApart', () => {
  pure('leaves claims in a row of one write unit', () => {
    expect(claimsApart(row, withClaims(400), purgeAt)).toEqual({ row: withClaims(400) });
  });

  pure('leaves a row without claims as it is', () => {
    const { claims: _, ...anonymous } = loggedIn(row);
    expect(claimsApart(row, anonymous, purgeAt)).toEqual({ row: anonymous });
  });

  pure('takes larger ones out, into an item that the row names', () => {
    const session = withClaims(2000);
    const { row: kept, claims } = claimsApart(row, session, purgeAt);
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
      () => claimsApart(row, withClaims(2000), purgeAt).row.claimsVersion,
    );
    expect(new Set(versions).size).toBe(100);
  });

  pure('counts bytes, not characters, and all that a row may get', () => {
    const apart = (session: ReturnType<typeof withClaims>) =>
      claimsApart(row, session, purgeAt).claims !== undefined;
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
    const item = Object.entries(toItem(grown));
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
