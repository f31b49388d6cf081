import { describe, expect, test as pure } from 'vitest';
import { type Claim, judge, judgeLogin, type Policy } from '../../functions/core/session/policy.ts';
import type { LoggedInSession, Session } from '../../functions/core/session/session.ts';
import type { Refresh } from '../../functions/core/session/store.ts';
import { later } from '../../functions/core/time.ts';
import { onBothEngines, type World } from '../support/world.ts';
import {
  type Case,
  claimsOf,
  digestOf,
  everyCase,
  type Item,
  itemOf,
  moments,
  now,
  put,
  reading,
  sliding,
  toItem,
  unknownAttribute,
} from './rows.ts';

const cases = everyCase();
const expiries = [{ what: 'never', offset: undefined }, ...moments];

describe('the cases of the law', () => {
  pure('hold every combination, and every verdict that there is', () => {
    expect(cases).toHaveLength(3 * 2 * 3 * 3 * 3 + 1);
    expect(new Set(cases.map(({ what }) => what)).size).toBe(cases.length);
    const verdicts = cases.map(({ row, session }) =>
      judge(session, { secret: digestOf(row) }, now),
    );
    expect([...new Set(verdicts)].sort()).toEqual([
      'idle-too-long',
      'lifetime-over',
      'not-logged-in',
      'refresh',
      'replay',
      'revoked',
      'unknown-session',
      'wrong-secret',
    ]);
  });
});

onBothEngines('the condition of a refresh', (test) => {
  test.for(expiries)(
    'says what judge says, of a claim that expires $what',
    async ({ offset }, { world }) => {
      const claimOf = claims(offset);
      await putAll(world);
      const seen = await refreshAll(world, sliding, claimOf);
      expect(seen).toEqual(
        byWhat(({ row, session }) => {
          const verdict = judge(session, claimOf({ row }), now);
          const moved = { ...session, refreshedAt: now, idleUntil: later(now, 1800) } as Session;
          const after = verdict === 'refresh' ? moved : session;
          return { answer: answerTo(verdict, after), item: after && withUnknown(after) };
        }),
      );
    },
  );
});

onBothEngines('the read of a refresh whose token is the idle clock', (test) => {
  test('says what judge says and changes nothing, whenever a claim expires', async ({ world }) => {
    await putAll(world);
    for (const { what, offset } of expiries) {
      const claimOf = claims(offset);
      const seen = await refreshAll(world, reading, claimOf);
      expect(seen, `of a claim that expires ${what}`).toEqual(
        byWhat(({ row, session }) => ({
          answer: answerTo(judge(session, claimOf({ row }), now), session),
          item: session && withUnknown(session),
        })),
      );
    }
  });
});

onBothEngines('the condition of a login', (test) => {
  test('says what judgeLogin says', async ({ world }) => {
    const login = ({ row }: Pick<Case, 'row'>) => ({
      subject: 'eos#newcomer',
      secret: digestOf(row),
      claims: claimsOf('{"z":1,"a":2}'),
      refreshedAt: now,
      idleUntil: later(now, 1800),
    });
    await putAll(world);
    world.requests.length = 0;
    const answers = await all((one) => world.registry.login(one.row, login(one)));
    expect(world.requests).toEqual(cases.map(() => 'UpdateItemCommand'));
    expect(await seenAfter(world, answers)).toEqual(
      byWhat((one) => {
        const verdict = judgeLogin(one.session, now);
        const theirs = { ...one.session, ...login(one) } as Session;
        const after = verdict === 'login' ? theirs : one.session;
        return {
          answer: verdict === 'login' ? theirs : verdict,
          item: after && withUnknown(after),
        };
      }),
    );
  });
});

/** What each case’s refresh answers, by one storage request, and the item that it leaves. */
async function refreshAll(world: World, policy: Policy, claimOf: ReturnType<typeof claims>) {
  world.requests.length = 0;
  const answers = await all(({ row }) =>
    world.store.refresh({ row, claim: claimOf({ row }), policy, now }),
  );
  expect(world.requests).toHaveLength(cases.length);
  return seenAfter(world, answers);
}

/** The right secret of any row, in a token that expires so long from now. */
function claims(offset: number | undefined) {
  return ({ row }: Pick<Case, 'row'>): Claim => ({
    secret: digestOf(row),
    ...(offset !== undefined && { expiresAt: later(now, offset) }),
  });
}

function answerTo(verdict: ReturnType<typeof judge>, session: Session | undefined): Refresh {
  if (verdict !== 'refresh' && verdict !== 'replay') return { outcome: 'refused', reason: verdict };
  return { outcome: 'refreshed', session: session as LoggedInSession };
}

function withUnknown(session: Session): Item {
  return { ...toItem(session), ...unknownAttribute };
}

function putAll(world: World) {
  return all(async ({ session }) => session && put(world, session));
}

async function seenAfter(world: World, answers: readonly unknown[]) {
  const items = await all(({ row }) => itemOf(world, row));
  return Object.fromEntries(
    cases.map(({ what }, at) => [what, { answer: answers[at], item: items[at] }]),
  );
}

/** Keyed by case, so that a broken law is reported as the cases that break it. */
function byWhat(expected: (one: Case) => { answer: unknown; item: Item | undefined }) {
  return Object.fromEntries(cases.map((one) => [one.what, expected(one)]));
}

function all<Result>(run: (one: Case) => Promise<Result>): Promise<Result[]> {
  return Promise.all(cases.map(run));
}
