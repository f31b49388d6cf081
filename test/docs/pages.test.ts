import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { commands } from '../../functions/session-admin/commands.ts';
import { listening, run, type Started } from '../local/processes.ts';
import known from './aws-commands.json' with { type: 'json' };

/** The options of each AWS CLI command that the pages use, as botocore 1.43.11 has them. */
const awsCommands: Readonly<Record<string, string>> = known;

const read = (path: string) => readFileSync(path, 'utf8');
const { scripts } = JSON.parse(read('package.json'));
const pages = globSync(['*.md', 'docs/**/*.md', 'client/*.md', 'bench/cost/*.md']).toSorted();

describe('the pages', () => {
  const limits = { 'README.md': 120, 'CONTRIBUTING.md': 150, 'docs/capacity.md': 120 };
  test.for(Object.entries(limits))('keep %s within %d lines', ([page, most]) => {
    expect(read(page).trimEnd().split('\n').length).toBeLessThanOrEqual(most);
  });

  test('lead to files and headings that exist', () => {
    const anchors = (text: string) =>
      [...text.matchAll(/^#+ (.*)$/gm)].map(([, words = '']) =>
        words
          .toLowerCase()
          .replaceAll(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      );
    const link = /\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g;
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(link)].flatMap(([, target, heading]) => {
        const file = target ? join(page, '..', target) : page;
        const leads = existsSync(file) && (!heading || anchors(read(file)).includes(heading));
        return leads ? [] : [{ page, target, heading }];
      }),
    );
    expect(broken).toEqual([]);
  });

  test('name files that exist', () => {
    const file =
      /`((?:test|functions|infra|local|cli|client|docs|bench|examples)\/[\w/.-]+\.(?:ts|md|json|yaml))`/g;
    const named = pages
      .filter((page) => page !== 'CHANGELOG.md')
      .flatMap((page) => [...read(page).matchAll(file)].map(([, file = '']) => ({ page, file })));
    expect(named.length).toBeGreaterThan(50);
    // `acme` is the contract that CONTRIBUTING adds.
    const missing = named.filter(({ file }) => !/\bacme\b/.test(file) && !existsSync(file));
    expect(missing).toEqual([]);
  });

  test('are all in the index of docs/', () => {
    const missing = globSync(['docs/[a-z]*.md', 'docs/decisions/0*.md']).filter(
      (page) => !read(join(page, '../README.md')).includes(`](${basename(page)})`),
    );
    expect(missing).toEqual([]);
  });

  test('name a test for every threat', () => {
    const table = /\| threat \|.*\n\|.*\n((?:\|.*\n)+)/;
    const rows = (table.exec(read('docs/security.md'))?.[1] ?? '').trimEnd().split('\n');
    expect(rows.length).toBeGreaterThan(15);
    expect(rows.filter((row) => !/test\/[\w/.-]+\.test\.ts/.test(row))).toEqual([]);
  });
});

describe('the commands of the pages', () => {
  test.for(pages)('exist, with their options: %s', (page) => {
    const text = read(page);
    expect([...blocksOf(text).flat(), ...inProse(text)].flatMap(problems)).toEqual([]);
  });

  test.for([
    'aws lambda move-alias --name live',
    'aws lambda update-alias --alias live',
    'aws dynamodb scan --table T | aws sqs receive-mail --queue-url U',
    'npm run smok -- outputs.json',
    'npm run -s sessions -- revive eos x',
    'npm ci && npx cdk deplyo -c stage=prod',
    'npx cdk deploy',
    'gh deploy run',
    'terraform apply',
  ])('would be caught where one does not exist: %s', (line) => {
    expect(problems(line)).not.toEqual([]);
  });

  test.for([
    ...['Release', 'Roll back', 'A canary fails', 'A stage in a new account'],
    ...['The firewall blocks a client', 'A pipe falls behind', 'Restore the table'],
  ])('are in the runbook "%s"', (heading) => {
    const [, section = ''] = read('docs/operations.md').split(`\n## ${heading}\n`);
    const [body = ''] = section.split('\n## ');
    expect(blocksOf(body)).not.toEqual([]);
  });
});

/** Lines that are marked as needing an account, lines that do, and the line that serves. */
const elsewhere = / # (.*; )?needs (AWS|Docker)$/;
const reachesAws = /^npx cdk |^aws |--function /;
const served = /\bnpm start\b/;

/** test/infra/artifacts.test.ts runs it. */
const synth = 'npm run synth';

describe('the commands of the README', { timeout: 300_000 }, () => {
  const lines = blocksOf(read('README.md')).flat();

  test('begin with the one that serves it all', () => {
    expect(lines[0]).toBe('npm ci && npm start');
    expect(lines.filter((line) => served.test(line))).toHaveLength(1);
  });

  test('are marked where they need AWS, and nowhere else', () => {
    expect(lines.filter((line) => elsewhere.test(line) !== reachesAws.test(line))).toEqual([]);
  });

  test('refresh a session of every contract, each by a line of its own', () => {
    const curls = lines.filter((line) => line.startsWith('curl '));
    const paths = curls.map((line) => new URL(/http:\S+/.exec(line)?.[0] ?? '').pathname);
    expect(paths).toEqual(contracts.map(({ path }) => path));
  });

  test('and of docs/run-locally.md do what they say beside `npm start`, which Ctrl-C ends with 0', async () => {
    // `npm ci` is left out: the packages are here.
    const npm = run(['npm', 'start'], { PORT: '0', DYNAMODB_PORT: '0' });
    const server = await listening(npm);
    const here = (line: string) => !elsewhere.test(line) && !served.test(line) && line !== synth;
    const blocks = ['README.md', 'docs/run-locally.md'].flatMap((page) => blocksOf(read(page)));
    const ran = await Promise.all(
      blocks.map(async (block) => {
        const lines = block.filter(here);
        return { lines, ...(await typed(lines, server)) };
      }),
    );
    expect(ran.filter(({ code }) => code !== 0)).toEqual([]);
    // Both lines of `npm run invoke`.
    const said = ran.map(({ stdout }) => stdout).join();
    expect(said.match(/"outcome":"refreshed"/g)).toHaveLength(2);
    npm.kill('SIGINT', 'all');
    expect(await npm.ended).toMatchObject({ code: 0, signal: null });
    await expect(fetch(server.origin)).rejects.toThrow('fetch failed');
  });
});

/** Types lines into a shell of their own, which ends at the first refusal. npm's scripts run without npm. */
function typed(lines: readonly string[], { origin, database }: Started) {
  const strictly = 'set -e\ncurl() { command curl --fail-with-body "$@"; }\n';
  const script = lines
    .join('\n')
    .replaceAll('http://127.0.0.1:3000', origin)
    .replaceAll(/\bnpm run (?:-s )?([\w-]+)/g, (_, name) => scripts[name] ?? '')
    .replaceAll(' -- ', ' ');
  const DYNAMODB_PORT = new URL(database).port;
  return run(['sh', '-c', strictly + script], { DYNAMODB_PORT }).ended;
}

/** Options of every AWS CLI command. */
const globalOptions = ['query', 'output', 'region', 'profile'];

const cdk = ['node_modules/aws-cdk/bin/cdk', '--help'];
const cdkCommands = execFileSync(process.execPath, cdk, { encoding: 'utf8' }).matchAll(
  /^ +cdk ([\w-]+) /gm,
);

/** What other programs are told to do. */
const others: Readonly<Record<string, readonly string[]>> = {
  aws: [''],
  git: ['checkout'],
  gh: ['workflow run', 'run watch', 'variable set'],
  npm: ['ci', 'run', 'start', 'test', 'pack', 'install', 'publish'],
  npx: [...[...cdkCommands].map(([, command]) => `cdk ${command} -c stage=`), 'vitest '],
  sam: ['local invoke', 'local start-api'],
};

/** Shell words and programs that take no subcommand. */
const plain = 'printf rm while done do jq read true curl cp mkdir echo cat'.split(' ');

/** The lines of each `sh` block, also of those in lists: a backslash joins the next one. */
function blocksOf(page: string): readonly (readonly string[])[] {
  return [...page.matchAll(/^( *)```sh\n([\s\S]*?)^\1```$/gm)].map(([, , block = '']) => {
    const lines = block.replaceAll(/ *\\\n\s*/g, ' ').split('\n');
    return lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  });
}

/** The commands in a page's prose. */
function inProse(page: string): string[] {
  const found = page.matchAll(/`((?:aws|npx|npm|gh|git) [^`]+)`/g);
  return [...found].map(([, text = '']) => text.replaceAll('\n', ' '));
}

/** What is wrong with the commands of a line. */
function problems(line: string): string[] {
  const found: string[] = [];
  const must = (holds: boolean, problem: string) => void (holds || found.push(problem));
  const aws = /\baws ([\w-]+ (?:wait )?[\w-]+)((?:(?!\$\()[^|)])*)/g;
  for (const [, command = '', rest = ''] of line.matchAll(aws)) {
    const options = [...(awsCommands[command]?.split(' ') ?? []), ...globalOptions];
    must(command in awsCommands, `no command aws ${command}`);
    for (const [, option = ''] of rest.matchAll(/ --([\w-]+)/g))
      must(options.includes(option), `aws ${command} has no --${option}`);
  }
  const npm = /\bnpm run (?:-s )?([\w:-]+)(?: -- ([\w-]+))?/g;
  for (const [, script = '', first = ''] of line.matchAll(npm)) {
    must(Object.hasOwn(scripts, script), `no script ${script}`);
    const isCommand = script !== 'sessions' || /^(-.*)?$/.test(first);
    must(isCommand || Object.hasOwn(commands, first), `no command ${first}`);
  }
  for (const command of line.split(' && ')) {
    const [first = '', rest = ''] = command.replace(/^(\w+=[^\s$]* )+/, '').split(/ (.*)/);
    const isKnown = others[first]?.some((one) => rest.startsWith(one)) ?? plain.includes(first);
    must(isKnown || /^["'-]|^\w+=/.test(first), `unknown: ${command}`);
  }
  return found;
}
