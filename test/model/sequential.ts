import type { Contract } from '../../functions/core/edge/contract.ts';
import type { Secret } from '../../functions/core/session/secret.ts';
import { rowKey, type SessionId } from '../../functions/core/session/session.ts';
import { readSuccessor, successor } from '../../functions/core/session/successor.ts';
import type { Keys } from '../../functions/core/token/keys.ts';
import type { Done } from './done.ts';
import { done, type Sequential } from './linearizable.ts';
import { type Operation, step } from './model.ts';
import { type Row, revoked } from './row.ts';
import { refusalOf, sessionOf } from './wire.ts';

/** A row, and the thefts that were seen and have not yet ended it, each by the time of its Lambda. */
export interface Between {
  readonly row: Row | undefined;
  readonly thefts: readonly number[];
}

/**
 * The model as a history tells it. A theft is two steps, between which others may come: the reuse is
 * seen, and the session is ended, which comes before the answer. `family` is what was drawn.
 */
export function sequential(
  contract: Contract,
  id: string,
  keys: Keys,
  family: string,
): Sequential<Between, Done> {
  const key = rowKey(contract.name, id as SessionId);
  const known = (operation: Exclude<Done, { do: 'end' }>): Operation => {
    if (operation.do !== 'refresh') return operation;
    const { presents } = operation;
    const secret = readSuccessor(keys.successor, key, presents as Secret) ?? presents;
    return { ...operation, secret, draws: family };
  };
  const secretOf = ({ secret = '' }: Row, generation: number) =>
    generation === 0 ? secret : successor(keys.successor, key, { generation, family });
  return ({ row, thefts }, operation) => {
    if (operation.do === 'end') {
      const at = thefts.indexOf(operation.now);
      const state = { row: revoked(row, operation.now).row, thefts: thefts.toSpliced(at, 1) };
      return at < 0 ? { state: { row, thefts }, told: 'nothing to end' } : { state, told: done };
    }
    const { row: after, told } = step(row, known(operation));
    const state = { row: after, thefts };
    if ('seen' in told)
      return { state, told: text(told.seen && sessionOf(contract, id, told.seen, keys)) };
    const wire = operation.do === 'refresh';
    if (told.granted) {
      const given = wire && contract.rotates && after;
      const by = given ? ` by ${secretOf(given, told.generation)}` : '';
      return { state, told: `until ${told.until}${by}` };
    }
    const { reason } = told;
    if (!wire || reason === 'id-taken' || reason === 'logged-in') return { state, told: reason };
    const seen = reason === 'reused-secret' && operation.policy.rotation !== 'fixed';
    return {
      state: seen ? { row, thefts: [...thefts, operation.now] } : state,
      told: `${reason}: ${refusalOf(contract, reason)}`,
    };
  };
}

/** The same text for the same row, in whatever order it was written. */
export function text(row: object | undefined): string {
  return JSON.stringify(Object.entries(row ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
}
