import type { Contract } from '../core/contract/contract.ts';
import type { Keys } from '../core/keys/keys.ts';
import type { LoginRefusal, Policy } from '../core/session/policy.ts';
import { type Registry, registry } from '../core/session/registry.ts';
import type { Table } from '../core/session/table.ts';
import type { Clock } from '../core/time.ts';
import type { Input } from './fields.ts';

/** The answer of a command. */
export type Answer =
  | { readonly outcome: 'done'; readonly result: object }
  | { readonly outcome: 'refused'; readonly reason: AdminRefusal }
  /** The input is wrong. `problem` is a sentence for the caller, and does not quote the input. */
  | { readonly outcome: 'invalid'; readonly problem: string };

/** Why a command changed nothing. */
export type AdminRefusal = LoginRefusal | 'id-taken';

/** What the commands need. */
export interface AdminServices {
  readonly table: Table;
  readonly keys: (contract: Contract) => Promise<Keys>;
  readonly policy: (contract: Contract) => Policy;
  readonly clock: Clock;
  readonly wait: (seconds: number) => Promise<void>;
}

/**
 * A command of session-admin.
 * @throws StorageUnavailable, KeysUnavailable
 */
export type Command = (input: Input, services: AdminServices) => Promise<Answer>;

/** The answer of a command that succeeded. */
export const done = (result: object): Answer => ({ outcome: 'done', result });

/** The answer of a command that changed nothing. */
export const refused = (reason: AdminRefusal): Answer => ({ outcome: 'refused', reason });

/** The answer to wrong input. */
export const invalid = (problem: string): Answer => ({ outcome: 'invalid', problem });

/** The sessions of a contract, and the contract's keys. */
export async function sessionsOf(
  contract: Contract,
  { policy, table, keys: keysOf }: AdminServices,
): Promise<{ readonly sessions: Registry; readonly keys: Keys }> {
  const keys = await keysOf(contract);
  const sessions = registry({ contract: contract.name, policy: policy(contract), keys, table });
  return { sessions, keys };
}

/** Calls a function for each item, 25 at a time. The SDK opens at most 50 connections. */
export async function inFlight<Item, Result>(
  items: readonly Item[],
  call: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [at, item] of queue) results[at] = await call(item);
  };
  await Promise.all(Array.from({ length: 25 }, worker));
  return results;
}
