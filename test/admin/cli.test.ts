import { execFileSync } from 'node:child_process';
import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, onTestFinished, vi } from 'vitest';
import { isOnThisMachine, localEnv } from '../../cli/local.ts';
import { nextStep } from '../../cli/next-step.ts';
import { usages } from '../../cli/usage.ts';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { contracts, sessionOwners } from '../../functions/contracts.ts';
import { systemClock } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import type { commands } from '../../functions/session-admin/commands.ts';
import type { Input } from '../../functions/session-admin/fields.ts';
import { openDemos } from '../../local/demo.ts';
import { run } from '../local/processes.ts';
import { lambdaStandIn, listening } from '../support/stand-ins.ts';
import { noon, type World } from '../support/world.ts';
import { cli, envOf, fileOf, nowhere, printed, shellWords } from './in-process.ts';
import { sharedTest as test } from './support.ts';

/** Is in every secret and claim below, and in no error. */
const mark = 'hunter2';

// The CLI's commands read this machine's clock.
test.beforeEach(({ world }) => {
  world.now = systemClock();
});

describe('npm run sessions', () => {
  test('takes claims and a token lifetime, and words with a dash', async ({ world }) => {
    const env = envOf(world);
    const claims = '{"iss":"Bücher","2":9007199254740993,"1":1.10}';
    for (const given of [claims, `@${fileOf(`${claims}\n`)}`]) {
      const lived = `open ccstore --token-lifetime 300 --claims ${given}`;
      const { sessionId, expiresIn } = printed(await cli(lived, env));
      expect((await world.item(ccstore, String(sessionId)))?.claims).toBe(claims);
      expect(expiresIn).toBe(300);
    }
    const dashed = printed(await cli('open eos --id=-h --secret --help', env));
    expect(dashed).toMatchObject({ sessionId: '-h', secureCode: '--help' });
    expect(printed(await cli('show eos -- -h', env)).sessionId).toBe('-h');
  });

  test('gives examples in --help that do what they say beside `npm start`', async ({ world }) => {
    await openDemos(world.admin);
    for (const [name, { examples }] of Object.entries(usages))
      for (const line of examples) {
        const { prompt, args, stdin } = shellWords(line);
        const [typed] = name === 'login' ? [name] : args;
        expect([prompt, typed]).toEqual(['npm run -s sessions --', name]);
        const answer = printed(await cli(args, envOf(world), { stdin, clock: systemClock }));
        expect(answer.sessions ?? ['some'], line).not.toEqual([]);
        expect(answer.ended ?? answer.imported ?? 1, line).toBe(1);
      }
  });
});

describe('npm run sessions in a terminal', () => {
  test('prints lines for a person, in its colours, and JSON by --json', async ({ world }) => {
    const subject = 'Ann \u202eÄ. 山';
    // Of a session that is over, nothing counts down.
    world.now = noon;
    await world.open(eos, { sessionId: 'shown', subject });
    const show = (flag = '', terminal = {}) => cli(`show eos shown${flag}`, envOf(world), terminal);
    const [elsewhere, json] = [await show(), await show(' --json', { person: true })];
    expect([printed(elsewhere).subject, json]).toEqual([subject, elsewhere]);
    const { stdout } = await show('', { person: true });
    expect(stdout).toContain('\nsubject      Ann \\u{202e}Ä. 山\n');
    expect(stdout).not.toContain('\x1b');
    const colour = { out: true, err: true };
    const coloured = await show('', { person: true, colour });
    expect(coloured.stdout).toContain('\x1b[33mlifetime-over\x1b[39m');
    const { stderr } = await show(' --no-such', { colour });
    expect(stderr).toContain('\x1b[31merror:\x1b[39m unknown');
  });

  test.for(sessionOwners)('says where $name is refreshed', async ({ name }, { world }) => {
    const { stdout } = await cli(`open ${name}`, envOf(world), { person: true });
    const own = contracts.filter(({ serves }) => serves === name).map(({ path }) => path);
    expect([...stdout.matchAll(/^ {2}POST (.*)$/gm)].map(([, path]) => path)).toEqual(own);
  });

  test('says after a second what revoke-all waits for', async ({ world }) => {
    const slow = { person: true, sleep: async () => undefined };
    const said = async (terminal: object) =>
      (await cli('revoke-all eos nobody', envOf(world), terminal)).stderr;
    expect(await said(slow)).toMatch(/^Waiting until the index .*\n$/);
    expect(await said({ person: true })).toBe('');
    expect(await said({ ...slow, person: false })).toBe('');
  });
});

const names = sessionOwners.map(({ name }) => name).join('|');

/** Command lines that are wrong, and what is said of them. */
const misuses: readonly (readonly [what: string, line: string, says: string])[] = [
  ['an unknown command', 'opne eos', 'did you mean `open`?'],
  ['an option before the command', `--secret ${mark} open`, "'--secret'"],
  ['no contract', `open --secret ${mark}`, `argument '${names}'`],
  ['an unknown contract', 'open occ', 'Allowed choices are eos,'],
  ['a word too many', `open eos ${mark}`, 'too many arguments'],
  ['a misspelt option', `open eos --secrte ${mark}`, '`--secret`?'],
  ['a misspelt option with a value', `open eos --secrte=${mark}`, "'--secrte'"],
  ['a letter for an option', `open eos -s${mark}`, "option '-s'"],
  ['an option without value', 'open eos --secret', 'argument missing'],
  ['a login of nobody', `login eos id --secret ${mark}`, '--subject'],
  ['no whole lifetime', 'open ccstore --token-lifetime 3e2', 'token lifetime is'],
  ['an empty secret', 'open eos --secret=', 'a secret is 1 to'],
  ['claims from no file', 'open eos --claims @/no', '--claims: cannot read the file'],
  ['an import of no file', 'import eos /no/file', 'cannot read the file'],
  ['an import of a folder', 'import eos /', 'cannot read the file'],
  ['a rate of nothing', 'import eos - --rate 0', '--rate is'],
  ['what moves the cursor', '\x1b[2J eos', "unknown command '\\u{1b}[2J'"],
];

/** Environments that are wrong, and what is said of them. */
const environments: readonly (readonly [env: Record<string, string>, says: string])[] = [
  [{}, '127.0.0.1:1; is `npm start` running?'],
  [{ SESSION_KEYS: '' }, 'start `npm start`'],
  [{ SESSION_KEYS: `{"eos":{"root":"${mark}"}}` }, 'SESSION_KEYS'],
  [{ SESSION_POLICIES: `{"${mark}` }, 'JSON object, such'],
  [{ SESSION_POLICIES: '[]' }, 'JSON object, such'],
  [{ SESSION_POLICIES: '{"eos":1}' }, 'JSON object, such'],
  [{ SESSION_POLICIES: '{"occ":{}}' }, 'unknown contract "occ"; expected eos, s360, ccstore'],
  [{ SESSION_POLICIES: '{"s360":{"idle":0}}' }, 's360: idle is 0; it must be a whole number'],
];

describe('npm run sessions, typed wrong', () => {
  test.for(misuses)('tells of %s in two lines', async ([, args, says]) => {
    const { stderr, ...ended } = await cli(args, nowhere);
    expect.soft(ended).toEqual({ status: 2, stdout: '' });
    expect.soft(stderr).toMatch(/^error: [^\n]+\n([^\n]+\n)?$/);
    expect.soft(stderr).toContain(says);
    expect.soft(stderr).not.toContain(mark);
    expect.soft(stderr).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  test.for([
    { what: '--json', took: { npm_config_json: 'true' }, line: 'list eos ann' },
    { what: '--dry-run', took: { npm_config_dry_run: 'true' }, line: 'import eos -' },
    { what: '--secret', took: { npm_config_secret: mark }, line: `open eos ${mark}` },
  ])('says what to type where npm took $what', async ({ what, took, line }) => {
    const npm = { npm_lifecycle_event: 'sessions', ...took };
    const typed = (text: string, env: object) => cli(text, { ...nowhere, ...env });
    const { status, stderr } = await typed(line, npm);
    const type = `type: npm run -s sessions -- ${line.split(' ')[0]} … ${what}\n`;
    expect([status, stderr]).toEqual([2, expect.stringContaining(type)]);
    expect(stderr).not.toContain(mark);
    // Typed behind `--` it is the CLI's, whatever npm has; and outside of npm nothing was taken.
    for (const ran of [await typed(`${line} ${what}=x`, npm), await typed(line, took)])
      expect(ran.stderr).not.toContain('npm took');
  });

  test.for(environments)('says in one line what is wrong with %o', async ([env, says]) => {
    const stdin = `{"id":"a","subject":"ann","secret":"${mark}"}`;
    for (const line of [`open ccstore --secret ${mark}`, 'import eos -']) {
      const { stderr, ...ended } = await cli(line, { ...nowhere, ...env }, { stdin });
      expect(ended).toEqual({ status: 3, stdout: '' });
      expect(stderr).toMatch(/^error: [^\n]+\n$/);
      expect(stderr).toContain(says);
      expect(stderr).not.toContain(mark);
    }
  });

  test('waits for no index on this machine', () => {
    const waits = (endpoint: string) =>
      !isOnThisMachine(localEnv({ AWS_ENDPOINT_URL_DYNAMODB: endpoint }));
    const here = ['http://127.0.0.1:8000', 'http://localhost:8000', 'http://[::1]:8000'];
    const away = ['https://dynamodb.eu-west-1.amazonaws.com', 'http://127.0.0.1.example.com'];
    expect([...here, ...away].filter(waits)).toEqual(away);
  });

  test('gives credentials of AWS to no table that it was not told of', () => {
    const own = {
      AWS_ACCESS_KEY_ID: 'own',
      AWS_SECRET_ACCESS_KEY: 'own',
      AWS_SESSION_TOKEN: 'own',
    };
    expect(Object.values(localEnv(own))).not.toContain('own');
    expect(localEnv({ ...own, AWS_ENDPOINT_URL_DYNAMODB: 'http://a' })).toMatchObject(own);
  });
});

describe('the help of npm run sessions', () => {
  test('names every command', async () => {
    for (const args of [[], ['--help'], ['-h']]) {
      const { status, stdout, stderr } = await cli(args, {});
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      for (const [name, { summary }] of Object.entries(usages))
        expect(stdout).toMatch(new RegExp(`^ {2}${name} +${summary}$`, 'm'));
      expect(stdout).toContain('0 done, 1 refused, 2 wrong usage');
    }
  });

  const all = Object.entries({ ...usages, completion: undefined });
  test.for(all)('tells of %s on one screen of 80 columns', async ([name, usage]) => {
    const { status, stdout } = await cli(`${name} eos -h`, {});
    const lines = stdout.split('\n');
    expect([status, lines.filter((line) => line.length > 80)]).toEqual([0, []]);
    expect(lines.length).toBeLessThanOrEqual(42);
    for (const { flags } of usage?.options ?? []) expect(stdout).toContain(`  ${flags} `);
    expect(stdout).toMatch(/^ {2,4}(npm run -s sessions -- |eval .*session-refresh )\w/m);
  });
});

describe('the completion of session-refresh', () => {
  test.for<[line: string, found: readonly string[]]>([
    ['', [...Object.keys(usages), 'completion']],
    ['re', ['revoke', 'revoke-all']],
    ['open ', ['eos', 's360', 'ccstore']],
    ['open --subject ann e', ['eos']],
    ['open eos --s', ['--subject', '--secret']],
    ['open --subject ', []],
    ['import eos ', []],
    ['show eos --', ['--function', '--json', '--help']],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['nothing ', []],
  ])('of `%s` is %j', async ([line, found]) => {
    const { stdout } = await cli(`complete -- ${line}`, {});
    expect(stdout).toBe(found.map((word) => `${word}\n`).join(''));
  });

  test('is asked for by the script of a shell', async () => {
    expect((await cli('completion bash', {})).stdout).toContain('session-refresh complete --');
  });
});

/** The world's commands behind Lambda's HTTP API. They crash at the session `broken`. */
async function deployed({ run }: World) {
  const { endpoint, close, called } = await lambdaStandIn(async (event) => {
    const { command, ...input } = event as { command: keyof typeof commands } & Input;
    return input.sessionId === 'broken' ? undefined : run(command, input);
  });
  onTestFinished(close);
  return { env: aws(endpoint), called };
}

/** A shell with credentials for AWS, whose Lambda answers there. */
function aws(endpoint: string): Record<string, string> {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  return { AWS_ENDPOINT_URL_LAMBDA: endpoint, AWS_REGION: 'eu-west-1' };
}

describe('npm run sessions with a deployed function', () => {
  afterEach(() => void vi.unstubAllEnvs());

  test('calls the one that is named, and prints its answer', async ({ world }) => {
    const { env, called } = await deployed(world);
    const held = printed(await cli('open eos --id far --secret first --function admin', env));
    expect(held).toMatchObject({ sessionId: 'far', secureCode: 'first' });
    const stdin = '{"id":"come","subject":"ann","secret":"first"}';
    const imported = await cli('import eos - --function admin', env, { stdin });
    expect(printed(imported)).toMatchObject({ lines: 1, imported: 1 });
    const named = { ...env, SESSION_ADMIN_FUNCTION: 'admin' };
    const stderr = `error: unknown-session: ${nextStep('unknown-session')}\n`;
    expect(await cli('revoke eos nobody', named)).toEqual({ status: 1, stdout: '', stderr });
    expect((await cli('list eos ', named)).status).toBe(2);
    expect(called).toEqual(Array(4).fill('admin'));
  });

  test('says in one line that it failed, or what it lacks', async ({ world }) => {
    const { env } = await deployed(world);
    const show = async (given: Record<string, string>) => {
      const { stderr, ...ended } = await cli('show eos broken --function admin', given);
      expect(ended).toEqual({ status: 3, stdout: '' });
      expect(stderr).toMatch(/^error: [^\n]+\n$/);
      return stderr;
    };
    expect(await show(env)).toBe('error: admin failed: TimeoutError; its log says more\n');
    expect(await show(aws('http://127.0.0.1:1'))).toContain('may call admin (stack');
    // A command is asked for once: a second `open` would open a second session.
    const asked: RequestListener = vi.fn((_, response) => response.writeHead(500).end());
    const { endpoint, close } = await listening(asked);
    onTestFinished(close);
    expect(await show(aws(endpoint))).toContain('may call admin (stack');
    expect(asked).toHaveBeenCalledTimes(1);
    vi.stubEnv('AWS_REGION', undefined);
    vi.stubEnv('AWS_CONFIG_FILE', '/no/such/file');
    const region = 'no AWS Region: set AWS_REGION to the Region of admin, such as eu-west-1';
    expect(await show({})).toBe(`error: ${region}\n`);
  });
});

/** Whether this machine has util-linux's `script`, which runs a command in a terminal of its own. */
const version = ['-c', 'script --version 2>&1 || true'];
const hasScript = /util-linux/.test(execFileSync('sh', version, { encoding: 'utf8' }));

describe('npm run sessions as a process', { timeout: 300_000 }, () => {
  test('reads stdin through npm, and knows what npm took for its own', async ({ world }) => {
    const npm = 'npm run -s sessions';
    const imports = `echo '{"id":"a1","subject":"b","secret":"c"}' | ${npm} -- import eos -`;
    const shell = run(['sh', '-c', `${imports}; ${npm} import eos x --dry-run`], envOf(world));
    const { code, stdout, stderr } = await shell.ended;
    expect([code, JSON.parse(stdout)]).toEqual([2, expect.objectContaining({ imported: 1 })]);
    expect(stderr).toContain(`type: ${npm} -- import … --dry-run\n`);
  });

  test.skipIf(!hasScript)('sees the terminal that it is in, and its colours', async ({ world }) => {
    const cli = `${process.execPath} cli/cli.ts`;
    const line = `${cli} open eos --secret ${mark}; echo plain; NO_COLOR=1 ${cli} --help`;
    const env = { ...envOf(world), SHELL: '/bin/sh', TERM: 'xterm-256color' };
    const { code, stdout } = await run(['script', '-qec', line, '/dev/null'], env).ended;
    const [coloured, plain] = stdout.split('plain\r\n');
    expect(code).toBe(0);
    expect(coloured).toContain(`\x1b[1msecureCode\x1b[22m  ${mark}\r\n`);
    expect(plain).toMatch(/^Usage: /);
    expect(plain).not.toContain('\x1b');
  });
});
