import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { eos } from '../../functions/eos/contract.ts';
import { storedTest as test } from '../support/world.ts';
import { nearCalls } from './calls.ts';
import { effort, fuzz, mostGrowth, openAll } from './fuzz.ts';
import { raw, spoilt } from './wild.ts';

describe('POST /client/refresh, sent anything', () => {
  const inputs = 100_000 * effort;
  const timeout = 240_000 * Math.max(effort, 1);

  test('answers in its own words, and refreshes whoever may', { timeout }, async ({ world }) => {
    const known = await openAll(world, eos);
    const near = nearCalls(world, eos, known);
    const calls = fc.oneof(
      { weight: 3, arbitrary: near },
      { weight: 2, arbitrary: spoilt(near) },
      { weight: 14, arbitrary: raw },
    );
    const done = await fuzz({ world, contract: eos, known, calls, inputs });
    expect(done.storageRequests).toBeGreaterThan(inputs / 10);
    expect(done.refreshed).toBeGreaterThan(inputs / 100);
    expect(done.growth).toBeLessThan(mostGrowth);
  });
});
