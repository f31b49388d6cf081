import { describe, expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { digest } from '../../functions/core/session/secret.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { rowOf, secretOf } from '../support/session.ts';
import { bearer } from '../support/ways.ts';
import { type Held, noon, test } from '../support/world.ts';
import { done, payload, refresh, wires } from './support.ts';

const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const newSecret = expect.stringMatching(/^[\w-]{43}$/);
const printable = String.fromCharCode(...Array.from({ length: 95 }, (_, at) => 0x20 + at));
const [day, idle, lifetime] = [86_400, 1800, 43_200];

// What no parser gives back as it was: numbers beyond a double, names that look like numbers, escapes.
const odd = '{"2":9007199254740993,"1":1.10,"é":"\\u00e9\\/"}';

/** Claims as they are given, and as the row has them; by default without any. */
const stored = [
  {
    contract: eos,
    claims: ` { "profile" : ${odd} ,\n"mobilityApps":{"user":[],"system":[{"id":"res","size":0}]}}`,
    row: `{"mobilityApps":{"user":[],"system":[{"id":"res","size":0}]},"profile":${odd}}`,
  },
  { contract: eos, row: '{"mobilityApps":{"system":[],"user":[]},"profile":{}}' },
  {
    contract: s360,
    claims: `{"sso":{"authorityType":"OTHER","externalSystemId":"chatbot"},"app":${odd},"user":{}}`,
    row: `{"user":{},"app":${odd},"sso":{"externalSystemId":"chatbot","authorityType":"OTHER"}}`,
  },
  {
    contract: s360,
    row: '{"user":{"selfProfile":[]},"app":{"iidParams":{}},"sso":{"externalSystemId":"chatbot","authorityType":"SELF"}}',
  },
  { contract: ccstore, claims: '{"roles":["a"]}', row: '{"iss":"storefrontUI","roles":["a"]}' },
  { contract: ccstore, claims: `{"iss":"a","x":${odd}}`, row: `{"iss":"a","x":${odd}}` },
  { contract: ccstore, row: '{"iss":"storefrontUI"}' },
];

/** The edges of each field's grammar, which are the ids and secrets of another system. */
const edges = [
  { sessionId: `Given.id_-${'9'.repeat(118)}`, subject: '😀'.repeat(256), secret: printable },
  { sessionId: '__proto__', subject: '__proto__', secret: '__proto__' },
  { sessionId: '..', subject: ' ', secret: ' ' },
  { sessionId: '-a', subject: 'x'.repeat(256), secret: 'x'.repeat(2048) },
];

describe('session-admin open', () => {
  test.for(wires)('answers what a client of $name holds, and no more', async (wire, { world }) => {
    const person = { subject: '110558', anonymous: false };
    const held = done<Held>(await world.run('open', { ...person, contract: wire.name }));
    expect(world.requests).toEqual(['PutItemCommand']);
    const { sessionId, expireTime, accessToken } = held;
    const expiresIn = wire.name === 'ccstore' ? 930 : idle;
    const expiresAt = noon + expiresIn;
    expect([Object.keys(held), sessionId]).toEqual([wire.holds, uuid]);
    expect(held).toMatchObject({ contract: wire.name, expiresIn, expiresAt });
    expect(wire.secret(held)).toEqual(newSecret);
    if (wire.name === 'eos') return expect(expireTime).toBe(expiresAt * 1000);
    const own = { sub: '110558', iss: 'storefrontUI', sid: sessionId };
    const token = wire.name === 's360' ? { context: { sso: { sessionId } } } : own;
    expect(payload(accessToken)).toMatchObject({ iat: noon, exp: expiresAt, ...token });
  });

  test.for(stored)('writes a row of $contract.name with $claims', async (given, { world }) => {
    const { contract, claims, row } = given;
    const secret = secretOf('20004007594');
    await world.open(contract, {
      sessionId: 'id',
      secret,
      claims,
      ...(claims && { subject: 'S' }),
    });
    const rowKey = rowOf(contract.name, 'id');
    // A session of nobody is named after itself.
    const subject = `${contract.name}#${claims ? 'S' : 'id'}`;
    const stored = { rowKey, subject, secret: digest(world.keys(contract).digest, rowKey, secret) };
    const [idles, lives] = contract === ccstore ? [day, day] : [idle, lifetime];
    const times = { openedAt: noon, refreshedAt: noon, idleUntil: noon + idles };
    const ends = { endsAt: noon + lives, purgeAt: noon + lives + day };
    expect(await world.items()).toEqual([{ ...stored, claims: row, ...times, ...ends }]);
  });

  const rows = wires.flatMap((wire) => edges.map((edge) => ({ ...edge, wire, name: wire.name })));
  test.for(rows)('gives $name the id $sessionId', async (row, { world }) => {
    const { wire, name: _, ...edge } = row;
    const held = await world.open(wire.contract, edge);
    expect([held.sessionId, wire.secret(held)]).toEqual([edge.sessionId, edge.secret]);
    expect((await refresh(world, wire, held)).status).toBe(200);
  });

  test.for([20, 300, 86_400])('gives every token %i seconds', async (tokenLifetime, { world }) => {
    const held = await world.open(ccstore, { sessionId: 'id', tokenLifetime });
    expect([held.expiresIn, held.expiresAt]).toEqual([tokenLifetime, noon + tokenLifetime]);
    expect(payload(held.accessToken).exp).toBe(noon + tokenLifetime);
    const { json } = await world.post(ccstore, bearer(held.accessToken));
    expect(json.expires_in).toBe(tokenLifetime);
  });

  test('gives an anonymous session no secret, and no refresh', async ({ world }) => {
    const input = { contract: 'eos', sessionId: 'id', anonymous: true };
    const held = done(await world.run('open', input));
    expect(Object.keys(held)).toEqual(wires[0]?.holds.filter((name) => name !== 'secureCode'));
    const [idleUntil, endsAt] = [noon + idle, noon + lifetime];
    expect(held).toMatchObject({ expireTime: idleUntil * 1000, expiresAt: idleUntil });
    const times = { openedAt: noon, refreshedAt: noon, idleUntil, endsAt, purgeAt: endsAt + day };
    expect(await world.items()).toEqual([{ rowKey: 'eos#id', ...times }]);
    const answer = await world.post(eos, { query: { sessionId: ['id'], secureCode: ['x'] } });
    expect([answer.status, world.records.at(-1)?.outcome]).toEqual([403, 'not-logged-in']);
  });
});

// test/unit/sessions.test.ts has more of it.
test('a secret that replaced another one begins no session of its id', async ({ world }) => {
  world.policies.set('eos', { ...eos.policy, rotation: { grace: 60 } });
  const session = { contract: 'eos', sessionId: 'again' };
  const { secureCode } = await world.open(eos, session);
  const query = { sessionId: ['again'], secureCode: [secureCode] };
  const { secureCode: secret } = (await world.post(eos, { query })).json;
  await world.purge(eos, 'again');
  const problem = 'this secret replaced another one before; a session begins with a new one';
  for (const name of ['open', 'login'] as const) {
    const answer = await world.run(name, { ...session, subject: 'ann', secret });
    expect(answer).toEqual({ outcome: 'invalid', problem });
  }
  const lines = [JSON.stringify({ id: 'again', subject: 'ann', secret })];
  const imported = await world.run('import', { contract: 'eos', lines });
  expect(imported).toMatchObject({ result: { outcomes: [{ problem }] } });
  expect(await world.items()).toEqual([]);
});
