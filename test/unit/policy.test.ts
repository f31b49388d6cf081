import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { deriveKeys } from '../../functions/core/keys/keys.ts';
import {
  decide,
  type Policy,
  policyProblem,
  timesOf,
} from '../../functions/core/session/policy.ts';
import {
  currentSecret,
  isComputed,
  longestSecret,
  type Presented,
  recognise,
} from '../../functions/core/session/rotation.ts';
import { digest } from '../../functions/core/session/secret.ts';
import type { Session } from '../../functions/core/session/session.ts';
import { later } from '../../functions/core/time.ts';
import { loggedIn, now, reading, rowOf, secretOf, sliding } from '../support/session.ts';

describe('policyProblem', () => {
  const rotates = { policy: sliding, rotates: true };
  const seconds = 'it must be a whole number of seconds over 0';
  const form = 'rotation must be fixed or { grace: whole seconds }';

  test.for([
    { policy: {}, problem: undefined },
    { policy: { idle: 1, lifetime: 1 }, problem: undefined },
    { policy: { idle: 0 }, problem: `idle is 0; ${seconds}` },
    { policy: { idle: -1 }, problem: `idle is -1; ${seconds}` },
    { policy: { idle: 1.5 }, problem: `idle is 1.5; ${seconds}` },
    { policy: { idle: Number.NaN }, problem: `idle is NaN; ${seconds}` },
    { policy: { idle: '1800' }, problem: 'idle must be a number of seconds' },
    { policy: { idle: { token: 930 } }, problem: 'idle must be a number of seconds' },
    { policy: { lifetime: 0 }, problem: `lifetime is 0; ${seconds}` },
    { policy: { lifetime: '43200' }, problem: `lifetime is 43200; ${seconds}` },
    { policy: { lifetime: 1799 }, problem: 'lifetime is 1799; it must be at least idle, 1800' },
    { policy: { lifetime: 1800 }, problem: undefined },
    { policy: { rotation: { grace: 10 } }, problem: undefined },
    { policy: { rotation: { grace: 900 } }, problem: undefined },
    {
      policy: { rotation: { grace: 901 } },
      problem: 'grace is 901; it must be at most half of idle, 1800',
    },
    {
      policy: { rotation: { grace: 9 } },
      problem: 'grace is 9; it must be at least 10, because clocks and retries differ by seconds',
    },
    { policy: { rotation: { grace: 60.5 } }, problem: form },
    { policy: { rotation: { grace: '60' } }, problem: form },
    { policy: { rotation: {} }, problem: form },
    { policy: { rotation: null }, problem: form },
    { policy: { rotation: 'on' }, problem: form },
  ])('gives $problem for $policy', ({ policy, problem }) => {
    expect(policyProblem({ ...sliding, ...policy } as Policy, rotates)).toBe(problem);
  });

  test('checks the token of a contract whose token is the idle clock', () => {
    const contract = { policy: reading, rotates: true };
    const idle = 'idle must be { token: seconds }, because its token is its idle clock';
    expect(policyProblem(reading, contract)).toBeUndefined();
    expect(policyProblem(sliding, contract)).toBe(idle);
    expect(policyProblem({ ...reading, idle: { token: 0 } }, contract)).toBe(
      `idle is 0; ${seconds}`,
    );
    expect(policyProblem({ ...reading, rotation: { grace: 466 } }, contract)).toContain('930');
  });

  test('refuses rotation where the wire has no field for a new secret', () => {
    const contract = { policy: sliding, rotates: false };
    expect(policyProblem(sliding, contract)).toBeUndefined();
    expect(policyProblem({ ...sliding, rotation: { grace: 60 } }, contract)).toBe(
      'rotation must be fixed: the wire has no field for a new secret',
    );
  });
});

describe('decide', () => {
  test('replaces no secret under fixed, also in a grace that rotation left', () => {
    const family = 'f'.repeat(22);
    const rotated = { generation: 2, parentGeneration: 1, secretFamily: family, graceUntil: now };
    const session = { ...loggedIn(rowOf('eos', 'abc')), ...rotated };
    for (const generation of [1, 2])
      expect(decide(session, { generation, family }, 'fixed', now)).toBe('refresh');
    expect(decide(session, { generation: 1, family }, { grace: 60 }, now)).toBe('replay');
  });
});

describe('timesOf', () => {
  const row: Session = { ...loggedIn(rowOf('ccstore', 'abc')), endsAt: later(now, 5000) };
  const rotating: Policy = { ...reading, rotation: { grace: 60 } };
  const at = later(now, 100);
  const short = { issuedLifetime: 500 };
  const own = { tokenLifetime: 300 };

  test.for([
    { what: 'the idle limit of a row', policy: sliding, row, times: [at, row.idleUntil] },
    {
      what: 'the absolute end, if that is earlier',
      policy: sliding,
      row: { ...row, endsAt: later(now, 200) },
      times: [at, later(now, 200)],
    },
    { what: 'a token from now on', policy: reading, row, times: [at, later(at, 930)] },
    {
      what: 'a token that ends with its session',
      policy: reading,
      row: { ...row, endsAt: later(now, 200) },
      times: [at, later(now, 200)],
    },
    {
      what: "the session's own lifetime of tokens",
      policy: reading,
      row: { ...row, ...short, ...own },
      times: [at, later(at, 300)],
    },
    {
      what: "the policy's lifetime under fixed, not the one of a generation",
      policy: reading,
      row: { ...row, ...short },
      times: [at, later(at, 930)],
    },
    { what: 'a token of its generation', policy: rotating, row, times: [now, later(now, 930)] },
    {
      what: 'the lifetime of its generation',
      policy: rotating,
      row: { ...row, ...short },
      times: [now, later(now, 500)],
    },
    {
      what: 'the lifetime of its session before that of its generation',
      policy: rotating,
      row: { ...row, ...short, ...own },
      times: [now, later(now, 300)],
    },
  ])('gives $what', ({ policy, row, times: [issuedAt, expiresAt] }) => {
    expect(timesOf(row, policy, at)).toEqual({ issuedAt, expiresAt });
  });
});

describe('a computed secret', () => {
  const row = rowOf('eos', 'abc');
  const keys = deriveKeys('eos', { root: 'root-of-the-tests-0123456789abcdefghij' });
  const family = 'A-'.repeat(11);
  const tag = (generation: number | string) =>
    createHmac('sha256', keys.successor).update(`${row}\0${generation}\0${family}`);
  const computed = (generation: number | string) =>
    `${generation}.${family}.${tag(generation).digest('base64url')}`;

  test('is recognised in any generation of nine digits, with the times of its token', () => {
    for (const generation of [1, 9, 10, 999_999_999]) {
      const secret = secretOf(computed(generation));
      const times = { issuedAt: now, expiresAt: later(now, 930) };
      const presented = { generation, family };
      expect(recognise(keys, row, { secret })).toEqual(presented);
      expect(recognise(keys, row, { secret, ...times })).toEqual({ ...presented, ...times });
      expect(isComputed(keys, row, secret)).toBe(true);
    }
    expect(computed(999_999_999)).toHaveLength(longestSecret);
  });

  test.for([
    { what: 'a text', secret: 'x' },
    { what: 'a tag of another generation', secret: computed(1).replace(/^1/, '2') },
    { what: 'a tag of another family', secret: computed(1).replace('A', 'B') },
    { what: 'a tag of its own', secret: `1.${family}.${'B'.repeat(43)}` },
    { what: 'generation 0', secret: computed(0) },
    { what: 'a zero before its number', secret: computed('01') },
    { what: 'ten digits', secret: computed(1_234_567_890) },
    { what: 'something before it', secret: `0${computed(1)}` },
    { what: 'something after it', secret: `${computed(1)}A` },
  ])('is no secret with $what', ({ secret }) => {
    const presented = recognise(keys, row, { secret: secretOf(secret) });
    expect(presented).toEqual({
      generation: 0,
      digest: digest(keys.digest, row, secretOf(secret)),
    });
    expect(isComputed(keys, row, secretOf(secret))).toBe(false);
  });

  test('is no secret of another row or under another key', () => {
    const secret = secretOf(computed(1));
    expect(isComputed(keys, rowOf('eos', 'abd'), secret)).toBe(false);
    expect(isComputed({ ...keys, successor: keys.digest }, row, secret)).toBe(false);
  });

  test('is what the client of a later generation gets, and never an older one', () => {
    const session = { ...loggedIn(row), generation: 3, secretFamily: family };
    const held = secretOf('held');
    const next = (presented: Presented) => currentSecret(keys, session, presented, held);
    expect(next({ generation: 2, family })).toBe(computed(3));
    expect(next({ generation: 3, family })).toBe('held');
    expect(next({ generation: 4, family })).toBe('held');
  });
});
