import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { describe, expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { signingKey } from '../../functions/core/keys/keys.ts';
import { signPaddedJwt } from '../../functions/core/keys/padded-jwt.ts';
import { StorageTimedOut, type Table } from '../../functions/core/session/table.ts';
import { later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { commands } from '../../functions/session-admin/commands.ts';
import type { LineOutcome } from '../../functions/session-admin/import.ts';
import { noon, onBothEngines, type StoredWorld as World } from '../support/world.ts';
import { done, item, sharedTest } from './support.ts';

/** Stands in bad lines, so that a problem which quotes one is seen. */
const mark = 'tell-tale';

const someone = { id: 'a', subject: 'ann', secret: '20004007594' };
const taken = { problem: 'the table has another session of this id' };

/** Imports lines, or values as lines. */
async function imported(
  world: World,
  lines: readonly unknown[],
  { contract = 'eos', dryRun = false, table = world.rows } = {},
): Promise<readonly LineOutcome[]> {
  const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  const input = { contract, lines: texts, dryRun };
  const { outcomes } = done(await commands.import(input, { ...world.admin, table }));
  return outcomes as readonly LineOutcome[];
}

/** Every row of the world's table, claims that are items of their own included. */
async function rowKeys({ client, table }: World): Promise<string[]> {
  const { Items = [] } = await client.send(new ScanCommand({ TableName: table }));
  return Items.map(({ rowKey }) => rowKey?.S ?? '').sort();
}

const large = JSON.stringify({
  profile: { a: 'x'.repeat(2000) },
  mobilityApps: { system: [], user: [] },
});

onBothEngines('session-admin import', (test) => {
  test.for(['eos', 's360'])(
    'writes the row of %s that open would have written',
    async (contract, { world }) => {
      const { id: sessionId, ...person } = someone;
      await world.run('open', { contract, sessionId, ...person });
      const row = await item(world, contract, 'a');
      const line = { ...someone, id: 'b' };
      expect(await imported(world, [line], { contract })).toEqual(['imported']);
      expect(await item(world, contract, 'b')).toEqual({
        ...row,
        rowKey: { S: `${contract}#b` },
        secret: { S: expect.stringMatching(/^[\w-]{43}$/) },
      });
    },
  );

  test('takes over a session that its client refreshes, claims to the letter', async ({
    world,
  }) => {
    const claims =
      '{"profile":{"2":9007199254740993,"1":1.10},"mobilityApps":{"system":[],"user":[]}}';
    const line = `{"claims": ${claims}, "id":"a","subject":"ann","secret":"first"}`;
    expect(await imported(world, [line])).toEqual(['imported']);
    const query = { sessionId: ['a'], secureCode: ['first'] };
    const answer = await world.post(eos, { query });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('"profile":{"2":9007199254740993,"1":1.10}');
  });

  test('keeps claims that are too large for a row beside it, and finds them again', async ({
    world,
  }) => {
    const line = `{"id":"a","subject":"ann","secret":"first","claims":${large}}`;
    expect(await imported(world, [line])).toEqual(['imported']);
    const keys = await rowKeys(world);
    expect(keys).toEqual(['eos#a', expect.stringMatching(/^eos#a#claims#/)]);
    expect(await imported(world, [line])).toEqual(['unchanged']);
    expect(await rowKeys(world)).toEqual(keys);
    const other = line.replace('xxx', 'yyy');
    expect(await imported(world, [other])).toEqual([taken]);
    const query = { sessionId: ['a'], secureCode: ['first'] };
    expect((await world.post(eos, { query })).json.profile.a).toHaveLength(2000);
  });

  test('writes large claims and their row without a read', async ({ world }) => {
    const requests: string[] = [];
    const table: Table = {
      ...world.rows,
      update: (write) => {
        requests.push(write.rowKey.replace(/claims#.*/, 'claims'));
        return world.rows.update(write);
      },
      put: (row) => {
        requests.push(row.rowKey);
        return world.rows.put(row);
      },
      get: (rowKey) => Promise.reject(new Error(`reads ${rowKey}`)),
    };
    const line = `{"id":"a","subject":"ann","secret":"first","claims":${large}}`;
    expect(await imported(world, [line], { table })).toEqual(['imported']);
    expect(requests).toEqual(['eos#a#claims', 'eos#a']);
  });

  test.for([
    { what: 'whose line gives the times', times: `"openedAt":${noon},"endsAt":${noon + 600},` },
    { what: 'whose line gives no times', times: '' },
  ])(
    'writes claims once, and to last as long as their row, for a session $what',
    async ({ times }, { world }) => {
      const line = `{${times}"id":"a","subject":"ann","secret":"first","claims":${large}}`;
      const stopping: Table = {
        ...world.rows,
        put: () => Promise.reject(new StorageTimedOut('now')),
      };
      expect(await imported(world, [line], { table: stopping })).toEqual(['unavailable']);
      expect(await rowKeys(world)).toHaveLength(1);
      for (const [seconds, outcome] of [
        [300, 'imported'],
        [400, 'unchanged'],
      ] as const) {
        world.now = later(noon, seconds);
        expect(await imported(world, [line])).toEqual([outcome]);
        expect(await rowKeys(world)).toHaveLength(2);
        const { purgeAt, claimsVersion } = (await item(world, 'eos', 'a')) ?? {};
        const named = await item(world, 'eos', `a#claims#${claimsVersion?.S}`);
        expect(Number(named?.purgeAt?.N)).toBeGreaterThanOrEqual(Number(purgeAt?.N));
      }
    },
  );

  test('overwrites no session of another subject, secret, claims, opening or end', async ({
    world,
  }) => {
    const line = { ...someone, openedAt: noon - 60, endsAt: noon + 60 };
    await imported(world, [line]);
    const row = await item(world, 'eos', 'a');
    for (const other of [
      { subject: 'bob' },
      { secret: 'other' },
      { claims: { profile: { a: 1 }, mobilityApps: { system: [], user: [] } } },
      { openedAt: noon - 61 },
      { endsAt: noon + 61 },
    ])
      expect
        .soft(await imported(world, [{ ...line, ...other }]), JSON.stringify(other))
        .toEqual([taken]);
    expect(await item(world, 'eos', 'a')).toEqual(row);
  });

  test('overwrites no anonymous session, and no damaged row', async ({ world }) => {
    await world.run('open', { contract: 'eos', sessionId: 'a', anonymous: true });
    await world.rows.put({ rowKey: 'eos#b' as never });
    expect(await imported(world, [someone, { ...someone, id: 'b' }])).toEqual([taken, taken]);
  });

  test('leaves a session that was refreshed or revoked since, and calls it unchanged', async ({
    world,
  }) => {
    const lines = [
      { ...someone, openedAt: noon - 60, idleUntil: noon + 90 },
      { ...someone, id: 'b' },
    ];
    await imported(world, lines);
    world.now = later(noon, 60);
    await world.post(eos, { query: { sessionId: ['a'], secureCode: ['20004007594'] } });
    await world.run('revoke', { contract: 'eos', sessionId: 'b' });
    const rows = [await item(world, 'eos', 'a'), await item(world, 'eos', 'b')];
    expect(rows[0]?.idleUntil).toEqual({ N: String(noon + 60 + 1800) });
    expect(await imported(world, lines)).toEqual(['unchanged', 'unchanged']);
    expect([await item(world, 'eos', 'a'), await item(world, 'eos', 'b')]).toEqual(rows);
  });

  test('takes one of two lines with the same id, written at once', async ({ world }) => {
    const lines = Array.from({ length: 10 }, (_, at) => ({ ...someone, subject: `person-${at}` }));
    const outcomes = await imported(world, lines);
    expect(outcomes.filter((outcome) => outcome === 'imported')).toHaveLength(1);
    expect(outcomes.filter((outcome) => typeof outcome === 'object')).toEqual(Array(9).fill(taken));
  });

  test('answers an outcome for each line of a batch, in their order', async ({ world }) => {
    const lines = Array.from({ length: 120 }, (_, at) => ({ ...someone, id: `s${at}` }));
    await imported(
      world,
      lines.filter((_, at) => at % 3 === 0),
    );
    const outcomes = await imported(world, ['', ...lines]);
    expect(outcomes[0]).toHaveProperty('problem');
    expect(outcomes.slice(1)).toEqual(
      lines.map((_, at) => (at % 3 === 0 ? 'unchanged' : 'imported')),
    );
  });

  test('says in a dry run what it would do, and writes nothing', async ({ world }) => {
    await imported(world, [someone]);
    const lines = [
      someone,
      { ...someone, subject: 'bob' },
      { ...someone, id: 'new' },
      { ...someone, id: 'old', endsAt: noon },
      mark,
    ];
    world.requests.length = 0;
    const outcomes = await imported(world, lines, { dryRun: true });
    expect(outcomes).toEqual([
      'unchanged',
      taken,
      'imported',
      'over',
      { problem: expect.any(String) },
    ]);
    expect(new Set(world.requests)).toEqual(new Set(['GetItemCommand']));
    expect(await rowKeys(world)).toEqual(['eos#a']);
  });

  test('makes of a dead answer no failure: the line may be sent again', async ({ world }) => {
    const dead: Table = { ...world.rows, put: () => Promise.reject(new StorageTimedOut('now')) };
    expect(await imported(world, [someone, mark], { table: dead })).toEqual([
      'unavailable',
      { problem: expect.any(String) },
    ]);
    expect(await imported(world, [someone])).toEqual(['imported']);
  });
});

const day = 86_400;

/** What a line says of its times, and what the row has; nothing where the session is over. */
const times: readonly {
  readonly what: string;
  readonly contract?: string;
  readonly given: object;
  readonly row?: { readonly openedAt: number; readonly idleUntil: number; readonly endsAt: number };
}[] = [
  {
    what: 'no times',
    given: {},
    row: { openedAt: noon, idleUntil: noon + 1800, endsAt: noon + 43_200 },
  },
  {
    what: 'an earlier opening',
    given: { openedAt: noon - 3600 },
    row: { openedAt: noon - 3600, idleUntil: noon + 1800, endsAt: noon + 39_600 },
  },
  {
    what: 'an opening half an hour before its end by the policy',
    given: { openedAt: noon - 43_200 + 600 },
    row: { openedAt: noon - 42_600, idleUntil: noon + 1800, endsAt: noon + 600 },
  },
  {
    what: 'its own times within the policy',
    given: { openedAt: noon - 60, idleUntil: noon + 1, endsAt: noon + 600 },
    row: { openedAt: noon - 60, idleUntil: noon + 1, endsAt: noon + 600 },
  },
  {
    what: 'times beyond the policy',
    given: { openedAt: noon, idleUntil: noon + day, endsAt: noon + 30 * day },
    row: { openedAt: noon, idleUntil: noon + 1800, endsAt: noon + 43_200 },
  },
  {
    what: 'an idle limit beyond its end',
    given: { idleUntil: noon + 900, endsAt: noon + 600 },
    row: { openedAt: noon, idleUntil: noon + 900, endsAt: noon + 600 },
  },
  {
    what: 'ccstore, whose token is the idle clock',
    contract: 'ccstore',
    given: { openedAt: noon - 60, tokenLifetime: 300 },
    row: { openedAt: noon - 60, idleUntil: noon - 60 + day, endsAt: noon - 60 + day },
  },
  { what: 'an end that is now', given: { endsAt: noon } },
  { what: 'an idle limit that is now', given: { idleUntil: noon } },
  { what: 'an opening a lifetime ago', given: { openedAt: noon - 43_200 } },
];

const bad: readonly {
  readonly what: string;
  readonly line: unknown;
  readonly contract?: string;
}[] = [
  { what: 'no JSON', line: mark },
  { what: 'cut JSON', line: `{"id":"${mark}"` },
  { what: 'an array', line: `["${mark}"]` },
  { what: 'an unknown member', line: { ...someone, [mark]: mark } },
  {
    what: 'a member called __proto__',
    line: '{"id":"a","subject":"a","secret":"a","__proto__":{}}',
  },
  { what: 'no id', line: { ...someone, id: undefined } },
  { what: 'an id outside the grammar', line: { ...someone, id: `${mark}/..` } },
  { what: 'no subject', line: { ...someone, subject: undefined } },
  { what: 'no secret', line: { ...someone, secret: undefined } },
  { what: 'no secret but null', line: { ...someone, secret: null } },
  { what: 'an empty secret', line: { ...someone, secret: '' } },
  { what: 'a secret that is a number', line: { ...someone, secret: 20004007594 } },
  { what: 'claims as text', line: { ...someone, claims: `{"profile":"${mark}"}` } },
  { what: 'claims of another contract', line: { ...someone, claims: { iss: mark } } },
  { what: 'claims that are null', line: { ...someone, claims: null } },
  { what: 'a time as text', line: { ...someone, openedAt: mark } },
  { what: 'a time in milliseconds', line: { ...someone, endsAt: noon * 1000 } },
  { what: 'a fraction of a second', line: { ...someone, idleUntil: noon + 0.5 } },
  { what: 'a negative time', line: { ...someone, openedAt: -1 } },
  { what: 'an opening in the future', line: { ...someone, openedAt: noon + 1 } },
  { what: 'a token lifetime for eos', line: { ...someone, tokenLifetime: 300 } },
  {
    what: 'an idle limit for ccstore',
    line: { ...someone, idleUntil: noon + 60 },
    contract: 'ccstore',
  },
  {
    what: 'a token lifetime of a second',
    line: { ...someone, tokenLifetime: 1 },
    contract: 'ccstore',
  },
];

describe('session-admin import, its lines', () => {
  sharedTest.for(times)(
    'hold $what to the policy',
    async ({ what, contract, given, row }, { world }) => {
      const line = { ...someone, id: `t-${what.replaceAll(/\W/g, '-')}`, ...given };
      const name = contract ?? 'eos';
      expect(await imported(world, [line], { contract: name })).toEqual([
        row ? 'imported' : 'over',
      ]);
      const stored = await item(world, name, line.id);
      if (!row) return expect(stored).toBeUndefined();
      const { openedAt: refreshedAt, endsAt } = row;
      expect(unmarshall(stored ?? {})).toMatchObject({
        ...row,
        refreshedAt,
        purgeAt: endsAt + day,
      });
    },
  );

  sharedTest.for(bad)('refuse $what, and quote nothing', async ({ line, contract }, { world }) => {
    world.requests.length = 0;
    const [outcome] = await imported(world, [line], { contract: contract ?? 'eos' });
    expect(outcome).toEqual({ problem: expect.stringMatching(/^[a-z][^\n]{15,200}$/) });
    expect(JSON.stringify(outcome)).not.toContain(mark);
    expect(world.requests).toEqual([]);
  });

  sharedTest.for([
    { what: 'no contract', input: { lines: [] } },
    { what: 'no lines', input: { contract: 'eos' } },
    { what: 'lines as one text', input: { contract: 'eos', lines: mark } },
    { what: 'lines that are objects', input: { contract: 'eos', lines: [{ id: mark }] } },
    { what: 'a dry run in words', input: { contract: 'eos', lines: [], dryRun: mark } },
  ])('are no batch with $what', async ({ input }, { world }) => {
    const answer = await world.run('import', input);
    expect(answer).toEqual({ outcome: 'invalid', problem: expect.any(String) });
    expect(JSON.stringify(answer)).not.toContain(mark);
  });

  sharedTest('give a ccstore token its lifetime at the next refresh', async ({ world }) => {
    const line = { ...someone, id: 'short', secret: 'sec', tokenLifetime: 300 };
    expect(await imported(world, [line], { contract: 'ccstore' })).toEqual(['imported']);
    const payload = JSON.stringify({
      exp: noon + 9,
      sub: 'ann',
      iat: noon,
      sid: 'short',
      sec: 'sec',
    });
    const token = signPaddedJwt(payload, signingKey(world.keys(ccstore)));
    const answer = await world.post(ccstore, { headers: { Authorization: `Bearer ${token}` } });
    expect(answer.json.expires_in).toBe(300);
  });
});
