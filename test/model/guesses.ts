import type fc from 'fast-check';
import type { Contract } from '../../functions/core/edge/contract.ts';
import { newSecret } from '../../functions/core/session/secret.ts';
import { rowKey, type SessionId } from '../../functions/core/session/session.ts';
import { newFamily, successor } from '../../functions/core/session/successor.ts';
import type { Book } from './book.ts';
import { type Command, command } from './command.ts';
import { bySecret } from './refreshes.ts';
import type { Rig } from './rig.ts';

/** What somebody may try who knows what a computed secret looks like, and more. */
export type Guess = 'wrong tag' | 'other generation' | 'other row' | 'key without family';

/** Every way to guess. */
export const guessing: readonly Guess[] = [
  'wrong tag',
  'other generation',
  'other row',
  'key without family',
];

/** Presents a guess. The model knows it not, so it is wrong, and ends no session. */
export function guesses(
  which: fc.Arbitrary<readonly [Contract, string, Guess]>,
): fc.Arbitrary<Command> {
  return which.map(([contract, id, guess]) =>
    command(`refresh ${contract.name}#${id} by a guess: ${guess}`, async (book, rig) => {
      const secret = made(guess, book, rig, contract, id);
      await bySecret(book, rig, contract, { id, secret, keeps: false, life: 930 });
    }),
  );
}

function made(guess: Guess, book: Book, rig: Rig, contract: Contract, id: string): string {
  const row = book.rows.get(`${contract.name}#${id}`);
  const { generation = 1, secretFamily: family = newFamily() } = row ?? {};
  const tag = newSecret();
  if (guess === 'wrong tag') return `${generation}.${family}.${tag}`;
  const key = rowKey(contract.name, id as SessionId);
  const keys = rig.keys(contract);
  if (guess === 'key without family')
    return successor(keys.successor, key, { generation, family: newFamily() });
  // The genuine tag of another secret.
  if (guess === 'other generation') {
    const [, , genuine] = successor(keys.successor, key, { generation, family }).split('.');
    return `${generation + 1}.${family}.${genuine}`;
  }
  const other = rowKey(contract.name, `${id}x` as SessionId);
  return successor(keys.successor, other, { generation, family });
}
