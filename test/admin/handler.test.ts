import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { sessionKeys } from './in-process.ts';

/** The module, loaded anew, as a Lambda loads it once. */
function loaded() {
  vi.resetModules();
  return import('../../functions/session-admin/handler.ts');
}

describe('the Lambda of session-admin', () => {
  beforeEach(() => {
    vi.stubEnv('SESSION_TABLE', 'sessions');
    vi.stubEnv('SESSION_KEYS', sessionKeys);
    vi.stubEnv('AWS_REGION', 'local');
  });

  afterEach(() => {
    vi.unstubAllEnvs();
  });

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
    {
      what: 'a batch without lines',
      event: { command: 'import', contract: 'eos' },
      says: 'lines is an array',
    },
  ])('refuses $what, and quotes nothing', async ({ event, says }) => {
    const { handler } = await loaded();
    const answer = await handler(event);
    expect(answer).toEqual({ outcome: 'invalid', problem: expect.stringContaining(says) });
    expect(JSON.stringify(answer)).not.toContain('hunter2');
  });

  test.for(['SESSION_KEYS', 'SESSION_TABLE'])('starts with %s, or not at all', async (name) => {
    vi.stubEnv(name, '');
    await expect(loaded()).rejects.toThrow(`the environment has no ${name}`);
  });
});
