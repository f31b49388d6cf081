import { expect } from 'vitest';
import type { Session } from '../../functions/core/session/session.ts';
import type { RefreshRequest } from '../../functions/core/session/store.ts';
import { later } from '../../functions/core/time.ts';
import { onBothEngines } from '../support/world.ts';
import {
  anonymous,
  digestOf,
  itemOf,
  loggedIn,
  now,
  put,
  reading,
  rowOf,
  sliding,
} from './rows.ts';

const row = rowOf('eos', 'abc');
const right = { secret: digestOf(row) };
const wrong = { secret: digestOf(row, 'a wrong one') };
const alive = loggedIn(row);
const over = { endsAt: now };

const policies = [
  { how: 'by a write', policy: sliding, command: 'UpdateItemCommand' },
  { how: 'by a read', policy: reading, command: 'GetItemCommand' },
] as const;

interface Told {
  readonly what: string;
  readonly session?: Session;
  readonly claim: RefreshRequest['claim'];
  readonly reason?: string;
}

const answers: readonly Told[] = [
  { what: 'a session that is alive', session: alive, claim: right },
  {
    what: 'a session refreshed after this moment',
    session: { ...alive, refreshedAt: later(now, 1) },
    claim: right,
  },
  { what: 'no session', claim: right, reason: 'unknown-session' },
  {
    what: 'an anonymous session',
    session: anonymous(row),
    claim: right,
    reason: 'not-logged-in',
  },
  { what: 'a wrong secret', session: alive, claim: wrong, reason: 'wrong-secret' },
  {
    what: 'a wrong secret of a revoked session',
    session: { ...alive, revokedAt: now },
    claim: wrong,
    reason: 'wrong-secret',
  },
  {
    what: 'a wrong secret of a session past its end',
    session: { ...alive, ...over },
    claim: wrong,
    reason: 'wrong-secret',
  },
  {
    what: 'a revoked session',
    session: { ...alive, revokedAt: now },
    claim: right,
    reason: 'revoked',
  },
  {
    what: 'a session at its idle limit',
    session: { ...alive, idleUntil: now },
    claim: right,
    reason: 'idle-too-long',
  },
  {
    what: 'a session at its end',
    session: { ...alive, ...over },
    claim: right,
    reason: 'lifetime-over',
  },
];

const eachAnswer = policies.flatMap((how) => answers.map((answer) => ({ ...how, ...answer })));

onBothEngines('store.refresh', (test) => {
  test.for(eachAnswer)(
    'answers $what $how, in one storage request',
    async ({ policy, command, session, claim, reason }, { world }) => {
      if (session) await put(world, session);
      const before = await itemOf(world, row);
      world.requests.length = 0;
      const refresh = await world.store.refresh({ row, claim, policy, now });
      expect(world.requests).toEqual([command]);
      if (!reason)
        return expect(refresh).toMatchObject({
          outcome: 'refreshed',
          session: { claims: alive.claims },
        });
      // Nothing but the reason: what is refused gives no session away.
      expect(refresh).toEqual({ outcome: 'refused', reason });
      return expect(await itemOf(world, row)).toEqual(before);
    },
  );

  test('moves the idle limit and the time of the refresh, and nothing else', async ({ world }) => {
    await put(world, alive);
    const before = await itemOf(world, row);
    const moment = later(now, 1799);
    const refresh = await world.store.refresh({ row, claim: right, policy: sliding, now: moment });
    const moved = { refreshedAt: moment, idleUntil: moment + 1800 };
    expect(refresh).toEqual({ outcome: 'refreshed', session: { ...alive, ...moved } });
    expect(await itemOf(world, row)).toEqual({
      ...before,
      refreshedAt: { N: String(moved.refreshedAt) },
      idleUntil: { N: String(moved.idleUntil) },
    });
  });

  test('moves the idle limit past the session’s end, whose time it leaves', async ({ world }) => {
    const session = { ...alive, endsAt: later(now, 10) };
    await put(world, session);
    const refresh = await world.store.refresh({ row, claim: right, policy: sliding, now });
    expect(refresh).toMatchObject({ session: { endsAt: now + 10, idleUntil: now + 1800 } });
  });
});
