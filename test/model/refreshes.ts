import fc from 'fast-check';
import { expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import type { Contract } from '../../functions/core/edge/contract.ts';
import type { Book, Token } from './book.ts';
import { apply, type Command, command, keep } from './command.ts';
import type { Posted, Rig } from './rig.ts';
import { callOf, refusalOf, tokenOf, untilOf } from './wire.ts';

/** Refreshes by the right secret, by any other that there is, by any token ever given, by nonsense. */
export function refreshes(
  contracts: fc.Arbitrary<Contract>,
  ids: fc.Arbitrary<string>,
  secrets: fc.Arbitrary<string>,
): fc.Arbitrary<Command>[] {
  const right = fc.tuple(contracts, ids).map(([contract, id]) => refresh(contract, id));
  const any = fc.tuple(contracts, ids, secrets).map(([...given]) => refresh(...given));
  const old = fc.nat(30).map(byToken);
  const none = fc.tuple(contracts, ids).map(([contract, id]) => malformed(contract, id));
  return [right, right, right, right, any, old, old, none, ids.map(forged)];
}

/** By the secret that is the session's now, unless another is named. */
function refresh(contract: Contract, id: string, given?: string): Command {
  const what = `refresh ${contract.name}#${id} by ${given ?? 'the right secret'}`;
  return command(what, async (book, rig) => {
    const secret = given ?? book.rows.get(`${contract.name}#${id}`)?.secret ?? 'none';
    const exp = book.now + 930;
    const [key] = rig.keys(contract).signing;
    const text = key && contract === ccstore ? tokenOf(key, id, secret, exp) : '';
    const token = { text, id, secret, exp, keyAge: book.keyAge(contract) };
    await present(book, rig, contract, token);
  });
}

/** By some token that was given once: of this session or another, expired, or of a lost key. */
function byToken(nth: number): Command {
  return command(`refresh ccstore by token ${nth}`, async (book, rig) => {
    const token = book.tokens[nth % book.tokens.length];
    if (token) await present(book, rig, ccstore, token);
  });
}

async function present(book: Book, rig: Rig, contract: Contract, token: Token): Promise<void> {
  const { id, secret, exp } = token;
  const answer = await rig.post(contract, callOf(contract, id, secret, token.text));
  // The key before the current one still verifies; the one before that is gone.
  if (contract === ccstore && book.keyAge(ccstore) - token.keyAge > 1) {
    expectRefusal(answer, contract, 'wrong-secret', 0);
    return;
  }
  const told = apply(book, contract, id, {
    do: 'refresh',
    now: book.now,
    policy: book.policy(contract),
    secret,
    ...(contract === ccstore && { expiresAt: exp }),
  });
  if (!('granted' in told)) throw new Error('a refresh is answered');
  if (!told.granted) {
    if (told.reason === 'id-taken' || told.reason === 'logged-in') throw new Error(told.reason);
    expectRefusal(answer, contract, told.reason, 1);
    return;
  }
  expect(answer.outcome).toBe('refreshed');
  expect(answer.requests).toHaveLength(1);
  // Whatever the model says of it.
  expect(book.revoked).not.toContain(`${contract.name}#${id}`);
  expect(untilOf(contract, answer, book.now)).toBe(told.until);
  if (contract === ccstore) keep(book, answer.json.access_token);
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
    const right = book.rows.get(`ccstore#${id}`)?.secret ?? 'none';
    const token = tokenOf(key, id, right, book.now + 930);
    // Every character but one of the signature is right.
    const [other = ''] = token.slice(-5);
    const text = token.slice(0, -5) + (other === 'A' ? 'B' : 'A') + token.slice(-4);
    expectRefusal(
      await rig.post(ccstore, callOf(ccstore, id, right, text)),
      ccstore,
      'wrong-secret',
      0,
    );
  });
}

/** The table's own answer to the byte, ids aside, for so many storage requests. */
function expectRefusal(
  answer: Posted,
  contract: Contract,
  reason: Parameters<Contract['refuse']>[0],
  requests: number,
): void {
  expect(answer.outcome).toBe(reason);
  expect(answer.plain).toBe(refusalOf(contract, reason));
  expect(answer.requests).toHaveLength(requests);
}
