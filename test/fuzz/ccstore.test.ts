import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { signed, tokenTimes } from '../support/ways.ts';
import { material, storedTest as test, type StoredWorld as World } from '../support/world.ts';
import { nearCalls, withToken } from './calls.ts';
import { effort, fuzz, mostGrowth, openAll } from './fuzz.ts';
import type { Call, Known } from './inputs.ts';
import { bare, mutated } from './tokens.ts';
import { raw, spoilt } from './wild.ts';

describe('POST /ccstore/v1/refresh, sent anything', () => {
  const inputs = 100_000 * effort;
  const timeout = 240_000 * Math.max(effort, 1);

  test('answers in its own words, and refreshes whoever may', { timeout }, async ({ world }) => {
    const known = await openAll(world, ccstore);
    const near = nearCalls(world, ccstore, known);
    const calls = fc.oneof(
      { weight: 3, arbitrary: near },
      { weight: 1, arbitrary: spoilt(near) },
      { weight: 5, arbitrary: forgeries(world, known) },
      { weight: 9, arbitrary: raw },
    );
    const done = await fuzz({ world, contract: ccstore, known, calls, inputs });
    expect(done.storageRequests).toBeGreaterThan(inputs / 10);
    expect(done.refreshed).toBeGreaterThan(inputs / 100);
    expect(done.growth).toBeLessThan(mostGrowth);
  });
});

/** Requests with tokens that are made of good ones. */
function forgeries(world: World, { id: sid, secret: sec }: Known): fc.Arbitrary<Call> {
  const token = signed(world, { ...tokenTimes(world), sid, sec });
  const other = signed(world, { ...tokenTimes(world), sid: 'nobody', sec });
  const wrong = [material.root, 'secret'];
  return withToken(
    mutated([token, other], material.signing ?? '', wrong).map((text) => ({
      text,
      // Blanks around a token are the header's.
      right: bare(text.replace(/^ +| +$/g, '')) === bare(token) ? 'perhaps' : 'no',
    })),
  );
}
