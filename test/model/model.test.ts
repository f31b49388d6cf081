import fc from 'fast-check';
import { expect } from 'vitest';
import { onBothEngines } from '../support/world.ts';
import { newBook } from './book.ts';
import { beginning, everyCommand } from './commands.ts';
import { clear, makeRig } from './rig.ts';

const effort = Number(process.env.EFFORT ?? 1);
const limit = { timeout: 60_000 * effort };

onBothEngines('sessions of all contracts', (test) => {
  test(
    'are what their model says, whatever is done in whatever order',
    limit,
    async ({ world }) => {
      const outcomes = new Map<unknown, number>();
      await fc.assert(
        fc.asyncProperty(
          fc.commands(everyCommand(), { maxCommands: 80, size: 'max' }),
          async (commands) => {
            await clear(world);
            const book = newBook();
            const rig = makeRig(world, book, (outcome) =>
              outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1),
            );
            for (const command of beginning()) await command.run(book, rig);
            await fc.asyncModelRun(() => ({ model: book, real: rig }), commands);
          },
        ),
        { numRuns: 30 * effort, interruptAfterTimeLimit: 40_000 * effort },
      );
      // Nothing was proved of an answer that no run came to.
      expect([...outcomes.keys()].sort()).toEqual([
        'idle-too-long',
        'lifetime-over',
        'malformed-request',
        'not-logged-in',
        'refreshed',
        'revoked',
        'unknown-session',
        'wrong-secret',
      ]);
    },
  );
});
