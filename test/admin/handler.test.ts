import { describe, expect, test } from 'vitest';
import type { AdminEvent } from '../../functions/session-admin/handler.ts';
import { project, run, sessionKeys } from './cli-process.ts';

/** Calls the Lambda in a process of its own, and prints what it answers. */
function called(event: AdminEvent & Record<string, unknown>, env: Record<string, string>) {
  const module = JSON.stringify(`${project}/functions/session-admin/handler.ts`);
  const code = `import(${module}).then(({ handler }) => handler(${JSON.stringify(event)})).then((answer) => console.log(JSON.stringify(answer)))`;
  return run(process.execPath, ['--eval', code], env);
}

const env = { SESSION_TABLE: 'sessions', SESSION_KEYS: sessionKeys, AWS_REGION: 'local' };

describe('the Lambda of session-admin', () => {
  test.for([
    { what: 'no command', event: {}, says: 'there is no such command' },
    { what: 'a command of another type', event: { command: 1 }, says: 'there is no such command' },
    { what: 'an inherited name', event: { command: 'toString' }, says: 'there is no such command' },
    {
      what: 'a name misspelt',
      event: { command: 'open', contract: 'eos', sesionId: 'hunter2' },
      says: 'open takes contract, subject, claims, sessionId, secret, anonymous, tokenLifetime',
    },
    {
      what: 'a name of another command',
      event: { command: 'login', contract: 'eos', sessionId: 'id', anonymous: true },
      says: 'login takes contract, sessionId, subject, claims, secret',
    },
  ])('refuses $what, and quotes nothing', async ({ event, says }) => {
    const { status, stdout } = await called(event, env);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      outcome: 'invalid',
      problem: expect.stringContaining(says),
    });
    expect(stdout).not.toContain('hunter2');
  });

  test.for([
    { what: 'keys', without: 'SESSION_KEYS' },
    { what: 'a table', without: 'SESSION_TABLE' },
  ])('starts with $what, or not at all', async ({ without }) => {
    const { status, stdout, stderr } = await called(
      { command: 'show', contract: 'eos', sessionId: 'id' },
      { ...env, [without]: '' },
    );
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(`the environment has no ${without}`);
  });
});
