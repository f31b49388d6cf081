import { expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import type { Contract } from '../../functions/core/edge/contract.ts';
import type { Book, Token } from './book.ts';
import { apply, keep, keepSecret } from './command.ts';
import type { Posted, Rig } from './rig.ts';
import type { Row, Told } from './row.ts';
import { callOf, refusalOf, secretIn, untilOf } from './wire.ts';

/** Presents a credential, and holds the answer against what the model tells; `keeps`: it arrives. */
export async function present(
  book: Book,
  rig: Rig,
  contract: Contract,
  token: Token,
  keeps: boolean,
): Promise<void> {
  const { id, secret, exp, iat } = token;
  const answer = await rig.post(contract, callOf(contract, id, secret, token.text));
  // The key before the current one still verifies; the one before that is gone.
  if (contract === ccstore && book.keyAge(ccstore) - token.keyAge > 1) {
    expectRefusal(answer, contract, 'wrong-secret', 0);
    return;
  }
  const key = `${contract.name}#${id}`;
  const before = book.rows.get(key);
  const presented = book.computed.get(secret) ?? secret;
  const told = apply(book, contract, id, {
    do: 'refresh',
    now: book.now,
    policy: book.policy(contract),
    secret: presented,
    draws: (await rig.table()).get(key)?.secretFamily ?? 'none',
    ...(contract === ccstore && { token: { expiresAt: exp, life: exp - iat } }),
  });
  if (!('granted' in told)) throw new Error('a refresh is answered');
  if (!told.granted) {
    expectRefused(book, contract, key, answer, told.reason);
    return;
  }
  expect(answer.outcome).toBe('refreshed');
  expect(answer.requests).toHaveLength(1);
  // Whatever the model says of it.
  expect(book.revoked).not.toContain(key);
  expect(untilOf(contract, answer, book.now)).toBe(told.until);
  expect(told.until).toBeGreaterThan(book.now);
  expectSecret(book, contract, key, answer, told);
  book.met(wayOf(before, book.rows.get(key), presented));
  if (!keeps) return;
  const text = secretIn(contract, answer);
  if (text !== undefined) keepSecret(book, key, text);
  if (contract === ccstore) keep(book, answer.json.access_token);
}

/** The table's own answer to the byte, ids aside, for so many storage requests. */
export function expectRefusal(
  answer: Posted,
  contract: Contract,
  reason: Parameters<Contract['refuse']>[0],
  requests: number,
): void {
  expect(answer.outcome).toBe(reason);
  expect(answer.plain).toBe(refusalOf(contract, reason));
  expect(answer.requests).toHaveLength(requests);
}

function expectRefused(
  book: Book,
  contract: Contract,
  key: string,
  answer: Posted,
  reason: Extract<Told, { granted: false }>['reason'],
): void {
  if (reason === 'id-taken' || reason === 'logged-in') throw new Error(reason);
  const theft = reason === 'reused-secret' && book.policy(contract).rotation !== 'fixed';
  expectRefusal(answer, contract, reason, theft ? 2 : 1);
  if (reason === 'reused-secret') book.met(theft ? 'a theft' : 'a reuse that ends nothing');
  if (theft) book.revoked.add(key);
}

/** That the answer gives the very secret that the model says, and the very token. */
function expectSecret(
  book: Book,
  contract: Contract,
  key: string,
  answer: Posted,
  { generation }: Extract<Told, { granted: true }>,
): void {
  const row = book.rows.get(key);
  const text = secretIn(contract, answer);
  if (text === undefined || !row) return;
  const { secretFamily: family } = row;
  if (generation === 0 || family === undefined) expect(text).toBe(row.secret);
  else {
    const known = [...book.computed].find(
      ([, one]) => one.family === family && one.generation === generation,
    );
    if (known) expect(text).toBe(known[0]);
    else {
      expect([...book.computed.keys()]).not.toContain(text);
      book.computed.set(text, { generation, family });
    }
  }
  const policy = book.policy(contract);
  if (contract !== ccstore || policy.rotation === 'fixed' || generation === 0) return;
  const makings = [key, family, generation, book.keyAge(contract), JSON.stringify(policy.idle)];
  const before = book.tokensOf.get(makings.join()) ?? answer.json.access_token;
  expect(answer.json.access_token).toBe(before);
  book.tokensOf.set(makings.join(), before);
}

/** What kind of yes it was. */
function wayOf(before: Row | undefined, after: Row | undefined, presented: unknown): string {
  const { generation = 0 } = after ?? {};
  if (generation > (before?.generation ?? 0)) return 'an advance';
  if (generation === 0) return 'a refresh without rotation';
  const held = typeof presented === 'object' && presented && 'generation' in presented;
  const of = held ? presented.generation : 0;
  if (of !== generation) return 'the secret that was replaced just now';
  return before === after ? 'a row as it stands' : 'a secret that stays since rotation was ended';
}
