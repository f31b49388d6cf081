import fc from 'fast-check';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { eos } from '../../functions/eos/contract.ts';
import { clocks } from './clocks.ts';
import { type Command, command } from './command.ts';
import { revoke, rotate } from './commands.ts';
import { guesses, guessing } from './guesses.ts';
import { turn } from './policies.ts';
import { byToken, kept } from './refreshes.ts';

/** What happens to sessions whose secrets are replaced, those things often that lead somewhere. */
export function rotatingCommands(): fc.Arbitrary<Command>[] {
  const one = fc.constantFrom(eos, eos, ccstore);
  const life = fc.constantFrom(930, 930, 40, 1);
  const newest = fc.tuple(one, life).map(([contract, of]) => kept(contract, 'a', 0, true, of));
  const older = fc
    .tuple(one, fc.integer({ min: 1, max: 3 }), fc.boolean())
    .map(([contract, back, keeps]) => kept(contract, 'a', back, keeps));
  const lost = one.map((contract) => kept(contract, 'a', 0, false));
  const token = fc.integer({ min: -4, max: -1 }).map(byToken);
  const graces = fc.constantFrom('fixed' as const, 10, 30, 60, 465);
  const turned = fc.tuple(one, graces).map(([...given]) => turn(...given));
  const some = fc.integer({ min: 1, max: 45 }).map((seconds) =>
    command(`clock by ${seconds}`, async (book) => {
      book.now += seconds;
    }),
  );
  const guess = guesses(fc.tuple(one, fc.constant('a'), fc.constantFrom(...guessing)));
  const rare = fc.oneof(
    ...clocks(),
    one.map((contract) => revoke(contract, 'a')),
    one.map(rotate),
    one.map((contract) => kept(contract, 'b', 0, true)),
  );
  return [newest, newest, newest, older, older, lost, token, turned, some, some, some, guess, rare];
}
