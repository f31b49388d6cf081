import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Claim, judge, judgeLogin } from '../../functions/core/session/policy.ts';
import type { Session } from '../../functions/core/session/session.ts';
import { type EpochSeconds, epochSeconds, later } from '../../functions/core/time.ts';
import { anonymous, digestOf, loggedIn, now, rowOf } from './rows.ts';

const row = rowOf('eos', 'abc');
const right: Claim = { secret: digestOf(row) };
const wrong: Claim = { secret: digestOf(row, 'a wrong one') };

/** A session in the middle of its life: every limit a minute away. */
const alive: Session = {
  ...loggedIn(row, later(now, -60)),
  refreshedAt: later(now, -60),
  idleUntil: later(now, 60),
  endsAt: later(now, 60),
};
const idle = { idleUntil: later(now, -1) };
const over = { endsAt: later(now, -1) };
const revoked = { revokedAt: later(now, -30) };

describe('judge', () => {
  test.for([
    { what: 'no session', session: undefined, verdict: 'unknown-session' },
    { what: 'a session that is alive', session: alive, verdict: 'refresh' },
    { what: 'a revoked session', session: { ...alive, ...revoked }, verdict: 'revoked' },
    {
      what: 'a session that was revoked by a clock ahead of this one',
      session: { ...alive, revokedAt: later(now, 3600) },
      verdict: 'revoked',
    },
    {
      what: 'a session that was revoked at the beginning of time',
      session: { ...alive, revokedAt: epochSeconds(0) },
      verdict: 'revoked',
    },
    { what: 'a session past its end', session: { ...alive, ...over }, verdict: 'lifetime-over' },
    { what: 'a session that rested', session: { ...alive, ...idle }, verdict: 'idle-too-long' },
    {
      what: 'a revoked session past both limits',
      session: { ...alive, ...revoked, ...over, ...idle },
      verdict: 'revoked',
    },
    {
      what: 'a session past both limits',
      session: { ...alive, ...over, ...idle },
      verdict: 'lifetime-over',
    },
    { what: 'an anonymous session', session: anonymous(row), verdict: 'not-logged-in' },
    {
      what: 'a revoked anonymous session',
      session: { ...anonymous(row), ...revoked },
      verdict: 'not-logged-in',
    },
  ])('answers $verdict to the right secret of $what', ({ session, verdict }) => {
    expect(judge(session, right, now)).toBe(verdict);
  });

  test.for([
    { what: 'its end, a second before', limit: 'endsAt', offset: 1, verdict: 'refresh' },
    { what: 'its end', limit: 'endsAt', offset: 0, verdict: 'lifetime-over' },
    { what: 'its idle limit, a second before', limit: 'idleUntil', offset: 1, verdict: 'refresh' },
    { what: 'its idle limit', limit: 'idleUntil', offset: 0, verdict: 'idle-too-long' },
    { what: 'its last refresh', limit: 'refreshedAt', offset: 0, verdict: 'refresh' },
    {
      what: 'its last refresh, a second before',
      limit: 'refreshedAt',
      offset: 1,
      verdict: 'replay',
    },
  ] as const)('answers $verdict at $what', ({ limit, offset, verdict }) => {
    expect(judge({ ...alive, [limit]: later(now, offset) }, right, now)).toBe(verdict);
  });

  test.for([
    { what: 'a second from now', claim: 1, row: 60, verdict: 'refresh' },
    { what: 'now', claim: 0, row: 60, verdict: 'idle-too-long' },
    { what: 'a second ago', claim: -1, row: 60, verdict: 'idle-too-long' },
    { what: 'an hour from now, its session now', claim: 3600, row: 0, verdict: 'idle-too-long' },
  ])('answers $verdict to a token that ends $what', ({ claim, row, verdict }) => {
    const session = { ...alive, idleUntil: later(now, row) };
    expect(judge(session, { ...right, expiresAt: later(now, claim) }, now)).toBe(verdict);
  });

  test.for([
    { what: 'its session was revoked', session: { ...alive, ...revoked }, verdict: 'revoked' },
    { what: 'its session is over', session: { ...alive, ...over }, verdict: 'lifetime-over' },
  ])('answers $verdict to an expired token where $what', ({ session, verdict }) => {
    expect(judge(session, { ...right, expiresAt: now }, now)).toBe(verdict);
  });

  test('answers a wrong secret the same, whatever the session is and the token says', () => {
    fc.assert(
      fc.property(anySession, fc.option(anyMoment, { nil: undefined }), (session, expiresAt) => {
        const claim = { ...wrong, ...(expiresAt !== undefined && { expiresAt }) };
        expect(judge(session, claim, now)).toBe('wrong-secret');
      }),
    );
  });

  test('refuses for good: no later moment takes back a refusal', () => {
    fc.assert(
      fc.property(anySession, anyMoment, anyMoment, (session, one, other) => {
        const [first, second] = one < other ? [one, other] : [other, one];
        const before = judge(session, right, first);
        const after = judge(session, right, second);
        if (!granted(before)) expect(granted(after)).toBe(false);
      }),
    );
  });

  test('grants nothing at or past any limit, nor after a revocation', () => {
    fc.assert(
      fc.property(anySession, anyMoment, anyMoment, (session, moment, expiresAt) => {
        const ends = Math.min(session.endsAt, session.idleUntil, expiresAt);
        const may = session.revokedAt === undefined && moment < ends;
        expect(granted(judge(session, { ...right, expiresAt }, moment))).toBe(may);
      }),
    );
  });
});

describe('judgeLogin', () => {
  const fresh: Session = { ...anonymous(row), idleUntil: later(now, 60), endsAt: later(now, 60) };
  test.for([
    { what: 'no session', session: undefined, verdict: 'unknown-session' },
    { what: 'an anonymous session', session: fresh, verdict: 'login' },
    { what: 'a session that is somebody’s', session: alive, verdict: 'logged-in' },
    { what: 'a revoked one', session: { ...fresh, ...revoked }, verdict: 'revoked' },
    { what: 'one at its end', session: { ...fresh, endsAt: now }, verdict: 'lifetime-over' },
    {
      what: 'one at its idle limit',
      session: { ...fresh, idleUntil: now },
      verdict: 'idle-too-long',
    },
    {
      what: 'a revoked one past both limits',
      session: { ...fresh, ...revoked, ...over, ...idle },
      verdict: 'revoked',
    },
    {
      what: 'one past both limits',
      session: { ...fresh, ...over, ...idle },
      verdict: 'lifetime-over',
    },
    {
      what: 'a revoked session that was somebody’s',
      session: { ...alive, ...revoked },
      verdict: 'revoked',
    },
    {
      what: 'a session that was somebody’s and rested',
      session: { ...alive, ...idle },
      verdict: 'idle-too-long',
    },
  ])('answers $verdict to a login into $what', ({ session, verdict }) => {
    expect(judgeLogin(session, now)).toBe(verdict);
  });
});

function granted(verdict: ReturnType<typeof judge>): boolean {
  return verdict === 'refresh' || verdict === 'replay';
}

/** A few seconds around now, so that moments meet. */
const anyMoment: fc.Arbitrary<EpochSeconds> = fc
  .integer({ min: -3, max: 3 })
  .map((offset) => later(now, offset));

const anySession: fc.Arbitrary<Session> = fc
  .record({
    refreshedAt: anyMoment,
    idleUntil: anyMoment,
    endsAt: anyMoment,
    revokedAt: fc.option(anyMoment, { nil: undefined }),
  })
  .map(({ revokedAt, ...times }) => ({
    ...alive,
    ...times,
    ...(revokedAt !== undefined && { revokedAt }),
  }));
