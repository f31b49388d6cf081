import { describe, expect, test } from 'vitest';
import { judge, type Verdict } from '../../functions/core/session/policy.ts';
import type { Session } from '../../functions/core/session/session.ts';
import { later } from '../../functions/core/time.ts';
import { family } from './rotation-rows.ts';
import { digestOf, loggedIn, now, rowOf } from './rows.ts';

const row = rowOf('eos', 'abc');

/** A session whose secret was replaced for the third time a minute ago, in its grace. */
const third: Session = {
  ...loggedIn(row, later(now, -600)),
  refreshedAt: later(now, -60),
  idleUntil: later(now, 60),
  endsAt: later(now, 60),
  generation: 3,
  secretFamily: family,
  graceUntil: later(now, 1),
};
const over = { graceUntil: now };
const secret = (generation: number) => (generation === 0 ? digestOf(row) : { generation, family });

describe('judge, of a secret that replaced another', () => {
  test.for<{ what: string; generation: number; inGrace: Verdict; after: Verdict }>([
    { what: 'secret 0', generation: 0, inGrace: 'reused-secret', after: 'reused-secret' },
    { what: 'the first', generation: 1, inGrace: 'reused-secret', after: 'reused-secret' },
    { what: 'the one before', generation: 2, inGrace: 'replay', after: 'reused-secret' },
    { what: 'the current one', generation: 3, inGrace: 'replay', after: 'refresh' },
    { what: 'one ahead of the row', generation: 4, inGrace: 'refresh', after: 'refresh' },
  ])('$what: $inGrace in the grace, $after after it', ({ generation, inGrace, after }) => {
    const claim = { secret: secret(generation) };
    expect(judge(third, claim, now)).toBe(inGrace);
    expect(judge({ ...third, ...over }, claim, now)).toBe(after);
  });

  test('takes secret 0 for the one before, once it was replaced', () => {
    const first = { ...third, generation: 1 };
    expect(judge(first, { secret: secret(0) }, now)).toBe('replay');
    expect(judge({ ...first, ...over }, { secret: secret(0) }, now)).toBe('reused-secret');
  });

  test.for([
    { what: 'revoked', changes: { revokedAt: later(now, -1) }, verdict: 'revoked' },
    { what: 'over', changes: { endsAt: now }, verdict: 'lifetime-over' },
    { what: 'idle', changes: { idleUntil: now }, verdict: 'idle-too-long' },
  ])('grants no grace to a session that is $what, and finds no theft', ({ changes, verdict }) => {
    for (const generation of [0, 1, 2, 3, 4])
      expect(judge({ ...third, ...changes }, { secret: secret(generation) }, now)).toBe(verdict);
  });

  test('takes an expired token for late, whatever secret is in it', () => {
    for (const generation of [0, 1, 2, 3, 4]) {
      const late = { secret: secret(generation), expiresAt: now };
      expect(judge({ ...third, ...over }, late, now)).toBe('idle-too-long');
    }
  });

  test('knows no secret of another family', () => {
    for (const generation of [1, 2, 3, 4]) {
      const claim = { secret: { generation, family: 'g'.repeat(22) } };
      expect(judge(third, claim, now)).toBe('wrong-secret');
      expect(judge(loggedIn(row), claim, now)).toBe('wrong-secret');
    }
  });

  test('moves nothing back where a clock is behind the row’s own time', () => {
    const ahead = { ...third, ...over, refreshedAt: later(now, 1) };
    expect(judge(ahead, { secret: secret(3) }, now)).toBe('replay');
    expect(judge(ahead, { secret: secret(4) }, now)).toBe('replay');
  });
});
