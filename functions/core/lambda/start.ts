import type { Contract } from '../contract/contract.ts';
import type { Env } from '../env.ts';
import { prime } from './prime.ts';
import { type RefreshLambda, refreshHandler } from './refresh-handler.ts';
import { services } from './services.ts';

/**
 * Starts a contract's Lambda from the environment variables that `services` reads. If `PRIME` is
 * `on`, as infra sets it, the Lambda makes a throw-away refresh before its first request.
 * @throws Error naming a variable that is missing
 */
export async function start(contract: Contract, env: Env = process.env): Promise<RefreshLambda> {
  const own = services(contract, env);
  if (env.PRIME !== 'on') return refreshHandler(contract, own);
  return refreshHandler(contract, { ...own, priming: await prime(contract, own) });
}
