import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { listening, project, run, type Started } from '../local/processes.ts';
import { copyOfProject } from '../support/copies.ts';

/** Lines that are marked as needing an account, lines that do, and the line that serves. */
const elsewhere = / # (.*; )?needs AWS$/;
const reachesAws = /^npx cdk |^aws |--function /;
const served = /\bnpm start$/;

/** test/infra/artifacts.test.ts runs it. */
const synth = 'npm run synth';

const blocks = commandsOf(readFileSync(join(project, 'README.md'), 'utf8'));
const commands = blocks.flat();
const here = blocks
  .map((block) =>
    block.filter((line) => !elsewhere.test(line) && !served.test(line) && line !== synth),
  )
  .filter((block) => block.length > 0);

describe('the commands of the README', { timeout: 300_000 }, () => {
  let copy = '';

  beforeAll(() => {
    copy = copyOfProject();
  });

  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  test('begin with the one that serves it all', () => {
    expect(commands[0]).toBe('npm ci && npm start');
    expect(commands.filter((line) => served.test(line))).toHaveLength(1);
  });

  test('are marked where they need AWS, and nowhere else', () => {
    expect(commands.filter((line) => elsewhere.test(line) !== reachesAws.test(line))).toEqual([]);
  });

  test('refresh a session of every contract, each by a line of its own', () => {
    const curls = commands.filter((line) => line.startsWith('curl '));
    const paths = curls.map((line) => new URL(/http:\S+/.exec(line)?.[0] ?? '').pathname);
    expect(paths).toEqual(contracts.map(({ path }) => path));
  });

  test('do what they say beside `npm start`', async () => {
    // `npm ci` is left out: the packages are here.
    const start = ['sh', '-c', 'npm start'];
    const server = await listening(run(start, { PORT: '0', DYNAMODB_PORT: '0' }, copy));
    for (const block of here) {
      const ran = await typed(block, server, copy);
      expect({ block, ...ran }).toMatchObject({ block, code: 0 });
    }
  });
});

/** Types lines into a shell of their own, which ends at the first refusal. */
function typed(lines: readonly string[], { origin, database }: Started, copy: string) {
  const strictly = 'set -e\ncurl() { command curl --fail-with-body "$@"; }\n';
  const script = strictly + lines.join('\n').replaceAll('http://127.0.0.1:3000', origin);
  return run(['sh', '-c', script], { DYNAMODB_PORT: new URL(database).port }, copy).ended;
}

/** The lines of each `sh` block: a backslash joins the next one. */
function commandsOf(markdown: string): readonly (readonly string[])[] {
  return [...markdown.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) =>
    block
      .replaceAll(/ *\\\n */g, ' ')
      .split('\n')
      .filter((line) => line.trim() !== ''),
  );
}
