import { describe, expect } from 'vitest';
import { s360 } from '../../functions/s360/contract.ts';
import { noon, test } from '../support/world.ts';
import { sampleSession } from './s360-document.ts';

describe('open s360', () => {
  test('gives what the client holds, and finds it by its subject', async ({ world }) => {
    const held = await world.open(s360, sampleSession);
    const { sessionId, subject } = sampleSession;
    expect(Object.keys(held)).toEqual([
      'contract',
      'sessionId',
      'sessionToken',
      'accessToken',
      'expiresIn',
      'expiresAt',
    ]);
    expect(held).toMatchObject({ contract: 's360', sessionId, expiresAt: noon + 1800 });
    const found = await world.run('list', { contract: 's360', subject });
    expect(found).toMatchObject({ outcome: 'done', result: { sessions: [{ sessionId }] } });
  });

  test.for([
    { what: 'no user', claims: '{"app":{},"sso":{"externalSystemId":"x"}}' },
    { what: 'no app', claims: '{"user":{},"sso":{"externalSystemId":"x"}}' },
    { what: 'no sso', claims: '{"user":{},"app":{}}' },
    {
      what: 'a fourth member',
      claims: '{"user":{},"app":{},"sso":{"externalSystemId":"x"},"a":1}',
    },
    { what: 'no externalSystemId', claims: '{"user":{},"app":{},"sso":{}}' },
    { what: 'an empty one', claims: '{"user":{},"app":{},"sso":{"externalSystemId":""}}' },
    { what: 'a number for one', claims: '{"user":{},"app":{},"sso":{"externalSystemId":7}}' },
    {
      what: 'a sessionId of its own',
      claims: '{"user":{},"app":{},"sso":{"externalSystemId":"x","sessionId":"other"}}',
    },
    {
      what: 'an authorityType of null',
      claims: '{"user":{},"app":{},"sso":{"externalSystemId":"x","authorityType":null}}',
    },
    { what: 'an array for user', claims: '{"user":[],"app":{},"sso":{"externalSystemId":"x"}}' },
    { what: 'text that is not JSON', claims: '{"user":{},"app":{},"sso":{}' },
  ])('refuses claims with $what, and opens nothing', async ({ claims }, { world }) => {
    world.requests.length = 0;
    const answer = await world.run('open', { contract: 's360', claims });
    expect(answer.outcome).toBe('invalid');
    expect(world.requests).toEqual([]);
  });

  test('refuses an anonymous session: it begins with the sign-in', async ({ world }) => {
    const answer = await world.run('open', { contract: 's360', anonymous: true });
    expect(answer.outcome).toBe('invalid');
  });
});
