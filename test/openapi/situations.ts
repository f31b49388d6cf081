import { DeleteItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Contract } from '../../functions/core/contract/contract.ts';
import type { Fault } from '../../functions/core/contract/fault.ts';
import { defaultTokenLifetime } from '../../functions/core/session/policy.ts';
import type { Refusal } from '../../functions/core/session/session.ts';
import { rowKey, type SessionId } from '../../functions/core/session/session.ts';
import { later } from '../../functions/core/time.ts';
import { keyOf } from '../support/item.ts';
import { noon, type WireCall, type StoredWorld as World } from '../support/world.ts';
import { type Own, ownCall } from './own-call.ts';

/** Brings a world about in which a request is refused, and gives that request. */
export type Situation = (world: World, contract: Contract) => Promise<WireCall>;

/**
 * How every answer of a Lambda comes about; `gateway` where API Gateway alone gives it. The request is the session's own in all but one: what
 * differs is the row, so that a contract has these situations as soon as it has its document.
 */
export const situations = {
  'unknown-session': after(({ client, table }, { Key }) =>
    client.send(new DeleteItemCommand({ TableName: table, Key })),
  ),
  'not-logged-in': after(({ client, table }, { Key }) => {
    const UpdateExpression = 'REMOVE secret, subject';
    return client.send(new UpdateItemCommand({ TableName: table, Key, UpdateExpression }));
  }),
  'wrong-secret': after(({ client, table }, { Key }) =>
    client.send(
      new UpdateItemCommand({
        TableName: table,
        Key,
        UpdateExpression: 'SET secret = :other',
        ExpressionAttributeValues: { ':other': { S: 'the digest of another' } },
      }),
    ),
  ),
  'reused-secret': after(({ client, table }, { Key }) =>
    client.send(
      new UpdateItemCommand({
        TableName: table,
        Key,
        UpdateExpression: 'SET generation = :second, secretFamily = :family, graceUntil = :grace',
        ExpressionAttributeValues: {
          ':second': { N: '2' },
          ':family': { S: 'any' },
          ':grace': { N: '1' },
        },
      }),
    ),
  ),
  revoked: after((world, { contract, sessionId }) =>
    world.run('revoke', { contract: contract.serves, sessionId }),
  ),
  'idle-too-long': after(async (world, { contract }) => {
    world.now = later(noon, defaultTokenLifetime(contract.policy));
  }),
  'lifetime-over': after(async (world, { contract }) => {
    world.now = later(noon, contract.policy.lifetime);
  }),
  'malformed-request': async () => ({}),
  'unknown-client': 'gateway',
  forbidden: 'gateway',
  'unknown-route': 'gateway',
  'over-rate': 'gateway',
  'over-quota': 'gateway',
  'too-large': async (world, contract) => {
    const { call } = await ownCall(world, contract);
    return { ...call, body: 'x'.repeat(64 * 1024 + 1) };
  },
  failed: cut(() => new TypeError('a bug')),
  unavailable: cut(() => Object.assign(new Error('a wire'), { code: 'ECONNREFUSED' })),
  'timed-out': cut(() => Object.assign(new Error('a wire'), { name: 'TimeoutError' })),
} satisfies Record<Refusal | Fault, Situation | 'gateway'>;

/** A session that was opened, and where its row is. */
interface Opened extends Own {
  readonly contract: Contract;
  readonly Key: ReturnType<typeof keyOf>;
}

/** The session's own request, after something has happened. */
function after(happens: (world: World, opened: Opened) => Promise<unknown>): Situation {
  return async (world, contract) => {
    const own = await ownCall(world, contract);
    const Key = keyOf(rowKey(contract.serves, own.sessionId as SessionId));
    await happens(world, { ...own, contract, Key });
    return own.call;
  };
}

/** The session's own request, to a storage whose every request meets an error. */
function cut(error: () => Error): Situation {
  return after(async ({ client }) => {
    const thrown = () => async (): Promise<never> => {
      throw error();
    };
    client.middlewareStack.add(thrown, { step: 'initialize', name: 'cut' });
  });
}

/** Lets storage answer again: a world's own end needs it. */
export function mend({ client }: World): void {
  client.middlewareStack.remove('cut');
}
