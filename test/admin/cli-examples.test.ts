import { describe, expect, test } from 'vitest';
import { usages } from '../../cli/usage.ts';
import { run, type Started, started } from '../local/processes.ts';
import { cli, nowhere } from './cli-process.ts';

/** The lines of a text that a reader would type. */
function typed(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('  npm run '))
    .map((line) => line.trim());
}

/** Runs a line as a reader's shell does, beside that server. */
function inShell(line: string, { database }: Started) {
  return run(['sh', '-c', line], { DYNAMODB_PORT: new URL(database).port }).ended;
}

describe('the examples of --help', { timeout: 300_000 }, () => {
  test('do what they say beside `npm start`, in their order', async () => {
    const server = await started();
    for (const name of Object.keys(usages)) {
      const { stdout } = await cli([name, '--help'], nowhere);
      const lines = typed(stdout);
      expect(lines.length, name).toBeGreaterThan(0);
      expect(lines.at(-1), name).toContain(`-- ${name} `);
      for (const line of lines) {
        const ran = await inShell(line, server);
        expect(ran, line).toMatchObject({ code: 0 });
        const answer = JSON.parse(ran.stdout);
        // Nothing of these: `revoke-all` and `list` of a subject that has no session.
        expect(answer.sessions ?? ['some'], line).not.toEqual([]);
        expect(answer.ended ?? 1, line).toBe(1);
      }
    }
  });
});
