import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commands } from '../../functions/session-admin/commands.ts';
import known from './aws-commands.json' with { type: 'json' };

/** The options of each AWS CLI command that the pages use, as botocore 1.43.11 has them. */
const awsCommands: Readonly<Record<string, string>> = known;

const read = (path: string) => readFileSync(path, 'utf8');

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
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].flatMap(
        ([link, target, heading]) => {
          const file = target ? join(page, '..', target) : page;
          if (!existsSync(file)) return [`${page}: ${link}`];
          return heading && !anchors(read(file)).includes(heading) ? [`${page}: ${link}`] : [];
        },
      ),
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
    const [, threats = ''] =
      /\| threat \|.*\n\|.*\n((?:\|.*\n)+)/.exec(read('docs/security.md')) ?? [];
    const rows = threats.trimEnd().split('\n');
    expect(rows.length).toBeGreaterThan(15);
    expect(rows.filter((row) => !/test\/[\w/.-]+\.test\.ts/.test(row))).toEqual([]);
  });
});

describe('the commands of the pages', () => {
  test.for(pages)('exist, with their options: %s', (page) => {
    const text = read(page);
    expect([...blockLines(text), ...inProse(text)].flatMap(problems)).toEqual([]);
  });

  test.for([
    'aws lambda move-alias --name live',
    'aws lambda update-alias --alias live',
    'aws dynamodb scan --table T | aws sqs receive-mail --queue-url U',
    'npm run smok -- outputs.json',
    'npm run -s sessions -- revive eos x',
    'npx cdk deplyo -c stage=prod',
    'npx cdk deploy',
    'gh deploy run',
    'terraform apply',
  ])('would be caught where one does not exist: %s', (line) => {
    expect(problems(line)).not.toEqual([]);
  });

  const runbooks = ['Release', 'Roll back', 'A canary fails', 'A stage in a new account'];
  test.for([
    ...runbooks,
    'The firewall blocks a client',
    'A pipe falls behind',
    'Restore the table',
  ])('are in the runbook "%s"', (heading) => {
    const [, section = ''] = read('docs/operations.md').split(`\n## ${heading}\n`);
    const [body = ''] = section.split('\n## ');
    expect(blockLines(body).length).toBeGreaterThan(0);
  });
});

/** Options of every AWS CLI command. */
const globalOptions = ['query', 'output', 'region', 'profile'];

const { scripts } = JSON.parse(read('package.json'));

const cdkCommands = execFileSync(process.execPath, ['node_modules/aws-cdk/bin/cdk', '--help'], {
  encoding: 'utf8',
})
  .split('\n')
  .flatMap((line) => /^ +cdk ([\w-]+) /.exec(line)?.[1] ?? []);

/** What other programs are told to do. */
const others: Readonly<Record<string, readonly string[]>> = {
  git: ['checkout'],
  gh: ['workflow run', 'run watch', 'variable set'],
  npm: ['ci', 'run', 'start', 'test', 'pack', 'install', 'publish'],
  npx: ['cdk ', 'vitest '],
  sam: ['local invoke', 'local start-api'],
};

/** Shell words and programs that take no subcommand. */
const plain = 'printf rm while done do jq read true curl cp mkdir echo cat'.split(' ');

/** The lines of `sh` blocks, also of those in lists: a backslash joins the next one. */
function blockLines(page: string): string[] {
  const blocks = [...page.matchAll(/^( *)```sh\n([\s\S]*?)^\1```$/gm)];
  return blocks.flatMap(([, , block = '']) =>
    block
      .replaceAll(/\\\n\s*/g, ' ')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#')),
  );
}

/** The commands in a page's prose. */
function inProse(page: string): string[] {
  return [...page.matchAll(/`((?:aws|npx|npm|gh|git) [^`]+)`/g)].map(([, text = '']) =>
    text.replaceAll('\n', ' '),
  );
}

/** What is wrong with the commands of a line. */
function problems(line: string): string[] {
  const aws = [...line.matchAll(/\baws ([\w-]+) ((?:wait )?[\w-]+)((?:(?!\$\()[^|)])*)/g)].flatMap(
    ([, service, operation, rest = '']) => {
      const options = awsCommands[`${service} ${operation}`]?.split(' ');
      if (!options) return [`no command aws ${service} ${operation}`];
      const given = [...rest.matchAll(/ --([\w-]+)/g)].map(([, option = '']) => option);
      return given
        .filter((option) => !options.includes(option) && !globalOptions.includes(option))
        .map((option) => `aws ${service} ${operation} has no --${option}`);
    },
  );
  const npm = [...line.matchAll(/\bnpm run (?:-s )?([\w:-]+)(?: -- ([\w-]+))?/g)].flatMap(
    ([, script = '', first = '']) => [
      ...(Object.hasOwn(scripts, script) ? [] : [`no script ${script}`]),
      ...(script !== 'sessions' || /^(-.*)?$/.test(first) || Object.hasOwn(commands, first)
        ? []
        : [`no command ${first}`]),
    ],
  );
  const cdk = [...line.matchAll(/\bnpx cdk ([\w-]+)(.*)/g)].flatMap(
    ([, command = '', rest = '']) => [
      ...(cdkCommands.includes(command) ? [] : [`no command cdk ${command}`]),
      ...(/ -c stage=\w+/.test(rest) ? [] : [`npx cdk ${command} names no stage`]),
    ],
  );
  const [first = '', rest = ''] = line.replace(/^(\w+=[^\s$]* )+/, '').split(/ (.*)/);
  const allowed = others[first];
  const unknown =
    allowed && !allowed.some((one) => rest.startsWith(one)) ? [`unknown: ${line}`] : [];
  const programs = ['aws', ...Object.keys(others), ...plain];
  const strange =
    programs.includes(first) || /^["'-]|^\w+=/.test(first) ? [] : [`unknown: ${line}`];
  return [...aws, ...npm, ...cdk, ...unknown, ...strange];
}
