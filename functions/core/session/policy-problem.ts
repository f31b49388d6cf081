import type { Policy, Rotation } from './policy.ts';

/**
 * What is wrong with a policy, in a sentence that names the value; nothing where it is sound. A stage
 * may change a contract's numbers, not what its idle clock is, nor its wire: `rotates` says whether
 * that has a place for a new secret.
 */
export function policyProblem(
  policy: Policy,
  { policy: usual, rotates }: { readonly policy: Policy; readonly rotates: boolean },
): string | undefined {
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
  return rotationProblem(rotation, rest, rotates);
}

function rotationProblem(rotation: Rotation, rest: number, rotates: boolean): string | undefined {
  if (rotation === 'fixed') return undefined;
  if (!rotates) return 'rotation must be fixed: the wire has no place for a new secret';
  const { grace } = typeof rotation === 'object' && rotation !== null ? rotation : {};
  if (!isSeconds(grace)) return 'rotation is fixed or { grace: seconds }, a whole number over 0';
  // In the grace nothing is written: a session must not fall idle while its client refreshes.
  if (grace > rest / 2) return `grace is ${grace}, which is over half of idle, ${rest}`;
  return undefined;
}

function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}
