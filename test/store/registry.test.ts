import { expect } from 'vitest';
import { deriveKeys } from '../../functions/core/keys/keys.ts';
import type { Policy } from '../../functions/core/session/policy.ts';
import { type Person, type Registry, registry } from '../../functions/core/session/registry.ts';
import { toSession } from '../../functions/core/session/row.ts';
import { sessions } from '../../functions/core/session/sessions.ts';
import { dynamoDBTable, type Table } from '../../functions/core/session/table.ts';
import { later } from '../../functions/core/time.ts';
import { claimsOf, rowOf, secretOf, sessionIdOf } from '../support/session.ts';
import { material, noon, onBothEngines, type World } from '../support/world.ts';
import { wired } from './wire.ts';

const id = sessionIdOf('abc');
const row = rowOf('eos', 'abc');
const keys = deriveKeys('eos', material);
const sliding: Policy = { idle: 1800, lifetime: 43_200, rotation: 'fixed' };
const rotating: Policy = { ...sliding, rotation: { grace: 60 } };
const person: Person = {
  subject: 'somebody',
  secret: secretOf('the first'),
  claims: claimsOf('{"a":1}'),
};

function over(table: Table, policy = sliding): Registry {
  return registry({ contract: 'eos', policy, keys, table });
}

function refresh(table: Table, secret = person.secret, now = noon, policy = sliding) {
  return sessions({ contract: 'eos', policy, keys, table }).refresh({ id, secret }, { now });
}

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
      { what: `somebody’s, its ${lose} lost`, fates: [{ lose }], person },
      { what: `an anonymous one, its ${lose} lost`, fates: [{ lose }], person: undefined },
    ]),
    { what: 'both answers lost', fates: [{ lose: 'answer' }, { lose: 'answer' }], person },
  ] as const)('opens a session once: $what', async ({ fates, person }, { world, wire }) => {
    wire.fates.push(...fates);
    const opened = await over(dynamoDBTable(wire.client, world.table)).open(
      { id, ...(person && { person }) },
      noon,
    );
    expect(opened).toEqual(await rowIn(world));
    expect(wire.requests).toHaveLength(fates.length + 1);
  });

  test.for(losses)('takes no id of another, its $lose lost', async ({ lose }, { world, wire }) => {
    const theirs = { ...person, secret: secretOf('theirs') };
    const opened = await over(world.rows).open({ id, person: theirs }, noon);
    wire.fates.push({ lose });
    const mine = over(dynamoDBTable(wire.client, world.table));
    expect(await mine.open({ id, person }, noon)).toBe('id-taken');
    expect(await rowIn(world)).toEqual(opened);
  });

  test('calls no session opened that was revoked before anybody knew', async ({ world, wire }) => {
    wire.fates.push({ lose: 'answer', meanwhile: () => over(world.rows).revoke(id, noon) });
    const mine = over(dynamoDBTable(wire.client, world.table));
    expect(await mine.open({ id, person }, noon)).toBe('id-taken');
    expect(await rowIn(world)).toMatchObject({ revokedAt: noon, revokedBy: 'administrator' });
  });

  test.for(losses)('logs in once, its $lose lost', async ({ lose }, { world, wire }) => {
    await over(world.rows).open({ id }, noon);
    wire.fates.push({ lose });
    const mine = over(dynamoDBTable(wire.client, world.table));
    expect(await mine.login(id, person, later(noon, 9))).toEqual(await rowIn(world));
    expect(await refresh(world.rows)).toMatchObject({ outcome: 'refreshed' });
  });

  test('refuses a login where another was faster', async ({ world, wire }) => {
    await over(world.rows).open({ id }, noon);
    const theirs = { ...person, secret: secretOf('theirs') };
    const meanwhile = () => over(world.rows).login(id, theirs, noon);
    wire.fates.push({ lose: 'request', meanwhile });
    const mine = over(dynamoDBTable(wire.client, world.table));
    expect(await mine.login(id, person, noon)).toBe('logged-in');
    expect(await refresh(world.rows)).toEqual({ outcome: 'refused', reason: 'wrong-secret' });
  });

  test.for(losses)('ends a session once, its $lose lost', async ({ lose }, { world, wire }) => {
    await over(world.rows).open({ id, person }, noon);
    wire.fates.push({ lose });
    const mine = over(dynamoDBTable(wire.client, world.table));
    const ended = { id, revokedAt: later(noon, 5), wasActive: true };
    expect(await mine.revoke(id, later(noon, 5))).toEqual(ended);
    expect(await mine.revoke(id, later(noon, 9))).toEqual({ ...ended, wasActive: false });
  });

  test.for(
    losses.flatMap(({ lose }) =>
      [sliding, rotating].map((policy) => ({
        lose,
        policy,
        what: JSON.stringify(policy.rotation),
      })),
    ),
  )('refreshes once, its $lose lost: $what', async ({ lose, policy }, { world, wire }) => {
    await over(world.rows, policy).open({ id, person }, noon);
    wire.fates.push({ lose });
    const table = dynamoDBTable(wire.client, world.table);
    const refreshed = await refresh(table, person.secret, later(noon, 5), policy);
    expect(refreshed).toMatchObject({ outcome: 'refreshed', session: await rowIn(world) });
    expect(wire.requests).toHaveLength(2);
  });

  test.for(losses)(
    'refuses a refresh once a logout came between, its $lose lost',
    async ({ lose }, { world, wire }) => {
      await over(world.rows).open({ id, person }, noon);
      wire.fates.push({ lose, meanwhile: () => over(world.rows).revoke(id, noon) });
      const table = dynamoDBTable(wire.client, world.table);
      expect(await refresh(table)).toEqual({ outcome: 'refused', reason: 'revoked' });
    },
  );
});

onBothEngines('the sessions of a contract', (test) => {
  test('gives an id to one of twenty who ask at once', async ({ world }) => {
    const asked = Array.from({ length: 20 }, () => over(world.rows).open({ id, person }, noon));
    const opened = (await Promise.all(asked)).filter((answer) => answer !== 'id-taken');
    expect(opened).toHaveLength(1);
  });

  test('shares no session with another contract of the same id', async ({ world }) => {
    await over(world.rows).open({ id, person }, noon);
    const other = registry({ contract: 's360', policy: sliding, keys, table: world.rows });
    expect(await other.find(id)).toBeUndefined();
    expect(await other.revoke(id, noon)).toBeUndefined();
    expect(await other.open({ id }, noon)).toMatchObject({ rowKey: 's360#abc' });
  });
});
