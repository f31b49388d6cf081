import fc from 'fast-check';
import { describe, expect, test as pure } from 'vitest';
import { DamagedRow, toSession } from '../../functions/core/session/row.ts';
import type { Session } from '../../functions/core/session/session.ts';
import { epochSeconds, later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { onBothEngines } from '../support/world.ts';
import { eosClient } from './clients.ts';
import {
  anonymous,
  claimsOf,
  digestOf,
  itemOf,
  loggedIn,
  now,
  rowOf,
  sliding,
  toItem,
} from './rows.ts';

const row = rowOf('eos', 'abc');
const full: Required<Session> = {
  ...loggedIn(row),
  claimsVersion: 'one',
  generation: 2,
  issuedLifetime: 930,
  secretFamily: 'f'.repeat(22),
  graceUntil: later(now, 60),
  revokedAt: later(now, 9),
  tokenLifetime: 300,
};

describe('toSession', () => {
  pure('gives the row that was written, and hides what it does not know', () => {
    fc.assert(
      fc.property(anySession, (session) => {
        const item = { ...session, note: 'x', __proto__: { claims: 'y' } };
        expect(toSession(item)).toEqual(session);
      }),
    );
  });

  pure('keeps a moment at zero, which is not an absent one', () => {
    const session = { ...full, revokedAt: epochSeconds(0) };
    expect(toSession(session)).toEqual(session);
  });

  const required = ['rowKey', 'openedAt', 'refreshedAt', 'idleUntil', 'endsAt', 'purgeAt'];
  const damages = Object.entries(full).flatMap(([name, value]) => [
    ...wrongFor(value).map((wrong) => ({ what: `${name} ${JSON.stringify(wrong)}`, name, wrong })),
    ...(required.includes(name) ? [{ what: `no ${name}`, name, wrong: undefined }] : []),
  ]);
  pure.for(damages)('throws where the row has $what', ({ name, wrong }) => {
    expect(() => toSession({ ...full, [name]: wrong })).toThrow(DamagedRow);
  });

  pure.for([
    { what: 'a secret without a subject', without: ['subject'] },
    { what: 'a subject without a secret', without: ['secret'] },
    { what: 'a secret without claims', without: ['claims', 'claimsVersion'] },
    { what: 'a generation without its family', without: ['secretFamily'] },
    { what: 'a family without a generation', without: ['generation', 'graceUntil'] },
    { what: 'a generation without a grace', without: ['graceUntil'] },
  ])('throws where the row has $what', ({ without }) => {
    const rest = Object.entries(full).filter(([name]) => !without.includes(name));
    expect(() => toSession(Object.fromEntries(rest))).toThrow(DamagedRow);
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
    const login = { subject: 'eos#somebody', secret, claims: claimsOf(claims), ...times };
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

/** Values that an attribute with such a value must not have. */
function wrongFor(value: string | number): readonly unknown[] {
  const common = [null, true, [1], { S: 'x' }];
  return typeof value === 'string'
    ? [...common, '', 7]
    : [...common, 'soon', '1000000000', 1.5, -1, 2 ** 60, Number.NaN, Number.POSITIVE_INFINITY];
}

const anyMoment = fc.integer({ min: 0, max: 2 ** 40 }).map(epochSeconds);
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 50 });

const times = {
  openedAt: anyMoment,
  refreshedAt: anyMoment,
  idleUntil: anyMoment,
  endsAt: anyMoment,
  purgeAt: anyMoment,
};

const anySession: fc.Arbitrary<Session> = fc
  .tuple(
    fc.record({ rowKey: fc.constant(row), ...times }),
    fc.option(
      fc.record({
        subject: text,
        secret: text.map((text) => digestOf(row, text)),
        claims: fc.json().map(claimsOf),
      }),
      { nil: {} },
    ),
    fc.record({ revokedAt: anyMoment, tokenLifetime: fc.nat() }, { requiredKeys: [] }),
  )
  .map(([row, owned, more]) => ({ ...row, ...owned, ...more }));
