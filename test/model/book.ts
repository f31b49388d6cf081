import type { Contract } from '../../functions/core/edge/contract.ts';
import type { Policy } from '../../functions/core/session/policy.ts';
import { noon } from '../support/world.ts';
import type { Computed, Row } from './row.ts';

/** A token that a client of `ccstore` was given, at any time. */
export interface Token {
  readonly text: string;
  readonly id: string;
  readonly secret: string;
  readonly exp: number;
  readonly iat: number;
  /** How old the signing key was that signed it. */
  readonly keyAge: number;
}

/** All that the model knows: the rows, the clock, and what an operator may change. */
export interface Book {
  now: number;
  readonly rows: Map<string, Row>;
  readonly tokens: Token[];
  /** Every secret that a client of a row has kept, the newest last, whatever became of the row since. */
  readonly kept: Map<string, string[]>;
  /** Every secret that replaced another and was answered, by its text. */
  readonly computed: Map<string, Computed>;
  /** Every token under rotation, by what makes it: for the same, its bytes are the same. */
  readonly tokensOf: Map<string, string>;
  /** Sessions whose revocation was answered, until their rows are purged. */
  readonly revoked: Set<string>;
  policy(contract: Contract): Policy;
  change(contract: Contract, policy: Policy): void;
  /** Whether no policy of the contract was more patient than the one it has now. */
  isLongest(contract: Contract): boolean;
  keyAge(contract: Contract): number;
  rotate(contract: Contract): void;
  /** Writes down that a history came to something, for a test that wants to know what it proved. */
  readonly met: (what: string) => void;
}

/** A book of nothing yet, at noon, with every contract's own policy. */
export function newBook(met: Book['met'] = () => undefined): Book {
  const policies = new Map<Contract, Policy[]>();
  const ages = new Map<Contract, number>();
  const of = (contract: Contract) => policies.get(contract) ?? [contract.policy];
  const policy = (contract: Contract) => of(contract).at(-1) ?? contract.policy;
  const keyAge = (contract: Contract) => ages.get(contract) ?? 0;
  return {
    now: noon,
    rows: new Map(),
    tokens: [],
    kept: new Map(),
    computed: new Map(),
    tokensOf: new Map(),
    revoked: new Set(),
    policy,
    change: (contract, next) => policies.set(contract, [...of(contract), next]),
    isLongest: (contract) => of(contract).every((past) => restOf(past) <= restOf(policy(contract))),
    keyAge,
    rotate: (contract) => ages.set(contract, keyAge(contract) + 1),
    met,
  };
}

function restOf({ idle }: Policy): number {
  return typeof idle === 'number' ? idle : idle.token;
}
