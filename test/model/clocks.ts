import fc from 'fast-check';
import { noon } from '../support/world.ts';
import { type Command, command } from './command.ts';

/** Clocks that go on, jump, fall back, and stand at the very second of some row's limit. */
export function clocks(): fc.Arbitrary<Command>[] {
  const by = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 900 }) },
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 60 }) },
    { weight: 2, arbitrary: fc.integer({ min: -2000, max: -1 }) },
    { weight: 1, arbitrary: fc.constantFrom(929, 930, 1799, 1800, 43_200, 3 * 86_400, -86_400) },
  );
  const moved = by.map((seconds) =>
    command(`clock by ${seconds}`, async (book) => {
      book.now = Math.max(noon - 86_400, book.now + seconds);
    }),
  );
  const limit = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('openedAt', 'refreshedAt', 'idleUntil', 'exp') },
    { weight: 4, arbitrary: fc.constant('graceUntil') },
    { weight: 2, arbitrary: fc.constantFrom('endsAt', 'purgeAt') },
  );
  const near = fc.tuple(limit, fc.nat(9), fc.integer({ min: -1, max: 1 }));
  const stood = near.map(([name, nth, off]) =>
    command(`clock at ${name} of ${nth} and ${off}`, async (book) => {
      const moments =
        name === 'exp'
          ? book.tokens.map(({ exp }) => exp)
          : [...book.rows.values()]
              .map((row) => row[name])
              .filter((moment) => moment !== undefined);
      book.now = (moments[nth % moments.length] ?? book.now) + off;
    }),
  );
  const far = fc.constant(4_300_000_000).map((moment) =>
    command('clock in 2106', async (book) => {
      book.now = Math.max(book.now, moment);
    }),
  );
  const rarely = fc.oneof({ weight: 15, arbitrary: moved }, { weight: 1, arbitrary: far });
  return [rarely, stood];
}
