import { setTimeout as sleep } from 'node:timers/promises';
import { sessionOwners } from '../contracts.ts';
import { isObject } from '../core/contract/json-text.ts';
import type { Env } from '../core/env.ts';
import { keySource, policyIn, sessionTable } from '../core/lambda/services.ts';
import type { Table } from '../core/session/table.ts';
import { systemClock } from '../core/time.ts';
import type { AdminServices } from './command.ts';

/**
 * Makes what the commands need from the same environment variables as a refresh Lambda, but with
 * the keys and policies of every contract. `unread` is called each time that a background read of
 * keys fails.
 * @throws Error with one sentence that names the variable that is missing or wrong
 */
export function adminServices(
  env: Env = process.env,
  unread: (error: unknown) => void = () => undefined,
  table: Table = sessionTable(env),
): AdminServices {
  checkPolicies(env);
  // Key sources are made for all contracts at the start, so that a missing variable is found before
  // the first command.
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

/**
 * @throws Error if `SESSION_POLICIES` is not JSON, names an unknown contract, or has a wrong policy
 */
function checkPolicies(env: Env): void {
  const names = sessionOwners.map(({ name }) => name);
  const unknown = Object.keys(policiesIn(env)).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new Error(
      `SESSION_POLICIES: unknown contract "${unknown}"; expected ${names.join(', ')}`,
    );
  for (const contract of sessionOwners) policyIn(env, contract);
}

function policiesIn({ SESSION_POLICIES }: Env): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(SESSION_POLICIES || '{}');
    if (isObject(value) && Object.values(value).every(isObject)) return value;
  } catch {
    // The parser's error is dropped, because it quotes the text.
  }
  throw new Error(
    'SESSION_POLICIES must be a JSON object, such as {"eos":{"idle":1800,"lifetime":43200}}',
  );
}
