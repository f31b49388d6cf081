import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { storedTest as test, type StoredWorld as World } from '../support/world.ts';
import { cli, envOf, printed, project, type Ran, run } from './cli-process.ts';

/** Whether this machine has util-linux's `script`, which runs a command in a terminal of its own. */
const hasScript = /util-linux/.test(
  execFileSync('sh', ['-c', 'script --version 2>&1 || true'], { encoding: 'utf8' }),
);

/** Runs the CLI in a terminal; what it says there is all on one stream, with a carriage return a line. */
async function inTerminal(world: World, ...args: string[]): Promise<Ran> {
  const file = join(project, 'cli/cli.ts');
  const words = [process.execPath, file, ...args].map((word) => `'${word}'`);
  const env = { ...envOf(world), PATH: process.env.PATH, SHELL: '/bin/sh' };
  const ran = await run('script', ['-qec', words.join(' '), '/dev/null'], env);
  return { ...ran, stdout: ran.stdout.replaceAll('\r\n', '\n') };
}

describe.skipIf(!hasScript)('npm run sessions in a terminal', () => {
  test('prints a table of the sessions of a subject', async ({ world }) => {
    await world.run('open', { contract: 'eos', sessionId: 'a', subject: 'Ann \u202eÄ. 山' });
    const { status, stdout } = await inTerminal(world, 'list', 'eos', 'Ann \u202eÄ. 山');
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^contract {2}eos\nsubject {3}Ann \\u\{202e\}Ä\. 山\n\nSESSION ID {2}STATE .*\na {11}\S/,
    );
  });

  test('prints a line for each name that the client of a new session holds', async ({ world }) => {
    const ran = await inTerminal(world, 'open', 'eos', '--id', 'id', '--secret', 'hunter2');
    expect(ran.stdout).toMatch(
      /^contract {4}eos\nsessionId {3}id\nsecureCode {2}hunter2\nexpireTime {2}[-\d]+ [:\d]+ UTC, in \S+ min.*\nexpiresIn {3}30 min\nexpiresAt {3}.*\n$/,
    );
  });

  test('prints by --json what it prints elsewhere, byte for byte', async ({ world }) => {
    await world.run('open', { contract: 'eos', sessionId: 'id', subject: 'Ann' });
    const elsewhere = await cli(['show', 'eos', 'id'], envOf(world));
    expect(printed(elsewhere).subject).toBe('Ann');
    const { status, stdout } = await inTerminal(world, 'show', 'eos', 'id', '--json');
    expect({ status, stdout }).toEqual({ status: 0, stdout: elsewhere.stdout });
  });

  test('ends with the same status, and the same words', async ({ world }) => {
    const elsewhere = await cli(['show', 'eos', 'nobody'], envOf(world));
    const { status, stdout } = await inTerminal(world, 'show', 'eos', 'nobody');
    expect({ status, stdout }).toEqual({ status: 1, stdout: elsewhere.stderr });
  });
});

describe('npm run sessions elsewhere', () => {
  test('prints by --json what it prints without', async ({ world }) => {
    await world.run('open', { contract: 'eos', sessionId: 'id' });
    const [plain, json] = await Promise.all([
      cli(['show', 'eos', 'id'], envOf(world)),
      cli(['show', '--json', 'eos', 'id'], envOf(world)),
    ]);
    expect(printed(plain).sessionId).toBe('id');
    expect(json).toEqual(plain);
  });

  test('says in no words of its own what a terminal would obey', async ({ world }) => {
    const { status, stderr } = await cli(['show', 'eos', 'id', '--\x1b[2J'], envOf(world));
    expect(status).toBe(2);
    expect(stderr).not.toMatch(/(?!\n)\p{Cc}/u);
  });
});
