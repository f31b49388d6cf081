import type { Policy } from './policy.ts';

/**
 * What is wrong with a policy, in a sentence that names the value; nothing where it is sound. `usual`
 * is the contract's own: a stage may change its numbers, not what its idle clock is.
 */
export function policyProblem(policy: Policy, usual: Policy): string | undefined {
  const { idle, lifetime, rotation } = policy;
  if (typeof idle !== typeof usual.idle)
    return typeof usual.idle === 'number'
      ? 'idle is a number of seconds'
      : 'idle is { token: seconds }: its token is its idle clock';
  const rest = typeof idle === 'number' ? idle : idle.token;
  if (!isSeconds(rest)) return `idle is ${rest}, and must be a whole number of seconds over 0`;
  if (!isSeconds(lifetime))
    return `lifetime is ${lifetime}, and must be a whole number of seconds over 0`;
  if (lifetime < rest) return `lifetime is ${lifetime}, which is under idle, ${rest}`;
  if (rotation !== 'fixed') return 'rotation must be fixed';
  return undefined;
}

function isSeconds(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}
