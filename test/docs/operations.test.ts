import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { commands } from '../../functions/session-admin/commands.ts';
import known from './aws-commands.json' with { type: 'json' };

/** The options of each AWS CLI command that the pages use, as botocore 1.43.11 has them. */
const awsCommands: Readonly<Record<string, readonly string[]>> = known;

/** Options of every AWS CLI command. */
const global = ['query', 'output', 'region', 'profile'];

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));

/** What other programs are told to do. */
const others: Readonly<Record<string, readonly string[]>> = {
  git: ['checkout'],
  gh: ['workflow run', 'run watch', 'variable set'],
  npm: ['ci', 'run'],
};

/** Shell words and programs that take no subcommand. */
const plain = ['printf', 'rm', 'while', 'done', 'do', 'jq', 'read', 'true'];

/** A page's `sh` blocks, also those inside lists, as lines: a backslash joins the next one. */
function lines(page: string): string[] {
  const blocks = [...page.matchAll(/^( *)```sh\n([\s\S]*?)^\1```$/gm)];
  return blocks.flatMap(([, , block = '']) =>
    block
      .replaceAll(/\\\n\s*/g, ' ')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#')),
  );
}

/** The commands that a page has in its prose. */
function inProse(page: string): string[] {
  return [...page.matchAll(/`((?:aws|npx|npm|gh|git) [^`]+)`/g)].map(([, text = '']) =>
    text.replaceAll('\n', ' '),
  );
}

/** What is wrong with the commands of a line. */
function problems(line: string): string[] {
  const aws = [...line.matchAll(/\baws ([\w-]+) ((?:wait )?[\w-]+)((?:(?!\$\()[^|)])*)/g)].flatMap(
    ([, service, operation, rest = '']) => {
      const options = awsCommands[`${service} ${operation}`];
      if (!options) return [`no command aws ${service} ${operation}`];
      const given = [...rest.matchAll(/ --([\w-]+)/g)].map(([, option = '']) => option);
      return given
        .filter((option) => !options.includes(option) && !global.includes(option))
        .map((option) => `aws ${service} ${operation} has no --${option}`);
    },
  );
  const npm = [...line.matchAll(/\bnpm run (?:-s )?([\w:-]+)(?: -- ([\w-]+))?/g)].flatMap(
    ([, script = '', first = '']) => [
      ...(Object.hasOwn(scripts, script) ? [] : [`no script ${script}`]),
      ...(script !== 'sessions' || Object.hasOwn(commands, first) ? [] : [`no command ${first}`]),
    ],
  );
  const cdk = [...line.matchAll(/\bnpx (\w+) ([\w-]+)(.*)/g)].flatMap(
    ([, program, command = '', rest = '']) => [
      ...(program === 'cdk' && cdkCommands.includes(command) ? [] : [`no npx ${command}`]),
      ...(/ -c stage=\w+/.test(rest) ? [] : [`npx cdk ${command} names no stage`]),
    ],
  );
  const rest = Object.entries(others).flatMap(([program, allowed]) =>
    line.startsWith(`${program} `) && !allowed.some((one) => line.startsWith(`${program} ${one}`))
      ? [`unknown: ${line}`]
      : [],
  );
  const [first = ''] = line.split(' ');
  const programs = ['aws', 'npx', ...Object.keys(others), ...plain];
  const strange = programs.includes(first) || /^["'-]/.test(first) ? [] : [`unknown: ${line}`];
  return [...aws, ...npm, ...cdk, ...rest, ...strange];
}

const cdkCommands = execFileSync(process.execPath, ['node_modules/aws-cdk/bin/cdk', '--help'], {
  encoding: 'utf8',
})
  .split('\n')
  .flatMap((line) => /^ +cdk ([\w-]+) /.exec(line)?.[1] ?? []);

const pages = ['operations.md', 'events.md'].map((file) => ({
  file,
  text: readFileSync(`docs/${file}`, 'utf8'),
}));

describe('the commands of the runbooks', () => {
  test.for(pages)('of $file exist, with their options', ({ text }) => {
    const all = [...lines(text), ...inProse(text)];
    expect(all.length).toBeGreaterThan(4);
    expect(all.flatMap(problems)).toEqual([]);
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
  ])('would be caught where one does not: %s', (line) => {
    expect(problems(line)).not.toEqual([]);
  });
});

describe('the runbooks', () => {
  const operations = pages[0]?.text ?? '';

  test.for([
    'Release',
    'Roll back',
    'A canary fails',
    'A stage in a new account',
    'The firewall blocks a client',
    'A pipe falls behind',
    'Restore the table',
  ])('have one for: %s', (heading) => {
    const [, section = ''] = operations.split(`\n## ${heading}\n`);
    const [body = ''] = section.split('\n## ');
    expect(lines(body).length).toBeGreaterThan(0);
  });

  test('lead to files and headings that are there', () => {
    const anchors = (text: string) =>
      [...text.matchAll(/^#+ (.*)$/gm)].map(([, words = '']) =>
        words
          .toLowerCase()
          .replaceAll(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      );
    for (const { file, text } of pages)
      for (const [, target = '', heading = ''] of text.matchAll(/\]\(([\w.-]*)#([\w-]+)\)/g))
        expect(anchors(readFileSync(`docs/${target || file}`, 'utf8'))).toContain(heading);
  });
});
