import { expect } from 'vitest';
import { eos } from '../../functions/eos/contract.ts';
import { onBothEngines } from '../support/world.ts';

onBothEngines('POST /client/refresh', (test) => {
  test('answers a logged-in session by one storage request', async ({ world }) => {
    const { sessionId, secureCode } = await world.open(eos);
    world.requests.length = 0;
    const answer = await world.post(eos, {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: `sessionId=${sessionId}&secureCode=${secureCode}`,
    });
    expect(answer.status).toBe(200);
    expect(world.requests).toEqual(['UpdateItemCommand']);
  });
});
