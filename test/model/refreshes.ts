import fc from 'fast-check';
import { ccstore } from '../../functions/ccstore/contract.ts';
import type { Contract } from '../../functions/core/edge/contract.ts';
import type { Book } from './book.ts';
import { type Command, command } from './command.ts';
import { expectRefusal, present } from './present.ts';
import type { Rig } from './rig.ts';
import { callOf, tokenOf } from './wire.ts';

/** Refreshes by the right secret, by any other that there is, by any token ever given, by nonsense. */
export function refreshes(
  contracts: fc.Arbitrary<Contract>,
  ids: fc.Arbitrary<string>,
  secrets: fc.Arbitrary<string>,
): fc.Arbitrary<Command>[] {
  const newest = fc.tuple(contracts, ids).map(([contract, id]) => kept(contract, id, 0, true));
  const lost = fc.tuple(contracts, ids).map(([contract, id]) => kept(contract, id, 0, false));
  const older = fc
    .tuple(contracts, ids, fc.integer({ min: 1, max: 3 }), fc.boolean())
    .map(([...given]) => kept(...given));
  const any = fc
    .tuple(contracts, ids, secrets)
    .map(([contract, id, text]) =>
      command(`refresh ${contract.name}#${id} by ${text}`, (book, rig) =>
        bySecret(book, rig, contract, { id, secret: text, keeps: true, life: 930 }),
      ),
    );
  const old = fc.nat(30).map((nth) => byToken(nth));
  const latest = fc.nat(3).map((nth) => byToken(-1 - nth));
  const none = fc.tuple(contracts, ids).map(([contract, id]) => malformed(contract, id));
  const rare = [lost, older, older, any, old, latest, none, ids.map(forged)];
  return [newest, newest, newest, newest, ...rare];
}

/**
 * By a secret that the session's client has kept: its newest, or one that was so many before; `life` is
 * that of the token which carries it, where a token does.
 */
export function kept(
  contract: Contract,
  id: string,
  back: number,
  keeps: boolean,
  life = 930,
): Command {
  const key = `${contract.name}#${id}`;
  const what = `refresh ${key} by its secret ${back} back${keeps ? '' : ', the answer lost'}, ${life}`;
  return command(what, async (book, rig) => {
    const all = book.kept.get(key) ?? [];
    const secret = all.at(-1 - (back % Math.max(all.length, 1))) ?? 'none';
    await bySecret(book, rig, contract, { id, secret, keeps, life });
  });
}

/** A secret on its way, whether the answer arrives, and how long the token lives that carries it. */
interface Carried {
  readonly id: string;
  readonly secret: string;
  readonly keeps: boolean;
  readonly life: number;
}

/** Presents a secret as the contract has it: in a token of its own, fresh and well signed. */
export async function bySecret(
  book: Book,
  rig: Rig,
  contract: Contract,
  { id, secret, keeps, life }: Carried,
): Promise<void> {
  const times = { iat: book.now, exp: book.now + life };
  const [key] = rig.keys(contract).signing;
  const text = key && contract === ccstore ? tokenOf(key, { id, secret, ...times }) : '';
  const token = { text, id, secret, ...times, keyAge: book.keyAge(contract) };
  await present(book, rig, contract, token, keeps);
}

/** By some token that was given once: of this session or another, expired, or of a lost key. */
export function byToken(nth: number): Command {
  return command(`refresh ccstore by token ${nth}`, async (book, rig) => {
    const { length } = book.tokens;
    const token = book.tokens.at(nth < 0 ? -(-nth % length) : nth % length);
    if (token) await present(book, rig, ccstore, token, true);
  });
}

function malformed(contract: Contract, id: string): Command {
  return command(`refresh ${contract.name}#${id} by nothing`, async (_, rig) => {
    const call = contract === ccstore ? {} : callOf(contract, id, '', '');
    expectRefusal(await rig.post(contract, call), contract, 'malformed-request', 0);
  });
}

function forged(id: string): Command {
  return command(`refresh ccstore#${id} by a forged token`, async (book, rig) => {
    const [key] = rig.keys(ccstore).signing;
    if (!key) throw new Error('there is a key to forge with');
    const right = book.kept.get(`ccstore#${id}`)?.at(-1) ?? 'none';
    const token = tokenOf(key, { id, secret: right, iat: book.now, exp: book.now + 930 });
    // Every character but one of the signature is right.
    const [other = ''] = token.slice(-5);
    const text = token.slice(0, -5) + (other === 'A' ? 'B' : 'A') + token.slice(-4);
    const answer = await rig.post(ccstore, callOf(ccstore, id, right, text));
    expectRefusal(answer, ccstore, 'wrong-secret', 0);
  });
}
