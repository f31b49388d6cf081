import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { lineMembers } from '../../functions/session-admin/import-input.ts';
import { storedTest as test } from '../support/world.ts';
import { cli, envOf, printed } from './in-process.ts';
import { refresh, wires } from './support.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/migrate.md'), 'utf8');

/** The blocks of a language in the page, without their indentation. */
function blocks(language: string): string[] {
  const found = text.matchAll(new RegExp(`^ *\`\`\`${language}\\n([^]*?)^ *\`\`\``, 'gm'));
  return [...found].map(([, block = '']) => block.trim());
}

const [file = '', event = ''] = blocks('json');
const commands = blocks('sh');
const here = commands.filter((line) => !line.endsWith('# needs AWS'));

/** A file of a folder that goes with the test. */
function fileOf(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'migrate-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'sessions.jsonl'), content);
  return join(folder, 'sessions.jsonl');
}

/** The words of a command line, as a shell reads them. */
const words = (line: string) =>
  (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^'|'$/g, ''));

describe('docs/migrate.md', () => {
  test('has commands that do what the page says, on the file that it shows', async ({ world }) => {
    const sessions = fileOf(file);
    const answers = [];
    for (const line of here) {
      const [npm, run, silent, script, dashes, ...args] = words(line);
      expect([npm, run, silent, script, dashes].join(' ')).toBe('npm run -s sessions --');
      const typed = args.map((arg) => (arg === 'sessions.jsonl' ? sessions : arg));
      answers.push(printed(await cli(typed, envOf(world))));
    }
    expect(answers).toMatchObject([
      { dryRun: true, lines: 2, imported: 2, failed: 0 },
      { dryRun: false, lines: 2, imported: 2, failed: 0 },
      { contract: 'ccstore', expiresIn: 930 },
    ]);
    expect(commands).toHaveLength(here.length + 1);
  });

  test('has an event that moves a session at its refresh', async ({ world }) => {
    const { command, ...input } = JSON.parse(event);
    const answer = await world.run(command, input);
    expect(answer).toMatchObject({ result: { outcomes: ['imported'] } });
    const { id, secret } = JSON.parse(input.lines[0]);
    const [eos] = wires;
    const held = { sessionId: id, secureCode: secret } as Parameters<typeof refresh>[2];
    expect(eos && (await refresh(world, eos, held)).status).toBe(200);
  });

  test('describes every member of a line, and every field of the answer', async ({ world }) => {
    const first = [...text.matchAll(/^\| (`.*?) \|/gm)].map(([, cell = '']) => cell).join(' ');
    const named = [...first.matchAll(/`(\w+)`/g)].map(([, name]) => name);
    const { stdout } = await cli(['import', 'eos', fileOf('{"id":"a/b"}')], envOf(world));
    expect(named.toSorted()).toEqual(
      [...lineMembers, ...Object.keys(JSON.parse(stdout))].toSorted(),
    );
  });
});
