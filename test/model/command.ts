import type fc from 'fast-check';
import { ccstore } from '../../functions/ccstore/contract.ts';
import type { Contract } from '../../functions/core/edge/contract.ts';
import { payloadOf } from '../session/clients.ts';
import type { Book } from './book.ts';
import { expectTableOf } from './invariants.ts';
import { type Operation, step } from './model.ts';
import type { Rig } from './rig.ts';
import type { Told } from './row.ts';

/** Something that is done to the model and the real thing at once. */
export type Command = fc.AsyncCommand<Book, Rig>;

/** A command, after which the table is what the model says. */
export function command(what: string, run: (book: Book, rig: Rig) => Promise<unknown>): Command {
  return {
    check: () => true,
    async run(book, rig) {
      const before = await rig.table();
      await run(book, rig);
      await expectTableOf(book, rig, before, what.startsWith('purge') ? what.slice(6) : undefined);
    },
    toString: () => what,
  };
}

/** Does it in the model, and gives what the model tells. */
export function apply(book: Book, { name }: Contract, id: string, operation: Operation): Told {
  const key = `${name}#${id}`;
  const { row, told } = step(book.rows.get(key), operation);
  if (row) book.rows.set(key, row);
  else book.rows.delete(key);
  return told;
}

/** Keeps a token for ever: nobody says that clients forget. */
export function keep(book: Book, text: string): void {
  const { sid, sec, exp, iat } = payloadOf(text);
  const times = { exp: Number(exp), iat: Number(iat), keyAge: book.keyAge(ccstore) };
  book.tokens.push({ text, id: String(sid), secret: String(sec), ...times });
}

/** Keeps a secret as the newest one of its session's client, and the ones before it too. */
export function keepSecret(book: Book, key: string, text: string): void {
  book.kept.set(key, [...(book.kept.get(key) ?? []).filter((one) => one !== text), text]);
}
