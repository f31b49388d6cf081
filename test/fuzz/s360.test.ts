import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { s360 } from '../../functions/s360/contract.ts';
import { storedTest as test } from '../support/world.ts';
import { nearCalls } from './calls.ts';
import { effort, fuzz, mostGrowth, openAll } from './fuzz.ts';
import { raw, spoilt } from './wild.ts';

describe('POST /idp/sso/v1/refresh, sent anything', () => {
  const inputs = 100_000 * effort;
  const timeout = 240_000 * Math.max(effort, 1);

  test('answers in its own words, and refreshes whoever may', { timeout }, async ({ world }) => {
    const known = await openAll(world, s360);
    const near = nearCalls(world, s360, known);
    const calls = fc.oneof(
      { weight: 3, arbitrary: near },
      { weight: 2, arbitrary: spoilt(near) },
      { weight: 14, arbitrary: raw },
    );
    const done = await fuzz({ world, contract: s360, known, calls, inputs });
    expect(done.storageRequests).toBeGreaterThan(inputs / 10);
    expect(done.refreshed).toBeGreaterThan(inputs / 100);
    expect(done.growth).toBeLessThan(mostGrowth);
  });
});
