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
  placeOf,
  recognise,
} from '../../functions/core/session/rotation.ts';
import { digest } from '../../functions/core/session/secret.ts';
import { later } from '../../functions/core/time.ts';
import { loggedIn, now, reading, rowOf, secretOf, sliding } from '../support/session.ts';

describe('policyProblem', () => {
  const grace = (grace: unknown) => ({ rotation: { grace } });
  const token = (token: unknown) => ({ idle: { token } });
  const problem = (changes: object, policy: Policy = sliding, rotates = true) =>
    policyProblem({ ...policy, ...changes } as Policy, { policy, rotates });

  test('accepts whole seconds, a lifetime from idle on, and a grace from 10 s to half of idle', () => {
    const valid = [{}, { idle: 1, lifetime: 1 }, { lifetime: 1800 }, grace(10), grace(900)];
    expect(valid.map((changes) => problem(changes))).toEqual(valid.map(() => undefined));
    expect([problem({}, reading), problem({}, sliding, false)]).toEqual([undefined, undefined]);
  });

  test.for([0, -1, 1.5, Number.NaN, '43200'])('refuses %j for seconds', (wrong) => {
    const seconds = 'it must be a whole number of seconds over 0';
    expect(problem({ lifetime: wrong })).toBe(`lifetime is ${wrong}; ${seconds}`);
    expect(problem(token(wrong), reading)).toBe(`idle is ${wrong}; ${seconds}`);
    const idle =
      typeof wrong === 'string' ? 'must be a number of seconds' : `is ${wrong}; ${seconds}`;
    expect(problem({ idle: wrong })).toBe(`idle ${idle}`);
  });

  test('refuses another idle clock, and limits that do not fit each other', () => {
    expect(problem(token(930))).toBe('idle must be a number of seconds');
    const kind = 'idle must be { token: seconds }, because its token is its idle clock';
    expect(problem({ idle: 1800 }, reading)).toBe(kind);
    expect(problem({ lifetime: 1799 })).toBe('lifetime is 1799; it must be at least idle, 1800');
    expect(problem(grace(901))).toBe('grace is 901; it must be at most half of idle, 1800');
    expect(problem(grace(466), reading)).toBe('grace is 466; it must be at most half of idle, 930');
    const shortest = 'it must be at least 10, because clocks and retries differ by seconds';
    expect(problem(grace(9))).toBe(`grace is 9; ${shortest}`);
  });

  test('refuses another rotation, and every one where the wire has no field for a new secret', () => {
    const form = 'rotation must be fixed or { grace: whole seconds }';
    for (const rotation of [{}, null, 'on', { grace: 60.5 }, { grace: '60' }])
      expect(problem({ rotation })).toBe(form);
    const field = 'rotation must be fixed: the wire has no field for a new secret';
    expect(problem(grace(60), sliding, false)).toBe(field);
  });
});

describe('decide, for a rotated session', () => {
  const family = 'f'.repeat(22);
  const rotated = { generation: 2, parentGeneration: 1, secretFamily: family, graceUntil: now };
  const session = { ...loggedIn(rowOf('eos', 'abc')), ...rotated };

  test('knows the place of each secret', () => {
    const places = [0, 1, 2, 3].map((generation) => placeOf(session, { generation, family }));
    expect(places).toEqual(['dead', 'parent', 'current', 'ahead']);
  });

  test('replaces no secret under fixed', () => {
    for (const generation of [1, 2])
      expect(decide(session, { generation, family }, 'fixed', now)).toBe('refresh');
    expect(decide(session, { generation: 1, family }, { grace: 60 }, now)).toBe('replay');
    const ahead = { ...session, refreshedAt: later(now, 1) };
    for (const generation of [2, 3])
      expect(decide(ahead, { generation, family }, 'fixed', now)).toBe('replay');
  });

  test('tells a guesser nothing of the end', () => {
    const guess = { generation: 2, family: 'a guess' };
    expect(decide({ ...session, revokedAt: now }, guess, 'fixed', now)).toBe('wrong-secret');
  });
});

describe('timesOf', () => {
  const row = { ...loggedIn(rowOf('ccstore', 'abc')), endsAt: later(now, 5000) };
  const rotating: Policy = { ...reading, rotation: { grace: 60 } };
  const soon = { endsAt: later(now, 200) };
  const short = { issuedLifetime: 500 };
  const own = { ...short, tokenLifetime: 300 };
  const at = later(now, 100);
  const cases = {
    'the idle limit of a row': [sliding, {}, 100, 1800],
    'the absolute end, if that is earlier': [sliding, soon, 100, 200],
    'a token from now on': [reading, {}, 100, 1030],
    'a token that ends with its session': [reading, soon, 100, 200],
    'the lifetime that the tokens of a session have': [reading, own, 100, 400],
    'the lifetime of the policy, not of a generation, under fixed': [reading, short, 100, 1030],
    'a token of its generation': [rotating, {}, 0, 930],
    'the lifetime of its generation': [rotating, short, 0, 500],
    'the lifetime of its session before that of its generation': [rotating, own, 0, 300],
  } as const;

  test.for(Object.entries(cases))('gives %s', ([, [policy, has, issued, expires]]) => {
    const times = { issuedAt: now + issued, expiresAt: now + expires };
    expect(timesOf({ ...row, ...has }, policy, at)).toEqual(times);
  });
});

describe('a computed secret', () => {
  const row = rowOf('eos', 'abc');
  const keys = deriveKeys('eos', { root: 'root-of-the-tests-0123456789abcdefghij' });
  const family = 'A-'.repeat(11);
  const computed = (generation: number | string) => {
    const tag = createHmac('sha256', keys.successor).update(`${row}\0${generation}\0${family}`);
    return `${generation}.${family}.${tag.digest('base64url')}`;
  };

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

  const wrong = {
    'another text': 'x',
    'the tag of another generation': computed(1).replace(/^1/, '2'),
    'the tag of another family': computed(1).replace('A', 'B'),
    'a tag of its own': `1.${family}.${'B'.repeat(43)}`,
    'generation 0': computed(0),
    'a zero before its number': computed('01'),
    'ten digits': computed(1_234_567_890),
    'something before it': `0${computed(1)}`,
    'something after it': `${computed(1)}A`,
  };
  test.for(Object.entries(wrong))('is not %s', ([, text]) => {
    const secret = secretOf(text);
    const presented = { generation: 0, digest: digest(keys.digest, row, secret) };
    expect(recognise(keys, row, { secret })).toEqual(presented);
    expect(isComputed(keys, row, secret)).toBe(false);
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
