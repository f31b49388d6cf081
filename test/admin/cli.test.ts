import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, inject, onTestFinished, vi } from 'vitest';
import { candidates } from '../../cli/completion.ts';
import { isOnThisMachine, localEnv } from '../../cli/local.ts';
import { nextStep } from '../../cli/next-step.ts';
import { program } from '../../cli/program.ts';
import type { Terminal } from '../../cli/terminal.ts';
import { usages } from '../../cli/usage.ts';
import { contracts, sessionOwners } from '../../functions/contracts.ts';
import { systemClock } from '../../functions/core/time.ts';
import type { AdminRefusal } from '../../functions/session-admin/command.ts';
import { openDemos } from '../../local/demo.ts';
import { type Held, storedTest as test, type StoredWorld as World } from '../support/world.ts';
import { cli, envOf, nowhere, printed, type Ran, sessionKeys } from './in-process.ts';
import { item, refresh, type Wire, wires } from './support.ts';

/** Is in every secret and claim below, and in no answer. */
const mark = 'hunter2';

const names = sessionOwners.map(({ name }) => name).join('|');

/** Refreshes now: the CLI's commands read this machine's clock. */
function refreshNow(world: World, wire: Wire, held: Record<string, unknown>) {
  world.now = systemClock();
  return refresh(world, wire, held as unknown as Held);
}

const refused = (reason: AdminRefusal): Ran => ({
  status: 1,
  stdout: '',
  stderr: `error: ${reason}: ${nextStep(reason)}\n`,
});

describe('npm run sessions', () => {
  test.for(wires)(
    'opens a session of $name that refreshes until it is revoked',
    async (wire, { world }) => {
      const env = envOf(world);
      const held = printed(await cli(['open', wire.name, '--subject', 'ann'], env));
      expect(Object.keys(held)).toEqual(wire.holds);
      expect((await refreshNow(world, wire, held)).status).toBe(200);
      const revoke = ['revoke', wire.name, String(held.sessionId)];
      const revoked = printed(await cli(revoke, env));
      const answer = await refreshNow(world, wire, held);
      expect([answer.status, wire.code(answer)]).toEqual(wire.loggedOut);
      expect(printed(await cli(revoke, env))).toEqual(revoked);
    },
  );

  test('logs a person in to an anonymous session, once', async ({ world }) => {
    const env = envOf(world);
    const opened = printed(await cli(['open', 'eos', '--anonymous', '--id', 'a'], env));
    expect(opened).not.toHaveProperty('secureCode');
    const login = ['login', 'eos', 'a', '--subject', 'ann', '--secret'];
    expect(printed(await cli([...login, mark], env))).toMatchObject({ secureCode: mark });
    expect(await cli([...login, 'other'], env)).toEqual(refused('logged-in'));
  });

  test('lists and ends all sessions of a subject', async ({ world }) => {
    const env = envOf(world);
    const subject = ['s360', 'Ann Ä. #1'];
    for (const id of ['a', 'b'])
      await cli(['open', 's360', '--id', id, '--subject', 'Ann Ä. #1'], env);
    expect(printed(await cli(['list', ...subject], env)).sessions).toHaveLength(2);
    expect(printed(await cli(['revoke-all', ...subject], env))).toMatchObject({ ended: 2 });
  });

  test.for([
    { args: ['show', 'eos', 'nobody'] },
    { args: ['revoke', 'ccstore', 'nobody'] },
    { args: ['login', 'eos', 'nobody', '--subject', 'ann', '--secret', mark] },
  ])('ends $args.0 of no session with 1', async ({ args }, { world }) => {
    expect(await cli(args, envOf(world))).toEqual(refused('unknown-session'));
  });

  test('takes claims as JSON or from a file, to the letter', async ({ world }) => {
    const folder = mkdtempSync(join(tmpdir(), 'claims-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const claims = '{"iss":"Bücher","2":9007199254740993,"1":1.10}';
    writeFileSync(join(folder, 'claims.json'), `${claims}\n`);
    for (const [id, given] of [
      ['text', claims],
      ['file', `@${folder}/claims.json`],
    ] as const) {
      await cli(['open', 'ccstore', '--id', id, '--claims', given], envOf(world));
      expect((await item(world, 'ccstore', id))?.claims).toEqual({ S: claims });
    }
  });

  test('takes a token lifetime, and words that begin with a dash', async ({ world }) => {
    const env = envOf(world);
    const short = await cli(['open', 'ccstore', '--token-lifetime', '300'], env);
    expect(printed(short)).toMatchObject({ expiresIn: 300 });
    const dashed = printed(await cli(['open', 'eos', '--id=-h', '--secret', '--help'], env));
    expect(dashed).toMatchObject({ sessionId: '-h', secureCode: '--help' });
    expect(printed(await cli(['show', 'eos', '--', '-h'], env)).sessionId).toBe('-h');
  });

  test('finds the table that `npm start` serves by DYNAMODB_PORT', async ({ world }) => {
    const { port } = new URL(inject('embedded'));
    const env = { DYNAMODB_PORT: port, SESSION_TABLE: world.table, SESSION_KEYS: sessionKeys };
    const { sessionId } = printed(await cli(['open', 'eos'], env));
    expect(await item(world, 'eos', String(sessionId))).toBeDefined();
  });
});

describe('npm run sessions in a terminal', () => {
  test('prints lines for a person, and the same JSON as elsewhere by --json', async ({ world }) => {
    await world.run('open', { contract: 'eos', sessionId: 'a', subject: 'Ann \u202eÄ. 山' });
    const show = ['show', 'eos', 'a'];
    const elsewhere = await cli(show, envOf(world));
    expect(printed(elsewhere).subject).toBe('Ann \u202eÄ. 山');
    expect(await cli([...show, '--json'], envOf(world), { person: true })).toEqual(elsewhere);
    const { stdout } = await cli(show, envOf(world), { person: true });
    expect(stdout).toContain('\nsubject      Ann \\u{202e}Ä. 山\n');
  });

  test.for(sessionOwners)(
    'says at which paths the client of a new session of $name refreshes it',
    async ({ name }, { world }) => {
      const { stdout } = await cli(['open', name], envOf(world), { person: true });
      const own = contracts.filter(({ serves }) => serves === name).map(({ path }) => path);
      expect([...stdout.matchAll(/^ {2}POST (.*)$/gm)].map(([, path]) => path)).toEqual(own);
    },
  );

  test('has colours only where the terminal has them', async ({ world }) => {
    await world.run('open', { contract: 'eos', sessionId: 'a' });
    const args = ['show', 'eos', 'a'];
    const colour = { out: true, err: true };
    const { stdout } = await cli(args, envOf(world), { person: true, colour });
    expect(stdout).toContain('\x1b[33mlifetime-over\x1b[39m');
    expect((await cli(args, envOf(world), { person: true })).stdout).not.toContain('\x1b');
    const { stderr } = await cli(['show', 'eos'], envOf(world), { colour });
    expect(stderr).toContain('\x1b[31merror:\x1b[39m missing');
  });

  test('says after a second what revoke-all waits for', async ({ world }) => {
    const slow = { person: true, sleep: async () => undefined };
    const args = ['revoke-all', 'eos', 'ann'];
    const { stderr } = await cli(args, envOf(world), slow);
    expect(stderr).toMatch(/^Waiting until the index .*\n$/);
    expect((await cli(args, envOf(world), { person: true })).stderr).toBe('');
    expect((await cli(args, envOf(world), { ...slow, person: false })).stderr).toBe('');
  });
});

/** Command lines that are wrong, and what is said of them. */
const misuses: readonly {
  readonly what: string;
  readonly args: readonly string[];
  readonly says: string;
}[] = [
  { what: 'an unknown command', args: ['opne', 'eos'], says: 'did you mean `open`?' },
  { what: 'an inherited name as command', args: ['constructor'], says: "unknown command 'cons" },
  { what: 'an option before the command', args: ['--secret', mark, 'open'], says: "'--secret'" },
  { what: 'no contract', args: ['open', '--secret', mark], says: `argument '${names}'` },
  { what: 'an empty contract', args: ['open', ''], says: 'Allowed choices are eos,' },
  { what: 'an unknown contract', args: ['open', 'occ'], says: 'Allowed choices are eos,' },
  { what: 'a contract of other paths', args: ['open', 'ccstoreui'], says: 'Allowed choices are' },
  { what: 'a word too many', args: ['open', 'eos', mark], says: 'too many arguments' },
  { what: 'no session id', args: ['show', 'eos'], says: "argument 'sessionId'" },
  { what: 'no subject', args: ['revoke-all', 'eos'], says: "argument 'subject'" },
  { what: 'no file', args: ['import', 'eos'], says: "argument 'file'" },
  { what: 'a misspelt option', args: ['open', 'eos', '--secrte', mark], says: '`--secret`?' },
  { what: 'one with a value', args: ['open', 'eos', `--secrte=${mark}`], says: "'--secrte'" },
  { what: 'a letter for an option', args: ['open', 'eos', `-s${mark}`], says: "option '-s'" },
  { what: 'another command’s', args: ['show', 'eos', 'id', '--secret', mark], says: "'--secret'" },
  { what: 'an option without value', args: ['open', 'eos', '--secret'], says: 'argument missing' },
  { what: 'a value where none goes', args: ['open', 'eos', '--anonymous=yes'], says: "'--anon" },
  { what: 'a login of nobody', args: ['login', 'eos', 'id', '--secret', mark], says: '--subject' },
  {
    what: 'a lifetime in words',
    args: ['open', 'ccstore', '--token-lifetime', '5m'],
    says: 'token',
  },
  { what: 'a negative lifetime', args: ['open', 'ccstore', '--token-lifetime=-1'], says: 'token' },
  { what: 'an empty secret', args: ['open', 'eos', '--secret='], says: 'a secret is 1 to' },
  {
    what: 'claims that are no JSON',
    args: ['open', 'eos', '--claims', `{"${mark}`],
    says: 'claims',
  },
  { what: 'claims from no file', args: ['open', 'eos', '--claims', '@/no'], says: 'the file' },
  { what: 'claims from a folder', args: ['open', 'eos', '--claims', '@/'], says: 'the file' },
  { what: 'an import of no file', args: ['import', 'eos', '/no/file'], says: 'the file' },
  { what: 'an import of a folder', args: ['import', 'eos', '/'], says: 'the file' },
  { what: 'a rate of nothing', args: ['import', 'eos', '-', '--rate', '0'], says: '--rate is' },
  { what: 'an unknown shell', args: ['completion', 'tcsh'], says: 'bash, zsh, fish' },
  {
    what: 'what moves the cursor',
    args: ['show', 'eos', 'id', '--\x1b[2J'],
    says: 'unknown option',
  },
];

test.for([
  { endpoint: 'http://127.0.0.1:8000', is: true },
  { endpoint: 'http://localhost:8000', is: true },
  { endpoint: 'http://[::1]:8000', is: true },
  { endpoint: 'https://dynamodb.eu-west-1.amazonaws.com', is: false },
  { endpoint: 'http://127.0.0.1.example.com', is: false },
])('revoke-all waits for no index at $endpoint: $is', ({ endpoint, is }) => {
  expect(isOnThisMachine(localEnv({ AWS_ENDPOINT_URL_DYNAMODB: endpoint }))).toBe(is);
});

describe('npm run sessions, typed wrong', () => {
  test.for(misuses)('tells $what in two lines, and ends with 2', async ({ args, says }) => {
    const { status, stdout, stderr } = await cli(args, nowhere);
    expect.soft({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect.soft(stderr).toMatch(/^error: [^\n]+\n([^\n]+\n)?$/);
    expect.soft(stderr).toContain(says);
    expect.soft(stderr).not.toContain(mark);
    expect.soft(stderr).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  test.for([
    { what: '--json', took: { npm_config_json: 'true' }, args: ['list', 'eos', 'ann'] },
    { what: '--dry-run', took: { npm_config_dry_run: 'true' }, args: ['import', 'eos', '-'] },
    { what: '--secret', took: { npm_config_secret: mark }, args: ['open', 'eos', mark] },
  ])('says what to type where npm took $what', async ({ what, took, args }) => {
    const npm = { npm_lifecycle_event: 'sessions' };
    const ran = await cli(args, { ...nowhere, ...npm, ...took });
    const typed = `npm run -s sessions -- ${args[0]} … ${what}`;
    expect(ran).toMatchObject({ status: 2, stderr: expect.stringContaining(`type: ${typed}\n`) });
    expect(ran.stderr).not.toContain(mark);
    // Typed behind `--` it is the CLI's, whatever npm has; and outside of npm nothing was taken.
    const again = await cli([...args, `${what}=x`], { ...nowhere, ...npm, ...took });
    expect(again.stderr).not.toContain('npm took');
    expect((await cli(args, { ...nowhere, ...took })).stderr).not.toContain('npm took');
  });

  test.for(
    [
      ['open', 'ccstore', '--secret', mark],
      ['login', 'eos', 'id', '--subject', 'ann', '--secret', mark],
      ['show', 'eos', 'id'],
      ['list', 'eos', 'ann'],
      ['revoke', 'eos', 'id'],
      ['revoke-all', 'eos', 'ann'],
      ['import', 'eos', '-'],
    ].map((args) => ({ args })),
  )('says how to start what $args.0 does not find', async ({ args }) => {
    const stdin = `{"id":"a","subject":"ann","secret":"${mark}"}`;
    const ran = await cli(args, nowhere, { stdin });
    expect(ran).toMatchObject({ status: 3, stdout: '' });
    expect(ran.stderr).toMatch(/^error: [^\n]+127\.0\.0\.1:1; is `npm start` running\?[^\n]*\n$/);
    expect(ran.stderr).not.toContain(mark);
  });

  test.for([
    { what: 'no keys', env: { SESSION_KEYS: '' }, says: /start `npm start`/ },
    { what: 'keys of no contract', env: { SESSION_KEYS: '{}' }, says: /SESSION_KEYS/ },
    {
      what: 'a short key',
      env: { SESSION_KEYS: `{"eos":{"root":"${mark}"}}` },
      says: /SESSION_KEYS/,
    },
    { what: 'keys that are no JSON', env: { SESSION_KEYS: `${mark}{` }, says: /SESSION_KEYS/ },
    { what: 'policies cut off', env: { SESSION_POLICIES: `{"${mark}` }, says: /JSON object, such/ },
    { what: 'policies as an array', env: { SESSION_POLICIES: '[]' }, says: /JSON object, such/ },
    {
      what: 'a policy of an unknown contract',
      env: { SESSION_POLICIES: '{"occ":{"idle":1}}' },
      says: /unknown contract "occ"; expected eos, s360, ccstore/,
    },
    {
      what: 'a policy without sense',
      env: { SESSION_POLICIES: '{"eos":{"idle":0}}' },
      says: /eos: idle is 0; it must be a whole number of seconds over 0/,
    },
  ])('says in one line what is wrong with $what', async ({ env, says }) => {
    const { status, stderr } = await cli(['show', 'eos', 'id'], { ...nowhere, ...env });
    expect(status).toBe(3);
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect(stderr).toMatch(says);
    expect(stderr).not.toContain(mark);
  });
});

describe('the help of npm run sessions', () => {
  test.for([[], ['--help'], ['-h']])('names every command by %j', async (args) => {
    const { status, stdout, stderr } = await cli(args, {});
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const [name, { summary }] of Object.entries(usages))
      expect(stdout).toMatch(new RegExp(`^ {2}${name} +${summary}$`, 'm'));
    expect(stdout).toContain('0 done, 1 refused, 2 wrong usage');
  });

  test.for(Object.entries({ ...usages, completion: undefined }))(
    'tells %s on one screen of 80 columns, with examples',
    async ([name, usage]) => {
      const { status, stdout } = await cli([name, 'eos', '-h'], {});
      expect(status).toBe(0);
      const lines = stdout.split('\n');
      expect(lines.length).toBeLessThanOrEqual(42);
      expect(lines.filter((line) => line.length > 80)).toEqual([]);
      for (const { flags } of usage?.options ?? []) expect(stdout).toContain(`  ${flags} `);
      expect(stdout).toMatch(/^ {2,4}(npm run -s sessions -- |eval .*session-refresh )\w/m);
    },
  );
});

/** The words of a line as a shell reads it, and what is piped into it. */
function shellWords(line: string) {
  const [, stdin, typed = line] = /^echo '(.*)' \|\n(.*)$/s.exec(line) ?? [];
  const words = typed.trim().match(/'[^']*'|\S+/g) ?? [];
  const [npm, run, silent, script, dashes, ...args] = words.map((word) =>
    word.replace(/^'|'$/g, ''),
  );
  return { prompt: [npm, run, silent, script, dashes].join(' '), args, stdin: stdin ?? '' };
}

test('the examples of --help do what they say beside the sessions of `npm start`', async ({
  world,
}) => {
  world.now = systemClock();
  await openDemos(world.admin);
  for (const [name, { examples }] of Object.entries(usages))
    for (const line of examples) {
      const { prompt, args, stdin } = shellWords(line);
      expect([prompt, name === 'login' ? name : args[0]]).toEqual(['npm run -s sessions --', name]);
      const answer = printed(await cli(args, envOf(world), { stdin, clock: systemClock }));
      expect(answer.sessions ?? ['some'], line).not.toEqual([]);
      expect(answer.ended ?? answer.imported ?? 1, line).toBe(1);
    }
});

describe('the completion of session-refresh', () => {
  const root = program({ colour: {} } as Terminal, {
    run: async () => undefined,
    completion: () => undefined,
  });

  test.for([
    { words: [''], found: [...Object.keys(usages), 'completion'] },
    { words: ['re'], found: ['revoke', 'revoke-all'] },
    { words: ['open', ''], found: ['eos', 's360', 'ccstore'] },
    { words: ['open', '--subject', 'ann', 'e'], found: ['eos'] },
    { words: ['open', 'eos', '--s'], found: ['--subject', '--secret'] },
    { words: ['open', 'eos', '--subject', ''], found: [] },
    { words: ['import', 'eos', ''], found: [] },
    { words: ['show', 'eos', '--'], found: ['--function', '--json', '--help'] },
    { words: ['completion', ''], found: ['bash', 'zsh', 'fish'] },
    { words: ['nothing', ''], found: [] },
  ])('of $words is $found', ({ words, found }) => {
    expect(candidates(root, words)).toEqual(found);
  });

  test('is asked for by the script of a shell', async () => {
    expect((await cli(['completion', 'bash'], {})).stdout).toContain('session-refresh complete --');
    const { stdout } = await cli(['complete', '--', 'open', 's'], {});
    expect(stdout).toBe('s360\n');
  });
});

/** Lambda's HTTP API as far as the CLI calls it, in front of the world's commands. */
async function lambdaStandIn({ run }: World) {
  const called: unknown[] = [];
  const server = createServer(async (request, response) => {
    const { command, ...input } = JSON.parse(await text(request));
    called.push({ path: request.url, command, input });
    if (input.sessionId === 'broken') {
      response.setHeader('X-Amz-Function-Error', 'Unhandled');
      response.end('{"errorType":"TimeoutError","errorMessage":"with a secret in it"}');
    } else response.end(JSON.stringify(await run(command, input)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { env: aws(`http://127.0.0.1:${port}`), called };
}

/** A shell with credentials for AWS, whose Lambda answers there. */
function aws(endpoint: string): Record<string, string> {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  return { AWS_ENDPOINT_URL_LAMBDA: endpoint, AWS_REGION: 'eu-west-1' };
}

describe('npm run sessions with a deployed function', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('calls the one that --function names, and prints its answer', async ({ world }) => {
    const { env, called } = await lambdaStandIn(world);
    const open = ['open', 'eos', '--id', 'far', '--secret', '20004007594', '--function', 'admin'];
    expect(printed(await cli(open, env))).toMatchObject({
      sessionId: 'far',
      secureCode: '20004007594',
    });
    const path = '/2015-03-31/functions/admin/invocations';
    const input = { contract: 'eos', sessionId: 'far', secret: '20004007594' };
    expect(called).toEqual([{ path, command: 'open', input }]);
  });

  test('calls the one that SESSION_ADMIN_FUNCTION names', async ({ world }) => {
    const { env } = await lambdaStandIn(world);
    const named = { ...env, SESSION_ADMIN_FUNCTION: 'admin' };
    expect(await cli(['revoke', 'eos', 'nobody'], named)).toEqual(refused('unknown-session'));
    expect((await cli(['list', 'eos', ''], named)).status).toBe(2);
  });

  test('imports through it, in batches', async ({ world }) => {
    const { env, called } = await lambdaStandIn(world);
    const lines = Array.from({ length: 501 }, (_, at) =>
      JSON.stringify({ id: `s${at}`, subject: 'ann', secret: 'first' }),
    );
    const args = ['import', 'eos', '-', '--function', 'admin'];
    const { status, stdout } = await cli(args, env, { stdin: lines.join('\n') });
    expect(JSON.parse(stdout)).toMatchObject({ lines: 501, imported: 501, failed: 0 });
    expect([status, called.length]).toEqual([0, 2]);
    expect(await item(world, 'eos', 's500')).toBeDefined();
  });

  test.for([
    {
      what: 'that the function failed',
      endpoint: undefined,
      says: 'admin failed: TimeoutError; its',
    },
    {
      what: 'that AWS is out of reach',
      endpoint: 'http://127.0.0.1:1',
      says: 'may call admin (stack',
    },
  ])('says in one line $what', async ({ endpoint, says }, { world }) => {
    const env = endpoint ? aws(endpoint) : (await lambdaStandIn(world)).env;
    const ran = await cli(['show', 'eos', 'broken', '--function', 'admin'], env);
    expect(ran).toMatchObject({ status: 3, stdout: '' });
    expect(ran.stderr).toMatch(/^error: [^\n]+\n$/);
    expect(ran.stderr).toContain(says);
    expect(ran.stderr).not.toContain('secret in it');
  });

  test('says that a Region is missing', async () => {
    vi.stubEnv('AWS_REGION', undefined);
    vi.stubEnv('AWS_CONFIG_FILE', '/no/such/file');
    const ran = await cli(['show', 'eos', 'id', '--function', 'admin'], {});
    expect(ran).toEqual({
      status: 3,
      stdout: '',
      stderr: 'error: no AWS Region: set AWS_REGION to the Region of admin, such as eu-west-1\n',
    });
  });
});
