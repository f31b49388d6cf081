import { describe, expect, test } from 'vitest';
import { contracts as list } from '../../functions/contracts.ts';
import { cli, freePort, nowhere, sessionKeys } from './cli-process.ts';

/** Is in every secret and claim below, and in no answer. */
const mark = 'hunter2';

const contracts = `<${list.map(({ name }) => name).join('|')}>`;

const helps = [
  {
    command: 'open',
    line: `open ${contracts}`,
    options: ['--subject', '--claims', '--id', '--secret', '--anonymous', '--token-lifetime'],
  },
  {
    command: 'login',
    line: `login ${contracts} <sessionId> --subject S`,
    options: ['--subject', '--claims', '--secret'],
  },
  { command: 'show', line: `show ${contracts} <sessionId>`, options: [] },
  { command: 'list', line: `list ${contracts} <subject>`, options: [] },
  { command: 'revoke', line: `revoke ${contracts} <sessionId>`, options: [] },
  { command: 'revoke-all', line: `revoke-all ${contracts} <subject>`, options: [] },
];

const misuses: readonly { readonly what: string; readonly args: readonly string[] }[] = [
  { what: 'no command', args: [] },
  { what: 'an unknown command', args: ['opne', 'eos', '--secret', mark] },
  { what: 'an inherited name as command', args: ['constructor'] },
  { what: 'an option before the command', args: ['--secret', mark, 'open', 'eos'] },
  { what: 'no contract', args: ['open', '--secret', mark] },
  { what: 'an empty contract', args: ['open', '', '--secret', mark] },
  { what: 'an unknown contract', args: ['open', 'occ', '--secret', mark] },
  { what: 'a word too many', args: ['open', 'eos', mark] },
  { what: 'no session id', args: ['show', 'eos'] },
  { what: 'no subject', args: ['revoke-all', 'eos'] },
  { what: 'an option that no command has', args: ['open', 'eos', `--secrte=${mark}`] },
  { what: 'an option that no command has, apart', args: ['open', 'eos', '--secrte', mark] },
  { what: 'a letter for an option', args: ['open', 'eos', `-s${mark}`] },
  { what: 'an option of another command', args: ['show', 'eos', 'id', '--secret', mark] },
  { what: 'an option without its value', args: ['open', 'eos', '--secret'] },
  { what: 'an option for a value', args: ['open', 'eos', '--secret', '--subject', mark] },
  { what: 'a value that begins with a dash', args: ['open', 'eos', '--secret', `-${mark}`] },
  { what: 'a value where none belongs', args: ['open', 'eos', '--anonymous=yes'] },
  { what: 'an anonymous session of ccstore', args: ['open', 'ccstore', '--anonymous'] },
  { what: 'a secret of nobody', args: ['open', 'eos', '--anonymous', '--secret', mark] },
  { what: 'a token lifetime for eos', args: ['open', 'eos', '--token-lifetime', '300'] },
  { what: 'a token lifetime for s360', args: ['open', 's360', '--token-lifetime', '300'] },
  ...['', '1.5', '5m'].map((lifetime) => ({
    what: `a token lifetime of '${lifetime}'`,
    args: ['open', 'ccstore', '--token-lifetime', lifetime],
  })),
  { what: 'a negative token lifetime', args: ['open', 'ccstore', '--token-lifetime=-1'] },
  { what: 'an empty secret', args: ['open', 'eos', '--secret='] },
  { what: 'a secret beyond ASCII', args: ['open', 'eos', '--secret', `${mark}é`] },
  { what: 'an id outside the grammar', args: ['open', 'eos', '--id', `${mark}/..`] },
  { what: 'a login of nobody', args: ['login', 'eos', 'id', '--secret', mark] },
  { what: 'a subject over two lines', args: ['list', 'eos', `${mark}\n${mark}`] },
  { what: 'claims that are no JSON', args: ['open', 'eos', '--claims', `{"a":"${mark}"`] },
  { what: 'claims of another shape', args: ['open', 's360', '--claims', `{"a":"${mark}"}`] },
  { what: 'claims from no file', args: ['open', 'eos', '--claims', '@/no/such/file'] },
  { what: 'claims from a folder', args: ['open', 'eos', '--claims', '@/'] },
  { what: 'claims from a file without a name', args: ['open', 'eos', '--claims', '@'] },
];

const commands = [
  ['open', 'ccstore', '--secret', mark],
  ['login', 'eos', 'id', '--subject', 'ann', '--secret', mark],
  ['show', 'eos', 'id'],
  ['list', 'eos', 'ann'],
  ['revoke', 'eos', 'id'],
  ['revoke-all', 'eos', 'ann'],
].map((args) => ({ args }));

const keys = [
  { what: 'no keys', SESSION_KEYS: '{}' },
  { what: 'no signing key', SESSION_KEYS: `{"s360":{"root":"${mark.repeat(8)}"}}` },
  { what: 'a short key', SESSION_KEYS: `{"s360":{"root":"${mark}","signing":"${mark}"}}` },
  { what: 'keys that are no JSON', SESSION_KEYS: `${mark}{` },
];

const oneLine = /^[^\n]+\n$/;

describe('npm run sessions', () => {
  test.for(['--help', '-h'])('tells all commands and exit statuses by %s', async (option) => {
    const { status, stdout, stderr } = await cli([option], nowhere);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const { line } of helps) expect(stdout).toContain(`npm run -s sessions -- ${line}`);
    expect(stdout).toMatch(/0 done, 1 no such session or refused, 2 wrong usage/);
  });

  test.for(helps)('tells how to $command by --help', async ({ command, line, options }) => {
    const { status, stdout, stderr } = await cli([command, '--help'], nowhere);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [first, , ...rest] = stdout.split('\n');
    expect(first).toContain(`npm run -s sessions -- ${line}`);
    expect(rest.join('').length).toBeGreaterThan(20);
    for (const option of options) {
      expect(first).toContain(option);
      expect(rest.join('\n')).toContain(`  ${option} `);
    }
  });

  test('tells how to open by -h after other words', async () => {
    const { status, stdout } = await cli(['open', 'eos', '-h'], nowhere);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringContaining('npm run -s sessions -- open'),
    });
  });

  test.for(misuses)('answers $what in two lines at most, and with 2', async ({ args }) => {
    const { status, stdout, stderr } = await cli(args, nowhere);
    expect.soft({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect.soft(stderr).toMatch(/^([^\n]+\n){1,2}$/);
    const known = helps.some(({ command }) => command === args[0]);
    expect.soft(stderr).toContain(known ? `\nusage: ${args[0]} <` : 'there is no such command');
    expect.soft(stderr).not.toContain(mark);
    expect.soft(stderr).not.toMatch(/^ +at |Error:/m);
  });

  test.for(commands)('says how to start what $args.0 does not find', async ({ args }) => {
    const DYNAMODB_PORT = String(await freePort());
    const { status, stdout, stderr } = await cli(args, {
      DYNAMODB_PORT,
      SESSION_KEYS: sessionKeys,
    });
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toMatch(oneLine);
    expect(stderr).toContain('`npm start`');
    expect(stderr).toContain(`127.0.0.1:${DYNAMODB_PORT}`);
    expect(stderr).not.toContain(mark);
  });

  test.for(keys)('names what is missing of $what, and quotes nothing', async ({ SESSION_KEYS }) => {
    const { status, stdout, stderr } = await cli(['open', 's360'], { ...nowhere, SESSION_KEYS });
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toMatch(oneLine);
    expect(stderr).toContain('SESSION_KEYS');
    expect(stderr).not.toContain(mark);
  });
});
