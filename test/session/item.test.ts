import fc from 'fast-check';
import { describe, expect, test as pure } from 'vitest';
import { keyOf, toItem, toSession } from '../../functions/core/session/item.ts';
import type { Session } from '../../functions/core/session/session.ts';
import { epochSeconds, later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { onBothEngines } from '../support/world.ts';
import { eosClient } from './clients.ts';
import { anonymous, digestOf, itemOf, loggedIn, now, rowOf, sliding } from './rows.ts';

const row = rowOf('eos', 'abc');
const full: Required<Session> = {
  ...loggedInFully(),
  claimsVersion: 'one',
  generation: 2,
  issuedLifetime: 930,
  secretFamily: 'f'.repeat(22),
  graceUntil: later(now, 60),
  revokedAt: later(now, 9),
  tokenLifetime: 300,
};

describe('an item', () => {
  pure('writes times as numbers, everything else as text, and nothing that is absent', () => {
    expect(toItem(full)).toEqual({
      rowKey: { S: 'eos#abc' },
      subject: { S: 'eos#somebody' },
      secret: { S: full.secret },
      generation: { N: '2' },
      secretFamily: { S: full.secretFamily },
      issuedLifetime: { N: '930' },
      graceUntil: { N: '1000000060' },
      tokenLifetime: { N: '300' },
      claims: { S: '{"b":1,"a":2}' },
      claimsVersion: { S: 'one' },
      openedAt: { N: '1000000000' },
      refreshedAt: { N: '1000000000' },
      idleUntil: { N: '1000001800' },
      endsAt: { N: '1000043200' },
      revokedAt: { N: '1000000009' },
      purgeAt: { N: '1000129600' },
    });
    expect(Object.keys(toItem(anonymous(row))).sort()).toEqual([
      'endsAt',
      'idleUntil',
      'openedAt',
      'purgeAt',
      'refreshedAt',
      'rowKey',
    ]);
  });

  pure('becomes the row that it was', () => {
    fc.assert(
      fc.property(anySession, (session) => {
        expect(toSession(toItem(session))).toEqual(session);
      }),
    );
  });

  pure('keeps a moment at zero, which is not an absent one', () => {
    const session = { ...full, revokedAt: epochSeconds(0) };
    expect(toSession(toItem(session))).toEqual(session);
  });

  pure('hides from a row what it does not know', () => {
    const item = { ...toItem(full), note: { S: 'x' }, __proto__: { S: 'y' } };
    expect(toSession(item)).toEqual(full);
  });

  pure('has the row key as its key', () => {
    expect(keyOf(row)).toEqual({ rowKey: { S: 'eos#abc' } });
  });
});

onBothEngines('a row in the table', (test) => {
  test('comes back as it was written', async ({ world }) => {
    let written = 0;
    await fc.assert(
      fc.asyncProperty(anySession, async (session) => {
        written += 1;
        const mine = { ...session, rowKey: rowOf('eos', `row-${written}`) };
        expect(await world.registry.open(mine)).toBe('opened');
        expect(await world.registry.find(mine.rowKey)).toEqual(mine);
        expect(await itemOf(world, mine.rowKey)).toEqual(toItem(mine));
      }),
      { numRuns: 50 },
    );
  });

  test.for([
    { what: 'keys in no order of ours', claims: '{"b":1,"a":2,"10":3,"9":4,"B":5}' },
    {
      what: 'numbers as they were spelled',
      claims: '{"n":[20004007594,1.0,1e2,12345678901234567890]}',
    },
    { what: 'the same name twice', claims: '{"a":1,"a":2}' },
    { what: 'the name __proto__', claims: '{"__proto__":{"a":1},"constructor":2}' },
    { what: 'blanks and escapes', claims: '{ "a" :\t"\\u0061\\/" ,\n "b": "نجاح 🔑" }' },
    { what: '200 kB', claims: `{"a":"${'x'.repeat(200_000)}"}` },
  ])('keeps the text of claims through every write: $what', async ({ claims }, { world }) => {
    await world.registry.open(anonymous(row));
    const secret = digestOf(row);
    const times = { refreshedAt: now, idleUntil: later(now, 1800) };
    const login = { subject: 'eos#somebody', secret, claims, ...times };
    expect(await world.registry.login(row, login)).toMatchObject({ claims });
    const claim = { secret };
    const moment = later(now, 5);
    const refreshed = await world.store.refresh({ row, claim, policy: sliding, now: moment });
    expect(refreshed).toMatchObject({ outcome: 'refreshed', session: { claims } });
    expect(await world.registry.revoke(row, moment)).toMatchObject({ claims });
    expect(await world.registry.find(row)).toMatchObject({ claims, revokedAt: moment });
  });

  test('gives the claims to the client in the order of the login', async ({ world }) => {
    const profile =
      '{"serialNumber":"b","10":1,"9":2,"contactId":20004007594,"attr_z":0,"attr_a":0}';
    const apps = '{"user":[],"system":[{"version":"1","id":"2"}]}';
    const held = await world.open(eos, { claims: `{"profile":${profile},"mobilityApps":${apps}}` });
    const { text } = await world.post(eos, eosClient.call(held));
    expect(text).toContain(`"mobilityApps":${apps},"profile":${profile}}`);
  });
});

function loggedInFully() {
  const { subject = '', secret = digestOf(row), claims = '', ...times } = loggedIn(row);
  return { ...times, subject, secret, claims };
}

const anyMoment = fc.integer({ min: 0, max: 2 ** 40 }).map(epochSeconds);
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 50 });

const anySession: fc.Arbitrary<Session> = fc.record(
  {
    rowKey: fc.constant(row),
    subject: text,
    secret: text.map((text) => digestOf(row, text)),
    tokenLifetime: fc.integer({ min: 1, max: 86_400 }),
    claims: fc.json(),
    openedAt: anyMoment,
    refreshedAt: anyMoment,
    idleUntil: anyMoment,
    endsAt: anyMoment,
    revokedAt: anyMoment,
    purgeAt: anyMoment,
  },
  { requiredKeys: ['rowKey', 'openedAt', 'refreshedAt', 'idleUntil', 'endsAt', 'purgeAt'] },
);
