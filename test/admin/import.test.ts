import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { StorageTimedOut, type Table } from '../../functions/core/session/table.ts';
import { later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { commands } from '../../functions/session-admin/commands.ts';
import type { LineOutcome } from '../../functions/session-admin/import.ts';
import { lineMembers } from '../../functions/session-admin/import-input.ts';
import { bearer, signed, tokenTimes } from '../support/ways.ts';
import {
  memoryWorld,
  noon,
  onBothEngines,
  storedTest,
  test,
  type World,
} from '../support/world.ts';
import { cli, envOf, fileOf, nowhere, printed, shellWords } from './in-process.ts';
import { done } from './support.ts';

/** A text in bad lines. An error that contains it quotes the line. */
const mark = 'tell-tale';

const someone = { id: 'a', subject: 'ann', secret: 'first' };
const apps = '{"system":[],"user":[]}';
const claims = { mobilityApps: JSON.parse(apps), profile: { a: 'x'.repeat(2000) } };
/** Its claims are so large that they get a separate item. */
const large = { ...someone, claims };
const taken = { problem: 'the table has another session of this id' };

/** Imports lines, or values as lines. */
async function imported(
  world: World,
  lines: readonly unknown[],
  { contract = 'eos', dryRun = false, table = world.rows } = {},
): Promise<readonly LineOutcome[]> {
  const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  const input = { contract, lines: texts, dryRun };
  const answer = await commands.import(input, { ...world.admin, table });
  return done<{ readonly outcomes: readonly LineOutcome[] }>(answer).outcomes;
}

const refreshed = (world: World, id = 'a', secret = 'first') =>
  world.post(eos, { query: { sessionId: [id], secureCode: [secret] } });

describe('session-admin import', () => {
  const odd = '{"2":9007199254740993,"1":1.10}';
  test.for([
    { contract: 'eos', claims: `{"profile":${odd},"mobilityApps":${apps}}` },
    { contract: 's360', claims: `{"user":${odd},"app":{},"sso":{"externalSystemId":"x"}}` },
  ])('writes the row of $contract that open writes', async ({ contract, claims }, { world }) => {
    const { id: sessionId, ...person } = someone;
    await world.run('open', { contract, sessionId, ...person, claims });
    const [opened, ...none] = await world.items();
    const line = (id: string) =>
      JSON.stringify({ ...someone, id }).replace('}', `,"claims": ${claims}}`);
    expect([none, await imported(world, [line('a')], { contract })]).toEqual([[], ['unchanged']]);
    expect(await imported(world, [line('b')], { contract })).toEqual(['imported']);
    const secret = expect.stringMatching(/^[\w-]{43}$/);
    expect((await world.items())[1]).toEqual({ ...opened, rowKey: `${contract}#b`, secret });
  });

  test('gives a ccstore token its lifetime at the next refresh', async ({ world }) => {
    const line = { ...someone, tokenLifetime: 300 };
    expect(await imported(world, [line], { contract: 'ccstore' })).toEqual(['imported']);
    const token = signed(world, { ...tokenTimes(world), sid: 'a', sec: 'first' });
    expect((await world.post(ccstore, bearer(token))).json.expires_in).toBe(300);
    const lines = [line, { ...line, tokenLifetime: 400 }];
    const again = await imported(world, lines, { contract: 'ccstore' });
    expect(again).toEqual(['unchanged', taken]);
  });

  test('overwrites nothing', async ({ world }) => {
    const line = { ...someone, openedAt: noon - 60, endsAt: noon + 60 };
    await imported(world, [line]);
    await world.open(eos, { sessionId: 'visitor', anonymous: true });
    await world.rows.put({ rowKey: 'eos#damaged' as never });
    const before = structuredClone(await world.items());
    const times = { openedAt: noon - 61, endsAt: noon + 59 };
    const other = Object.entries({ subject: 'bob', secret: 'other', claims, ...times });
    const others = [...other, ['id', 'visitor'], ['id', 'damaged']] as const;
    const lines = others.map(([name, value]) => ({ ...line, [name]: value }));
    expect(await imported(world, lines)).toEqual(Array(7).fill(taken));
    const less = ['openedAt', 'endsAt'].map((name) => ({ ...line, [name]: undefined }));
    expect(await imported(world, less)).toEqual(['unchanged', 'unchanged']);
    expect((await world.items()).slice(0, 3)).toEqual(before);
  });

  test('calls a session unchanged that was refreshed or revoked since', async ({ world }) => {
    // Its end is cut to twelve hours from the import, which is another moment the second time.
    const b = { ...someone, id: 'b', endsAt: noon + 30 * day };
    const lines = [{ ...someone, openedAt: noon - 60, idleUntil: noon + 90 }, b];
    await imported(world, lines);
    world.now = later(noon, 60);
    await refreshed(world);
    await world.run('revoke', { contract: 'eos', sessionId: 'b' });
    const rows = structuredClone(await world.items());
    expect(rows[0]).toMatchObject({ idleUntil: noon + 60 + 1800 });
    expect(await imported(world, lines)).toEqual(['unchanged', 'unchanged']);
    expect(await world.items()).toEqual(rows);
  });

  test('answers an outcome for each line of a batch, in their order', async ({ world }) => {
    const lines = Array.from({ length: 120 }, (_, at) => ({ ...someone, id: `s${at}` }));
    await imported(world, lines.slice(5, 30));
    const outcomes = lines.map((_, at) => (at >= 5 && at < 30 ? 'unchanged' : 'imported'));
    const problem = expect.any(String);
    expect(await imported(world, ['', ...lines])).toEqual([{ problem }, ...outcomes]);
  });

  test('says in a dry run what it would do, and writes nothing', async ({ world }) => {
    await imported(world, [someone]);
    world.requests.length = 0;
    const over = { ...someone, id: 'old', endsAt: noon };
    const lines = [someone, { ...someone, subject: 'bob' }, { ...large, id: 'new' }, over, mark];
    const problem = { problem: 'a line is a JSON object' };
    const outcomes = ['unchanged', taken, 'imported', 'over', problem];
    expect(await imported(world, lines, { dryRun: true })).toEqual(outcomes);
    expect(world.requests).toEqual(Array(3).fill('GetItemCommand'));
    expect(await world.items()).toHaveLength(1);
    const apart = { ...large, id: 'b' };
    await imported(world, [apart]);
    const { claimsVersion } = (await world.row(eos, 'b')) ?? {};
    await world.purge(eos, `b#claims#${claimsVersion}`);
    expect(await imported(world, [apart], { dryRun: true })).toEqual([taken]);
  });

  test('knows its own row where the SDK sent a write twice', async ({ world }) => {
    const put: Table['put'] = async (row) => {
      await world.rows.put(row);
      return { ...(await world.rows.put(row)), retried: true };
    };
    const table = { ...world.rows, put };
    const other = { ...someone, subject: 'bob' };
    expect(await imported(world, [someone, other], { table })).toEqual(['imported', taken]);
  });

  const stops = [1, 2, 3].flatMap((stop) => [
    { stop, lost: 'request' },
    { stop, lost: 'answer' },
  ]);
  test.for(stops)(
    'is complete once it is run again after a lost $lost $stop',
    async (row, { world }) => {
      const lines = [someone, { ...large, id: 'b' }];
      const whole = memoryWorld();
      await imported(whole, lines);
      expect(whole.requests).toHaveLength(3);
      let asked = 0;
      const request = async <Result>(act: () => Promise<Result>): Promise<Result> => {
        asked += 1;
        if (asked < row.stop) return act();
        if (asked === row.stop && row.lost === 'answer') await act();
        throw new StorageTimedOut(row.lost);
      };
      const { rows } = world;
      const put: Table['put'] = (item) => request(() => rows.put(item));
      const update: Table['update'] = (write) => request(() => rows.update(write));
      const stopped = await imported(world, lines, { table: { ...rows, put, update } });
      expect(stopped).toContain('unavailable');
      for (const outcome of await imported(world, lines))
        expect(outcome).toMatch(/^(imported|unchanged)$/);
      expect(await world.items()).toHaveLength(3);
      expect(await world.items()).toEqual(expect.arrayContaining([...(await whole.items())]));
    },
  );
});

onBothEngines('session-admin import on a database', (test) => {
  test.for([
    { what: 'whose line gives the times', times: { openedAt: noon, endsAt: noon + 900 } },
    { what: 'whose line gives no times', times: {} },
  ])('keeps large claims of one $what', async ({ times }, { world }) => {
    const line = { ...times, ...large };
    const put: Table['put'] = () => Promise.reject(new StorageTimedOut('now'));
    const stopped = await imported(world, [line], { table: { ...world.rows, put } });
    expect([stopped, world.requests]).toEqual([['unavailable'], ['UpdateItemCommand']]);
    for (const outcome of ['imported', 'unchanged']) {
      world.now = later(world.now, 300);
      expect(await imported(world, [line])).toEqual([outcome]);
      const items = await world.items();
      const row = items.find(({ rowKey }) => rowKey === 'eos#a');
      const kept = items.find(({ rowKey }) => rowKey === `eos#a#claims#${row?.claimsVersion}`);
      expect([items.length, kept?.claims]).toEqual([2, JSON.stringify(claims)]);
      expect(Number(kept?.purgeAt)).toBeGreaterThanOrEqual(Number(row?.purgeAt));
    }
    expect(world.requests.slice(1, 3)).toEqual(['UpdateItemCommand', 'PutItemCommand']);
    // An earlier end takes nothing from the claims that are there.
    const before = structuredClone(await world.items());
    await imported(world, [{ ...line, endsAt: noon + 860 }]);
    expect(await world.items()).toEqual(before);
    const other = { ...line, claims: { ...claims, profile: { a: 'y'.repeat(2000) } } };
    expect(await imported(world, [other])).toEqual([taken]);
    expect((await refreshed(world)).json.profile).toEqual(claims.profile);
  });
});

const day = 86_400;

type Times = { readonly openedAt?: number; readonly idleUntil?: number; readonly endsAt?: number };

/** The times of a line, in seconds from now, and those of its row, in this order. An expired session has none. */
const times: readonly (readonly [given: Times, row?: readonly number[], contract?: string])[] = [
  [{}, [0, 1800, 43_200]],
  [{ openedAt: -3600 }, [-3600, 1800, 39_600]],
  [{ openedAt: -42_600 }, [-42_600, 1800, 600]],
  [{ openedAt: -60, idleUntil: 1, endsAt: 600 }, [-60, 1, 600]],
  [{ openedAt: 0, idleUntil: day, endsAt: 30 * day }, [0, 1800, 43_200]],
  [{ idleUntil: 900, endsAt: 600 }, [0, 900, 600]],
  [{ openedAt: -60 }, [-60, day - 60, day - 60], 'ccstore'],
  [{ endsAt: 0 }],
  [{ idleUntil: 0 }],
  [{ openedAt: -43_200 }],
];

const but = (more: object) => ({ ...someone, ...more });

/** Lines that are wrong in the same way. */
const bad: readonly (readonly [what: string, lines: readonly unknown[], contract?: string])[] = [
  ['no JSON object', [mark]],
  ['unknown members', [but({ [mark]: 1 }), '{"id":"a","subject":"a","secret":"a","__proto__":{}}']],
  ['no id', [but({ id: undefined }), but({ id: `${mark}/..` })]],
  ['no subject', [but({ subject: undefined })]],
  ['no secret', [but({ secret: undefined }), but({ secret: null })]],
  ['claims of another contract', [but({ claims: { iss: mark } })]],
  ['no whole second', [but({ openedAt: mark }), but({ idleUntil: 0.5 }), but({ openedAt: -1 })]],
  ['milliseconds', [but({ endsAt: noon * 1000 })]],
  ['an opening in the future', [but({ openedAt: noon + 1 })]],
  ['a token lifetime for eos', [but({ tokenLifetime: 300 })]],
  ['an idle limit for ccstore', [but({ idleUntil: noon + 60 })], 'ccstore'],
];

describe('a line of an import', () => {
  test.for(times)('holds %o to the policy', async ([given, row, contract = 'eos'], { world }) => {
    const at = Object.entries(given).map(([name, seconds]) => [name, noon + seconds]);
    const line = { ...someone, ...Object.fromEntries(at) };
    expect(await imported(world, [line], { contract })).toEqual([row ? 'imported' : 'over']);
    const [stored] = await world.items();
    if (!row) return expect(stored).toBeUndefined();
    const [openedAt, idleUntil, endsAt = 0] = row.map((seconds) => noon + seconds);
    const purgeAt = endsAt + day;
    expect(stored).toMatchObject({ openedAt, refreshedAt: openedAt, idleUntil, endsAt, purgeAt });
  });

  test.for(bad)('is refused with %s, and not quoted', async ([, lines, contract], { world }) => {
    const outcomes = await imported(world, lines, { contract: contract ?? 'eos' });
    const problem = expect.stringMatching(/^[a-z][^\n]{15,200}$/);
    expect(outcomes).toEqual(lines.map(() => ({ problem })));
    expect(JSON.stringify(outcomes)).not.toContain(mark);
    expect(world.requests).toEqual([]);
  });
});

const page = readFileSync(join(import.meta.dirname, '../../docs/migrate.md'), 'utf8');

/** The blocks of a language in the page, without their indentation. */
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^ *\`\`\`${language}\\n([^]*?)^ *\`\`\``, 'gm'))].map(
    ([, block = '']) => block.trim(),
  );
const [file = '', event = ''] = blocks('json');

describe('docs/migrate.md', () => {
  storedTest('has commands that do what it says, on the file that it shows', async ({ world }) => {
    const lines = blocks('sh');
    const here = lines.filter((line) => !line.endsWith('# needs AWS'));
    expect(lines).toHaveLength(here.length + 1);
    const sessions = fileOf(file);
    const answers = [];
    for (const line of here) {
      const { prompt, args } = shellWords(line.replace('sessions.jsonl', sessions));
      expect(prompt).toBe('npm run -s sessions --');
      answers.push(printed(await cli(args, envOf(world))));
    }
    const all = { lines: 2, imported: 2, failed: 0 };
    const opened = { contract: 'ccstore', expiresIn: 930 };
    expect(answers).toMatchObject([{ dryRun: true, ...all }, { dryRun: false, ...all }, opened]);
  });

  test('has an event that moves a session at its refresh', async ({ world }) => {
    const { command, ...input } = JSON.parse(event);
    const answer = await world.run(command, input);
    expect(answer).toMatchObject({ result: { outcomes: ['imported'] } });
    const { id, secret } = JSON.parse(input.lines[0]);
    expect((await refreshed(world, id, secret)).status).toBe(200);
  });

  test('describes every member of a line, and every field of the answer', async () => {
    const cells = [...page.matchAll(/^\| (`.*?) \|/gm)].map(([, cell = '']) => cell).join(' ');
    const named = [...cells.matchAll(/`(\w+)`/g)].map(([, name]) => name);
    const { stdout } = await cli(`import eos ${fileOf('{"id":"a/b"}')}`, nowhere);
    const fields = [...lineMembers, ...Object.keys(JSON.parse(stdout))];
    expect(named.toSorted()).toEqual(fields.toSorted());
  });
});
