import fc from 'fast-check';
import { expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import type { Contract } from '../../functions/core/edge/contract.ts';
import { eos } from '../../functions/eos/contract.ts';
import type { Answer } from '../../functions/session-admin/commands.ts';
import { spoken } from '../session/clients.ts';
import type { Book } from './book.ts';
import { clocks } from './clocks.ts';
import { apply, type Command, command, keep, keepSecret } from './command.ts';
import { guesses, guessing } from './guesses.ts';
import { alive, type Person } from './model.ts';
import { policies } from './policies.ts';
import { refreshes } from './refreshes.ts';
import type { Rig } from './rig.ts';
import type { Told } from './row.ts';

/** Few, so that contracts, sessions and people meet. */
const ids = fc.constantFrom('a', 'b');
const secrets = fc.constantFrom('x', 'y', '20004007594');
const anyContract = fc.constantFrom(...spoken);
const people = fc.record({ subject: fc.constantFrom('p', 'a'), secret: secrets });

/** A session of everyone, so that a run need not find its beginning. */
export function beginning(): readonly Command[] {
  const by = { subject: 'p', secret: 'x' };
  return [...spoken.map((contract) => open(contract, 'a', by)), open(eos, 'b')];
}

/** Every command, those more often that lead somewhere. */
export function everyCommand(): fc.Arbitrary<Command>[] {
  const opens = fc.tuple(anyContract, ids, people).map(([...given]) => open(...given));
  const anonymous = ids.map((id) => open(eos, id));
  const logins = fc.tuple(ids, people).map(([id, by]) => login(eos, id, by));
  const others = fc.tuple(anyContract, ids, people).map(([...given]) => login(...given));
  const revokes = fc.tuple(anyContract, ids).map(([...given]) => revoke(...given));
  const revokeAlls = fc.tuple(anyContract, people).map(([c, { subject }]) => revokeAll(c, subject));
  const purges = fc.tuple(anyContract, ids).map(([...given]) => purge(...given));
  const rotations = anyContract.map(rotate);
  const refresh = refreshes(anyContract, ids, secrets);
  const guess = guesses(fc.tuple(anyContract, ids, fc.constantFrom(...guessing)));
  return [opens, opens, anonymous, logins, others, ...refresh, ...clocks(), revokes].concat([
    revokeAlls,
    purges,
    purges,
    rotations,
    guess,
    ...policies(),
  ]);
}

function open(contract: Contract, id: string, by?: Person): Command {
  return command(`open ${contract.name}#${id} ${by?.subject}/${by?.secret}`, async (book, rig) => {
    const whose = by ?? { anonymous: true };
    const answer = await rig.run('open', { contract: contract.name, sessionId: id, ...whose });
    const told = apply(book, contract, id, {
      do: 'open',
      now: book.now,
      policy: book.policy(contract),
      ...(by && { by }),
    });
    expectHeld(book, contract, id, answer, told);
  });
}

function login(contract: Contract, id: string, by: Person): Command {
  return command(`login ${contract.name}#${id} ${by.subject}/${by.secret}`, async (book, rig) => {
    const { now } = book;
    const answer = await rig.run('login', { contract: contract.name, sessionId: id, ...by });
    const policy = book.policy(contract);
    const told = apply(book, contract, id, { do: 'login', now, policy, by });
    expectHeld(book, contract, id, answer, told);
  });
}

/** Ends one session. */
export function revoke(contract: Contract, id: string): Command {
  return command(`revoke ${contract.name}#${id}`, async (book, rig) => {
    const input = { contract: contract.name, sessionId: id };
    const answer = await rig.run('revoke', input);
    const told = apply(book, contract, id, { do: 'revoke', now: book.now });
    if (!('granted' in told)) throw new Error('a revocation is answered');
    expect(answer).toEqual(
      told.granted
        ? { outcome: 'done', result: { ...input, revokedAt: told.until } }
        : { outcome: 'refused', reason: told.reason },
    );
    if (told.granted) book.revoked.add(`${contract.name}#${id}`);
  });
}

function revokeAll(contract: Contract, subject: string): Command {
  return command(`revoke-all ${contract.name} ${subject}`, async (book, rig) => {
    const { name } = contract;
    const answer = await rig.run('revoke-all', { contract: name, subject });
    const theirs = [...book.rows].filter(
      ([key, row]) => key.startsWith(`${name}#`) && row.subject === subject,
    );
    const ended = theirs.filter(([, row]) => alive(row, book.now)).length;
    expect(answer).toEqual({ outcome: 'done', result: { contract: name, subject, ended } });
    for (const [key] of theirs) {
      apply(book, contract, key.slice(name.length + 1), { do: 'revoke', now: book.now });
      book.revoked.add(key);
    }
  });
}

/** TTL deletes late, or later still, but nothing before its time. */
function purge(contract: Contract, id: string): Command {
  const key = `${contract.name}#${id}`;
  const due = ({ rows, now }: Book) => (rows.get(key)?.purgeAt ?? now) < now;
  const run = async (book: Book, rig: Rig) => {
    await rig.purge(key);
    apply(book, contract, id, { do: 'purge' });
    book.revoked.delete(key);
  };
  return { ...command(`purge ${key}`, run), check: (book) => due(book) };
}

/** Replaces the key that the contract signs with; the one before still verifies. */
export function rotate(contract: Contract): Command {
  return command(`rotate ${contract.name}`, async (book) => book.rotate(contract));
}

/** What `open` and `login` answer: the limit that the client is told is the model's. */
function expectHeld(book: Book, contract: Contract, id: string, answer: Answer, told: Told): void {
  if (!('granted' in told)) throw new Error('it is answered');
  if (!told.granted) {
    expect(answer).toEqual({ outcome: 'refused', reason: told.reason });
    return;
  }
  if (answer.outcome !== 'done') throw new Error(JSON.stringify(answer));
  const { expireTime, expiresAt, accessToken }: Record<string, unknown> = { ...answer.result };
  expect(contract === eos ? Number(expireTime) / 1000 : expiresAt).toBe(told.until);
  const key = `${contract.name}#${id}`;
  const secret = book.rows.get(key)?.secret;
  if (secret !== undefined) keepSecret(book, key, secret);
  if (contract === ccstore) keep(book, String(accessToken));
}
