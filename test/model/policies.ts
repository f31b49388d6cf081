import fc from 'fast-check';
import type { Contract } from '../../functions/core/edge/contract.ts';
import type { Policy } from '../../functions/core/session/policy.ts';
import { policyProblem } from '../../functions/core/session/policy-problem.ts';
import { spoken } from '../session/clients.ts';
import { type Command, command } from './command.ts';

/** A stage that sets a contract's numbers anew, and whether and how seldom its secrets are replaced. */
export function policies(): fc.Arbitrary<Command>[] {
  const rotation = fc.constantFrom('fixed' as const, 1, 30, 60, 465, 900, 3600);
  const numbers = {
    rest: fc.constantFrom(60, 930, 1800, 7200),
    lifetime: fc.constantFrom(7200, 86_400),
    rotation,
  };
  const any = fc.tuple(fc.constantFrom(...spoken), fc.record(numbers)).map(changed);
  // What else a policy says stays as it is: rotation alone is turned on, off, or another way.
  const turned = fc
    .tuple(fc.constantFrom(...spoken.filter(({ rotates }) => rotates)), rotation)
    .map(([contract, grace]) => turn(contract, grace));
  return [any, turned, turned];
}

/** Rotation alone, as far as the rest of the contract's policy bears it. */
export function turn(contract: Contract, grace: 'fixed' | number): Command {
  return command(`rotation of ${contract.name} ${grace}`, async (book) => {
    const policy = book.policy(contract);
    book.change(contract, sound(contract, { ...policy, rotation: rotationOf(grace) }));
  });
}

function changed([contract, { rest, lifetime, rotation }]: readonly [
  Contract,
  { readonly rest: number; readonly lifetime: number; readonly rotation: 'fixed' | number },
]): Command {
  const idle = typeof contract.policy.idle === 'number' ? rest : { token: rest };
  const policy = sound(contract, { idle, lifetime, rotation: rotationOf(rotation) });
  return command(`policy ${contract.name} ${JSON.stringify(policy)}`, async (book) =>
    book.change(contract, policy),
  );
}

function rotationOf(grace: 'fixed' | number): Policy['rotation'] {
  return grace === 'fixed' ? 'fixed' : { grace };
}

/** The policy, unless nothing could be deployed with it: then its secrets stay. */
function sound(contract: Contract, policy: Policy): Policy {
  return policyProblem(policy, contract) ? { ...policy, rotation: 'fixed' } : policy;
}
