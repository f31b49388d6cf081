import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sampled } from '../../local/demo.ts';
import { listening, project, run, type Started } from '../local/processes.ts';
import { copyOfProject } from '../support/copy.ts';
import { commandsOf, isMarkedRightly } from './commands.ts';

const readme = readFileSync(join(project, 'README.md'), 'utf8');
const blocks = commandsOf(readme);
const commands = blocks.flat();
const servers = commands.filter(({ kind }) => kind === 'server').map(({ line }) => line);
const here = blocks
  .map((block) => block.filter(({ kind }) => kind === 'here').map(({ line }) => line))
  .filter((lines) => lines.length > 0);

// A refusal is no success: the shell ends there.
const strictly = 'set -e\ncurl() { command curl --fail-with-body "$@"; }\n';

describe('the commands of the README', { timeout: 300_000 }, () => {
  let copy = '';

  beforeAll(() => {
    copy = copyOfProject();
  });

  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  /** What `npm ci && npm start` leaves to do where the packages are there. */
  const begun = (line: string): Promise<Started> => {
    const anyPorts = { PORT: '0', DYNAMODB_PORT: '0' };
    const start = line.replace(/^npm ci && /, '');
    return listening(run(['sh', '-c', start], anyPorts, copy));
  };

  /** Types lines into a shell of their own, beside that server. */
  const typed = (lines: readonly string[], { origin, database }: Started) => {
    const script = strictly + lines.join('\n').replaceAll('http://127.0.0.1:3000', origin);
    const DYNAMODB_PORT = new URL(database).port;
    return run(['sh', '-c', script], { DYNAMODB_PORT }, copy).ended;
  };

  test('are marked where they need AWS or Docker, and nowhere else', () => {
    expect(commands.filter((command) => !isMarkedRightly(command))).toEqual([]);
    expect(commands.some(({ kind }) => kind === 'elsewhere')).toBe(true);
  });

  test('begin with the one that serves it all', () => {
    expect(commands[0]).toEqual({ kind: 'server', line: 'npm ci && npm start' });
  });

  test('that run every test are what .ci/run runs', () => {
    const { scripts } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
    const all = readFileSync(join(project, '.ci/run'), 'utf8').split('\n');
    expect(commands.filter(({ kind }) => kind === 'suite').map(({ line }) => line)).toEqual([
      'npm test',
      'npm run check',
    ]);
    expect(all).toEqual(
      expect.arrayContaining([expect.stringMatching(/^npm ci /), 'npm run check']),
    );
    expect(scripts.check).toContain(scripts.test);
  });

  test('refresh a session by every contract', () => {
    const curls = commands.filter(({ kind, line }) => kind === 'here' && line.startsWith('curl '));
    const paths = curls.map(({ line }) => /\$URL([^"]*)"/.exec(line)?.[1]);
    const demos = sampled.map(({ path }) => path);
    expect(paths).toEqual(demos);
  });

  test('do what they say beside `npm start`', async () => {
    const server = await begun(servers[0] ?? '');
    for (const lines of here) {
      const ran = await typed(lines, server);
      expect({ lines, ...ran }).toMatchObject({ lines, code: 0 });
    }
  });

  test('replace a secret where they say so', async () => {
    const [, rotating = '', ...more] = servers;
    expect(more).toEqual([]);
    const server = await begun(rotating);
    const [url = '', eos = ''] = here[0] ?? [];
    const { stdout } = await typed([url, eos], server);
    expect(JSON.parse(stdout).secureCode).toMatch(/^1\./);
  });

  test('name scripts that are there, in prose too', () => {
    const { scripts } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
    const named = [...readme.matchAll(/\bnpm (?:run (?:-s )?)([\w:-]+)/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !Object.hasOwn(scripts, name ?? ''))).toEqual([]);
  });
});

describe('what reads commands', () => {
  test('joins lines, and tells a mark from none', () => {
    const text = '```sh\na \\\n  b\n\nnpx cdk deploy # once; needs AWS\n```\n\n```ts\nno\n```\n';
    expect(commandsOf(text)).toEqual([
      [
        { kind: 'here', line: 'a b' },
        { kind: 'elsewhere', line: 'npx cdk deploy # once; needs AWS' },
      ],
    ]);
  });

  test.for([
    'npx cdk deploy',
    'npx cdk destroy # needs Docker',
    'sam local invoke x # needs AWS',
    'npm run synth # needs AWS',
    'aws s3 ls',
  ])('finds that this is not marked rightly: %s', (line) => {
    const [[command] = []] = commandsOf(`\`\`\`sh\n${line}\n\`\`\`\n`);
    expect(command && isMarkedRightly(command)).toBe(false);
  });
});

describe('the links of the documents', () => {
  const pages = ['README.md', 'CONTRIBUTING.md', 'docs/sessions.md', 'docs/security.md'];

  test.for(pages)('of %s lead to files and headings that are there', (page) => {
    const text = readFileSync(join(project, page), 'utf8');
    for (const [, target = '', heading] of text.matchAll(
      /\]\((?!https:)([^)#]*)(?:#([^)]*))?\)/g,
    )) {
      const file = target ? join(project, page, '..', target) : join(project, page);
      const linked = readFileSync(file, 'utf8');
      const headings = [...linked.matchAll(/^#+ (.*)$/gm)].map(([, words = '']) =>
        words
          .toLowerCase()
          .replaceAll(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      );
      if (heading) expect(headings, `${page} → ${target}#${heading}`).toContain(heading);
    }
  });
});
