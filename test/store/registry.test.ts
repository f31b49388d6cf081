import { expect } from 'vitest';
import { deriveKeys } from '../../functions/core/keys/keys.ts';
import { type Person, registry } from '../../functions/core/session/registry.ts';
import { toSession } from '../../functions/core/session/row.ts';
import type { Session } from '../../functions/core/session/session.ts';
import { sessions } from '../../functions/core/session/sessions.ts';
import type { Table } from '../../functions/core/session/table.ts';
import { later } from '../../functions/core/time.ts';
import { claimsOf, rowOf, secretOf, sessionIdOf, sliding } from '../support/session.ts';
import { material, noon, onBothEngines, type World } from '../support/world.ts';
import { wired } from './wire.ts';

const id = sessionIdOf('abc');
const row = rowOf('eos', 'abc');
const keys = deriveKeys('eos', material);
const claims = claimsOf('{"a":1}');
const person: Person = { subject: 'somebody', secret: secretOf('the first'), claims };
const theirs = { ...person, secret: secretOf('theirs') };

const props = (table: Table) => ({ contract: 'eos', policy: sliding, keys, table });
const over = (table: Table) => registry(props(table));
const refresh = (table: Table) =>
  sessions(props(table)).refresh({ id, secret: person.secret }, { now: noon });

async function rowIn({ rows }: World) {
  const item = await rows.get(row);
  return item && toSession(item);
}

// `request`: nothing was done when the SDK tries again. `answer`: all was done, and it is done twice.
const losses = [{ lose: 'request' }, { lose: 'answer' }] as const;

onBothEngines('opening, logging in and ending over a failing wire', (plain) => {
  const test = wired(plain);

  test.for([
    ...losses.flatMap(({ lose }) => [
      { what: `somebody’s, its ${lose} lost`, fates: [{ lose }], session: { id, person } },
      { what: `an anonymous one, its ${lose} lost`, fates: [{ lose }], session: { id } },
    ]),
    { what: 'both answers lost', fates: [losses[1], losses[1]], session: { id, person } },
  ])('opens a session once: $what', async ({ fates, session }, { world, wire }) => {
    wire.fates.push(...fates);
    expect(await over(wire.table).open(session, noon)).toEqual(await rowIn(world));
    expect(wire.requests()).toBe(fates.length + 1);
  });

  test.for(losses)('takes no id of another, its $lose lost', async ({ lose }, { world, wire }) => {
    const opened = await over(world.rows).open({ id, person: theirs }, noon);
    wire.fates.push({ lose });
    expect(await over(wire.table).open({ id, person }, noon)).toBe('id-taken');
    expect(await rowIn(world)).toEqual(opened);
  });

  test('calls no session opened that was revoked before anybody knew', async ({ world, wire }) => {
    wire.fates.push({ lose: 'answer', meanwhile: () => over(world.rows).revoke(id, noon) });
    expect(await over(wire.table).open({ id, person }, noon)).toBe('id-taken');
    expect(await rowIn(world)).toMatchObject({ revokedAt: noon, revokedBy: 'administrator' });
  });

  test.for(losses)('logs in once, its $lose lost', async ({ lose }, { world, wire }) => {
    await over(world.rows).open({ id }, noon);
    wire.fates.push({ lose });
    const session = await over(wire.table).login(id, person, later(noon, 9));
    expect(session).toEqual(await rowIn(world));
    expect(await refresh(world.rows)).toMatchObject({ outcome: 'refreshed' });
  });

  test('refuses a login to no session, and where another was faster', async ({ world, wire }) => {
    wire.fates.push({ lose: 'request' });
    expect(await over(wire.table).login(id, person, noon)).toBe('unknown-session');
    await over(world.rows).open({ id }, noon);
    const meanwhile = () => over(world.rows).login(id, theirs, noon);
    wire.fates.push({ lose: 'request', meanwhile });
    expect(await over(wire.table).login(id, person, noon)).toBe('logged-in');
    expect(await refresh(world.rows)).toEqual({ outcome: 'refused', reason: 'wrong-secret' });
  });

  test.for(losses)('ends a session once, its $lose lost', async ({ lose }, { world, wire }) => {
    await over(world.rows).open({ id, person }, noon);
    wire.fates.push({ lose });
    const { revoke } = over(wire.table);
    const ended = { id, revokedAt: later(noon, 5), wasActive: true };
    const again = { ...ended, wasActive: false };
    expect(await revoke(id, later(noon, 5))).toEqual(ended);
    expect(await revoke(id, later(noon, 5))).toEqual(again);
    wire.fates.push({ lose });
    expect(await revoke(id, later(noon, 9))).toEqual(again);
  });
});

onBothEngines('the sessions of a contract', (test) => {
  test('end if they are damaged, and not if they began after a moment', async ({ world }) => {
    const { open, revoke } = over(world.rows);
    const opened = await open({ id, person }, noon);
    const after = later(noon, 1);
    const damaged = [{ openedAt: 'x' }, { openedAt: undefined, endsAt: 'x' }];
    for (const changed of [...damaged, { openedAt: after }, { loggedInAt: after }]) {
      await world.rows.put({ ...(opened as Session), ...(changed as object) }, 'replace');
      const ended = await revoke(id, noon, noon);
      expect(ended?.revokedAt).toBe(damaged.includes(changed as never) ? noon : undefined);
    }
  });

  test('gives an id to one of twenty who ask at once', async ({ world }) => {
    const asked = Array.from({ length: 20 }, () => over(world.rows).open({ id, person }, noon));
    const opened = (await Promise.all(asked)).filter((answer) => answer !== 'id-taken');
    expect(opened).toHaveLength(1);
  });
});
