import { describe, expect } from 'vitest';
import { acme } from '../../../functions/acme/contract.ts';
import { later } from '../../../functions/core/time.ts';
import { noon, test } from '../../support/world.ts';

const headers = { 'Content-Type': 'application/json' };
const body = '{"sessionId":"s-1","token":"t-1"}';
const opened = { sessionId: 's-1', secret: 't-1', claims: '{"tools":["saw"]}' };

describe('POST /acme/v1/refresh', () => {
  test('gives the session, with a later expiry', async ({ world }) => {
    await world.open(acme, opened);
    world.now = later(noon, 60);
    const { status, text } = await world.post(acme, { headers, body });
    const expiresAt = noon + 60 + 15 * 60;
    expect(status).toBe(200);
    expect(text).toBe(`{"token":"t-1","expiresAt":${expiresAt},"tools":["saw"]}`);
  });

  test('refuses a session that was ended', async ({ world }) => {
    await world.open(acme, opened);
    await world.run('revoke', { contract: 'acme', sessionId: 's-1' });
    const { status, text } = await world.post(acme, { headers, body });
    expect({ status, text }).toEqual({ status: 401, text: '{"code":"session-over"}' });
  });
});
