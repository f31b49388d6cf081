import { describe, expect, test as pure } from 'vitest';
import { judge, type Policy, type Verdict } from '../../functions/core/session/policy.ts';
import type { Session } from '../../functions/core/session/session.ts';
import { later } from '../../functions/core/time.ts';
import { onBothEngines } from '../support/world.ts';
import {
  everyRotation,
  grace,
  type RotationCase,
  slidingRotation,
  tokenRotation,
} from './rotation-rows.ts';
import { itemOf, now, put, sliding, toItem, unknownAttribute } from './rows.ts';

const cases = everyRotation();

describe('the cases of the law of rotation', () => {
  pure('hold every verdict that a row can have', () => {
    expect(new Set(cases.map(({ what }) => what)).size).toBe(cases.length);
    const verdicts = new Map<Verdict, number>();
    for (const { session, proof } of cases) {
      const verdict = judge(session, { secret: proof }, now);
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    }
    expect([...verdicts.keys()].sort()).toEqual([
      'idle-too-long',
      'lifetime-over',
      'not-logged-in',
      'refresh',
      'replay',
      'reused-secret',
      'revoked',
      'wrong-secret',
    ]);
    for (const [verdict, times] of verdicts) expect(times, verdict).toBeGreaterThan(5);
  });
});

const policies = [
  { what: 'where the idle limit slides', policy: slidingRotation },
  { what: 'where the token is the idle clock', policy: tokenRotation },
  { what: 'where secrets stay again', policy: sliding },
];

onBothEngines('the condition of a refresh under rotation', (test) => {
  test.for(policies)('says what judge says, $what', async ({ policy }, { world }) => {
    await all(({ session }) => put(world, session));
    world.requests.length = 0;
    const answers = await all(({ row, proof }) =>
      world.store.refresh({ row, claim: { secret: proof }, policy, now }),
    );
    const thefts = cases.filter((one) => verdictOf(one) === 'reused-secret').length;
    const asked = cases.length + (policy.rotation === 'fixed' ? 0 : thefts);
    expect(world.requests).toEqual(new Array(asked).fill('UpdateItemCommand'));

    const items = await all(({ row }) => itemOf(world, row));
    for (const [at, one] of cases.entries()) {
      const answered = answers[at];
      const drawn = answered?.outcome === 'refreshed' ? answered.session.secretFamily : undefined;
      const after = { ...one.session, ...changeOf(one, policy, drawn) } as Session;
      const verdict = verdictOf(one);
      expect({ answered, item: items[at] }, one.what).toEqual({
        answered:
          verdict === 'refresh' || verdict === 'replay'
            ? { outcome: 'refreshed', session: after }
            : { outcome: 'refused', reason: verdict },
        item: { ...toItem(after), ...unknownAttribute },
      });
      if (verdict === 'refresh' && policy.rotation !== 'fixed')
        expect(drawn).toMatch(/^[\w-]{22}$/);
    }
  });
});

function verdictOf({ session, proof }: RotationCase): Verdict {
  return judge(session, { secret: proof }, now);
}

/** What a refresh writes into a row. */
function changeOf(one: RotationCase, policy: Policy, drawn: string | undefined): Partial<Session> {
  const verdict = verdictOf(one);
  const rotates = policy.rotation !== 'fixed';
  if (verdict === 'reused-secret' && rotates) return { revokedAt: now };
  if (verdict !== 'refresh') return {};
  const presented = typeof one.proof === 'string' ? 0 : one.proof.generation;
  const family = one.session.secretFamily ?? drawn;
  return {
    refreshedAt: now,
    ...(typeof policy.idle === 'number' && { idleUntil: later(now, policy.idle) }),
    ...(rotates && {
      generation: presented + 1,
      ...(family !== undefined && { secretFamily: family }),
      ...(typeof policy.idle === 'object' && { issuedLifetime: policy.idle.token }),
      graceUntil: later(now, grace),
    }),
  };
}

function all<Result>(run: (one: RotationCase) => Promise<Result>): Promise<Result[]> {
  return Promise.all(cases.map(run));
}
