import fc from 'fast-check';
import { expect } from 'vitest';
import { type Policy, timesAtOpening } from '../../functions/core/session/policy.ts';
import type { RowKey, Session } from '../../functions/core/session/session.ts';
import { later } from '../../functions/core/time.ts';
import { onBothEngines, type World } from '../support/world.ts';
import { claimsOf, digestOf, now, rowOf } from './rows.ts';

const policy: Policy = { idle: 20, lifetime: 45, rotation: 'fixed' };

/** What may be done to a session, by a clock that stands so many seconds after the first one. */
interface Deed {
  readonly deed: 'open' | 'login' | 'refresh' | 'guess' | 'revoke';
  readonly at: number;
}

/** Clocks jump back and forth, as those of many Lambdas do. */
const anyDeed: fc.Arbitrary<Deed> = fc.record({
  deed: fc.constantFrom('open', 'login', 'refresh', 'refresh', 'refresh', 'guess', 'revoke'),
  at: fc.integer({ min: 0, max: 50 }),
});

onBothEngines('a session, whatever is done to it and by whichever clock', (test) => {
  test('keeps its laws', async ({ world }) => {
    let lives = 0;
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(anyDeed, { maxLength: 15 }), async (usual, deeds) => {
        lives += 1;
        const row = rowOf('eos', `life-${lives}`);
        const born: Deed[] = [
          { deed: 'open', at: 0 },
          { deed: 'login', at: 0 },
        ];
        // Half of the lives begin as most do; the other half as chance will have it.
        for (const one of usual ? [...born, ...deeds] : deeds) {
          const before = await world.registry.find(row);
          const answer = await run(world, row, one);
          const after = await world.registry.find(row);
          outcomes.add(`${one.deed}: ${typeof answer === 'string' ? answer : 'done'}`);
          holds(one, before, answer, after);
        }
      }),
      { numRuns: 60 },
    );
    expect([...outcomes]).toEqual(
      expect.arrayContaining(['refresh: done', 'refresh: revoked', 'refresh: idle-too-long']),
    );
  });
});

/** Does it, and answers the session as the doer sees it, or why not. */
async function run(world: World, row: RowKey, { deed, at }: Deed): Promise<Session | string> {
  const moment = later(now, at);
  const { idleUntil } = timesAtOpening(policy, moment);
  const session: Session = { rowKey: row, ...timesAtOpening(policy, moment) };
  if (deed === 'open')
    return (await world.registry.open(session)) === 'opened' ? session : 'id-taken';
  if (deed === 'revoke') return (await world.registry.revoke(row, moment)) ?? 'unknown-session';
  if (deed === 'login') {
    const somebody = { subject: 'eos#somebody', secret: digestOf(row), claims: claimsOf('{}') };
    return world.registry.login(row, { ...somebody, refreshedAt: moment, idleUntil });
  }
  const secret = deed === 'guess' ? digestOf(row, 'a guess') : digestOf(row);
  const refresh = await world.store.refresh({ row, claim: { secret }, policy, now: moment });
  return refresh.outcome === 'refreshed' ? refresh.session : refresh.reason;
}

function holds(
  { deed, at }: Deed,
  before: Session | undefined,
  answer: Session | string,
  after: Session | undefined,
): void {
  const moment = later(now, at);
  // A refusal changes nothing, and nothing but `open` makes a row.
  if (typeof answer === 'string') expect(after).toEqual(before);
  if (deed === 'guess') expect(typeof answer).toBe('string');
  if (before === undefined) {
    expect(after === undefined || deed === 'open').toBe(true);
    return;
  }
  expect(after).toBeDefined();
  if (after === undefined) return;

  // What is fixed from the beginning on, or from the moment on that it is there.
  const { openedAt, endsAt, purgeAt, revokedAt, subject, secret, claims } = before;
  expect(after).toMatchObject({ openedAt, endsAt, purgeAt });
  if (revokedAt !== undefined) expect(after).toEqual(before);
  if (secret !== undefined) expect(after).toMatchObject({ subject, secret, claims });

  // A login begins the idle time anew, by its own clock; nothing else moves it back.
  if (deed !== 'login') {
    expect(after.refreshedAt).toBeGreaterThanOrEqual(before.refreshedAt);
    expect(after.idleUntil).toBeGreaterThanOrEqual(before.idleUntil);
  }
  if (deed === 'open') expect(answer).toBe('id-taken');
  if (typeof answer === 'string' || deed === 'revoke') return;
  expect(answer).toEqual(after);
  expect(revokedAt).toBeUndefined();
  expect(moment).toBeLessThan(Math.min(before.endsAt, before.idleUntil));
}
