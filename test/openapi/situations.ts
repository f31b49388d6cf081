import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Contract } from '../../functions/core/edge/contract.ts';
import type { Fault } from '../../functions/core/edge/fault.ts';
import { keyOf } from '../../functions/core/session/item.ts';
import type { Refusal } from '../../functions/core/session/refusal.ts';
import { rowKey, type SessionId } from '../../functions/core/session/session.ts';
import { later } from '../../functions/core/time.ts';
import { type Way, ways } from '../support/ways.ts';
import { noon, type WireCall, type World } from '../support/world.ts';

/** Brings a world about in which a request is refused, and gives that request. */
export type Situation = (world: World, contract: Contract) => Promise<WireCall>;

/**
 * How every answer of a Lambda comes about; `gateway` where API Gateway alone gives it, `rotation`
 * where no policy that there is leads to it.
 */
export const situations = {
  'unknown-session': async (world, contract) => way(contract).send(world, 'nobody', secret),
  'not-logged-in': async (world, contract) => {
    const call = await signedIn(world, contract);
    // Only `eos` opens sessions without a secret; a row without one is the same to all.
    await world.client.send(
      new UpdateItemCommand({
        TableName: world.table,
        Key: keyOf(rowKey(contract.name, sessionId)),
        UpdateExpression: 'REMOVE secret',
      }),
    );
    return call;
  },
  'wrong-secret': async (world, contract) => {
    await signedIn(world, contract);
    return way(contract).send(world, sessionId, 'another');
  },
  'reused-secret': 'rotation',
  revoked: async (world, contract) => {
    const call = await signedIn(world, contract);
    await world.run('revoke', { contract: contract.name, sessionId });
    return call;
  },
  'idle-too-long': async (world, contract) => {
    const call = await signedIn(world, contract);
    world.now = later(noon, 30 * 60);
    return call;
  },
  'lifetime-over': async (world, contract) => {
    const call = await signedIn(world, contract);
    world.now = later(noon, contract.policy.lifetime);
    return call;
  },
  'malformed-request': async () => ({}),
  'unknown-client': 'gateway',
  forbidden: 'gateway',
  'unknown-route': 'gateway',
  'over-rate': 'gateway',
  'over-quota': 'gateway',
  'too-large': async (world, contract) => ({
    ...(await signedIn(world, contract)),
    body: 'x'.repeat(64 * 1024 + 1),
  }),
  failed: cut(() => new TypeError('a bug')),
  unavailable: cut(() => Object.assign(new Error('a wire'), { code: 'ECONNREFUSED' })),
  'timed-out': cut(() => Object.assign(new Error('a wire'), { name: 'TimeoutError' })),
} satisfies Record<Refusal | Fault, Situation | 'gateway' | 'rotation'>;

const sessionId = '51368f50-0000-4000-8000-ddc80c0be491' as SessionId;
const secret = 'the-secret-of-the-situations';

/** Opens the session, and gives the request that refreshes it. */
async function signedIn(world: World, contract: Contract): Promise<WireCall> {
  await world.open(contract, { sessionId, secret });
  return way(contract).send(world, sessionId, secret);
}

/** The way in which the contract's document has its client send a credential. */
function way(contract: Contract): Way {
  const found = ways.find((one) => one.contract === contract);
  if (!found) throw new Error(`test/support/ways.ts has no way of ${contract.name}`);
  return found;
}

/** A storage whose every request meets an error, in place of the table. */
function cut(error: () => Error): Situation {
  return async (world, contract) => {
    const call = await signedIn(world, contract);
    const thrown = () => async (): Promise<never> => {
      throw error();
    };
    world.client.middlewareStack.add(thrown, { step: 'initialize', name: 'cut' });
    return call;
  };
}

/** Lets storage answer again: a world's own end needs it. */
export function mend({ client }: World): void {
  client.middlewareStack.remove('cut');
}
