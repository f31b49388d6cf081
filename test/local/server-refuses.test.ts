import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Ended, folder, type Running, serve, started, takenPort } from './processes.ts';

describe('npm start, given what it cannot use, ends in one line that', () => {
  test.for(['PORT', 'DYNAMODB_PORT'])('names the port that is taken, and %s', async (variable) => {
    const port = await takenPort();
    const { stderr } = await refusal(serve({ [variable]: String(port) }));
    expect(wordsOf(stderr)).toContain(String(port));
    expect(wordsOf(stderr)).toContain(variable);
  });

  test.for([
    { variable: 'PORT', value: 'abc' },
    { variable: 'PORT', value: '-1' },
    { variable: 'PORT', value: '65536' },
    { variable: 'PORT', value: '3000.5' },
    { variable: 'DYNAMODB_PORT', value: 'abc' },
    { variable: 'DYNAMODB_PORT', value: '65536' },
  ])("names $variable where it is '$value'", async ({ variable, value }) => {
    const { stderr } = await refusal(serve({ [variable]: value }));
    expect(wordsOf(stderr)).toContain(variable);
  });

  test.for([
    { what: 'an option that it has not', args: ['--dta', 'x'], named: '--dta' },
    { what: '--data without a folder', args: ['--data'], named: '--data' },
    { what: 'an argument', args: ['tables'], named: 'tables' },
  ])('names $what', async ({ args, named }) => {
    const { stderr } = await refusal(serve({}, ...args));
    expect(stderr).toContain(named);
  });

  test('names a file where --data wants a folder', async () => {
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    const { stderr } = await refusal(serve({}, '--data', file));
    expect(stderr).toContain(file);
  });

  test('names a folder of --data that another has open, who goes on', async () => {
    const data = folder();
    const first = await started({}, '--data', data);
    const { stderr } = await refusal(serve({}, '--data', data));
    expect(stderr).toContain(data);
    expect((await fetch(first.origin)).status).toBe(200);
  });

  test('names SESSION_KEYS, and quotes nothing of it', async () => {
    const SESSION_KEYS = '{"eos":{"root":hunter2';
    const { stderr } = await refusal(serve({ SESSION_KEYS }));
    expect(stderr).toContain('SESSION_KEYS');
    expect(stderr).not.toContain('hunter2');
  });

  test('complains of a table that nobody serves', async () => {
    const gone = await started();
    gone.kill('SIGTERM');
    await gone.ended;
    await refusal(serve({ AWS_ENDPOINT_URL_DYNAMODB: gone.database }));
  });
});

/** What a start said that failed: one line, and nothing else. */
async function refusal(starting: Running): Promise<Ended> {
  const ended = await starting.ended;
  expect(ended).toEqual({
    code: 1,
    signal: null,
    stdout: '',
    stderr: expect.stringMatching(/^[^\n]+\n$/),
  });
  return ended;
}

function wordsOf(text: string): string[] {
  return text.split(/\W+/);
}
