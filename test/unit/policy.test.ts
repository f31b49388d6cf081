import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { deriveKeys } from '../../functions/core/keys/keys.ts';
import {
  decide,
  type Policy,
  policyProblem,
  timesAtOpening,
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
import { later } from '../../functions/core/time.ts';
import { loggedIn, now, reading, rowOf, secretOf, sliding } from '../support/session.ts';

describe('policyProblem', () => {
  const seconds = 'it must be a whole number of seconds over 0';
  const form = 'rotation must be fixed or { grace: whole seconds }';
  const grace = (grace: unknown) => ({ rotation: { grace } });
  const token = (token: number) => ({ idle: { token } });
  const kind = 'idle must be { token: seconds }, because its token is its idle clock';
  const soon = 'it must be at least 10, because clocks and retries differ by seconds';

  const problems: [string | undefined, Policy, ...object[]][] = [
    [undefined, sliding, {}, { idle: 1, lifetime: 1 }, { lifetime: 1800 }, grace(10), grace(900)],
    [`idle is 0; ${seconds}`, sliding, { idle: 0 }],
    [`idle is -1; ${seconds}`, sliding, { idle: -1 }],
    [`idle is 1.5; ${seconds}`, sliding, { idle: 1.5 }],
    [`idle is NaN; ${seconds}`, sliding, { idle: Number.NaN }],
    ['idle must be a number of seconds', sliding, { idle: '1800' }, token(930)],
    [`lifetime is 0; ${seconds}`, sliding, { lifetime: 0 }],
    [`lifetime is 43200; ${seconds}`, sliding, { lifetime: '43200' }],
    ['lifetime is 1799; it must be at least idle, 1800', sliding, { lifetime: 1799 }],
    ['grace is 901; it must be at most half of idle, 1800', sliding, grace(901)],
    [`grace is 9; ${soon}`, sliding, grace(9)],
    [
      form,
      sliding,
      grace(60.5),
      grace('60'),
      ...[{}, null, 'on'].map((rotation) => ({ rotation })),
    ],
    [undefined, reading, {}],
    [kind, reading, { idle: 1800 }],
    [`idle is 0; ${seconds}`, reading, token(0)],
    ['grace is 466; it must be at most half of idle, 930', reading, grace(466)],
  ];
  test.for(problems)('gives %s', ([problem, policy, ...changes]) => {
    const contract = { policy, rotates: true };
    for (const changed of changes)
      expect(policyProblem({ ...policy, ...changed } as Policy, contract)).toBe(problem);
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

describe('timesAtOpening', () => {
  const day = 86_400;

  test.for([
    { what: 'timeout', policy: sliding, idle: 1800, lifetime: 43_200 },
    {
      what: 'token, so it lasts as long as its lifetime',
      policy: reading,
      idle: day,
      lifetime: day,
    },
  ])('has an idle $what, and leaves the row a day longer', ({ policy, idle, lifetime }) => {
    const endsAt = now + lifetime;
    const times = { openedAt: now, refreshedAt: now, idleUntil: now + idle, endsAt };
    expect(timesAtOpening(policy, now)).toEqual({ ...times, purgeAt: endsAt + day });
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

  test.for([
    { what: 'another text', text: 'x' },
    { what: 'the tag of another generation', text: computed(1).replace(/^1/, '2') },
    { what: 'the tag of another family', text: computed(1).replace('A', 'B') },
    { what: 'a tag of its own', text: `1.${family}.${'B'.repeat(43)}` },
    { what: 'generation 0', text: computed(0) },
    { what: 'a zero before its number', text: computed('01') },
    { what: 'ten digits', text: computed(1_234_567_890) },
    { what: 'something before it', text: `0${computed(1)}` },
    { what: 'something after it', text: `${computed(1)}A` },
  ])('is not $what', ({ text }) => {
    const secret = secretOf(text);
    const presented = { generation: 0, digest: digest(keys.digest, row, secret) };
    expect(recognise(keys, row, { secret })).toEqual(presented);
    expect(isComputed(keys, row, secret)).toBe(false);
  });

  test('is not one of another row or under another key', () => {
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
