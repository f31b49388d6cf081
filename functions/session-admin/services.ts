import { setTimeout as sleep } from 'node:timers/promises';
import { sessionOwners } from '../contracts.ts';
import type { Env } from '../core/env.ts';
import { keySource, policyIn, sessionTable } from '../core/lambda/services.ts';

import type { Table } from '../core/session/table.ts';
import { systemClock } from '../core/time.ts';
import type { AdminServices } from './command.ts';

/**
 * What the commands run on, from an environment that a refresh Lambda could have too, but with the
 * keys and policies of every contract in it. `unread` hears of a reading of keys that failed.
 */
export function adminServices(
  env: Env = process.env,
  unread: (error: unknown) => void = () => undefined,
  table: Table = sessionTable(env),
): AdminServices {
  // All of them at once, though few commands need any: without its keys this does not start.
  const sources = new Map(
    sessionOwners.map((contract) => [contract.name, keySource(contract, env, unread)]),
  );
  return {
    table,
    async keys({ name }) {
      const source = sources.get(name);
      if (!source) throw new Error(`there is no contract ${name}`);
      return source();
    },
    policy: (contract) => policyIn(env, contract),
    clock: systemClock,
    wait: (seconds) => sleep(seconds * 1000),
  };
}
