import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { contracts } from '../../functions/contracts.ts';

const root = join(import.meta.dirname, '../..');
const key = 'key-of-the-tests-0123456789abcdefghijklmnopqrstuvwxyz';
const SESSION_TABLE = 'sessions';
const SESSION_KEYS = JSON.stringify(
  Object.fromEntries(contracts.map(({ name }) => [name, { root: key, signing: key }])),
);

interface Start {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Loads a contract's handler as Lambda does: in a process of its own, with this environment only. */
function start(contract: string, env: Record<string, string>): Promise<Start> {
  const module = pathToFileURL(join(root, 'functions', contract, 'handler.ts')).href;
  const program = `console.log(typeof (await import('${module}')).handler)`;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--input-type=module', '-e', program],
      { env },
      (error, stdout, stderr) =>
        resolve({ status: error ? Number(error.code) : 0, stdout: stdout.trim(), stderr }),
    );
  });
}

describe.for(contracts.map(({ name }) => ({ name })))('the handler of $name', ({ name }) => {
  test('starts with a table and keys', async () => {
    const started = await start(name, { SESSION_TABLE, SESSION_KEYS });
    expect(started).toEqual({ status: 0, stdout: 'function', stderr: '' });
  });

  test.for([
    {
      what: 'without keys',
      env: { SESSION_TABLE },
      says: 'Error: the environment has no SESSION_KEYS; `npm start`, or whoever runs this handler locally, sets it',
    },
    {
      what: 'without a table',
      env: { SESSION_KEYS },
      says: 'Error: the environment has no SESSION_TABLE; RefreshApi, or `npm start`, sets it',
    },
    {
      what: 'with keys of nobody',
      env: { SESSION_TABLE, SESSION_KEYS: JSON.stringify({ nobody: { root: key } }) },
      says: `Error: SESSION_KEYS has no ${name}.root of 32 characters or more`,
    },
    {
      what: 'with keys that are not JSON',
      env: { SESSION_TABLE, SESSION_KEYS: key },
      says: 'Error: SESSION_KEYS is not JSON',
    },
  ])('refuses to start $what, and quotes no key', async ({ env, says }) => {
    const { status, stdout, stderr } = await start(name, env);
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.split('\n')).toContain(says);
    expect(stderr).not.toContain(key);
  });
});
