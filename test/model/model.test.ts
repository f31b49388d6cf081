import fc from 'fast-check';
import { expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { eos } from '../../functions/eos/contract.ts';
import { onBothEngines, type World } from '../support/world.ts';
import { newBook } from './book.ts';
import type { Command } from './command.ts';
import { beginning, everyCommand } from './commands.ts';
import { turn } from './policies.ts';
import { clear, makeRig } from './rig.ts';
import { rotatingCommands } from './rotations.ts';

const effort = Number(process.env.EFFORT ?? 1);
const limit = { timeout: 60_000 * effort };

/** Every answer there is, but those to a Lambda in trouble and to a secret that was replaced. */
const answers = [
  'idle-too-long',
  'lifetime-over',
  'malformed-request',
  'not-logged-in',
  'refreshed',
  'revoked',
  'unknown-session',
  'wrong-secret',
];

/** What becomes of a secret that is replaced, in a history of some length. */
const turns = [
  'a row as it stands',
  'a theft',
  'an advance',
  'the secret that was replaced just now',
];

onBothEngines('sessions of all contracts', (test) => {
  test(
    'are what their model says, whatever is done in whatever order',
    limit,
    async ({ world }) => {
      const met = await playAll(world, everyCommand(), []);
      // Nothing was proved of an answer that no run came to.
      expect(met).toEqual(expect.arrayContaining(answers));
    },
  );

  test('are so where their secrets are replaced from the beginning', limit, async ({ world }) => {
    const met = await playAll(world, rotatingCommands(), [turn(eos, 60), turn(ccstore, 30)]);
    expect(met).toEqual(expect.arrayContaining(turns));
  });
});

/** Plays many histories, and gives what they came to. */
async function playAll(
  world: World,
  all: fc.Arbitrary<Command>[],
  first: readonly Command[],
): Promise<string[]> {
  const met = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.commands(all, { maxCommands: 60, size: 'max' }), async (commands) => {
      await clear(world);
      const book = newBook((what) => met.add(what));
      const rig = makeRig(world, book);
      for (const command of [...first, ...beginning()]) await command.run(book, rig);
      await fc.asyncModelRun(() => ({ model: book, real: rig }), commands);
    }),
    { numRuns: 25 * effort, interruptAfterTimeLimit: 25_000 * effort },
  );
  return [...met];
}
