import type { Contract } from '../../../functions/core/contract/contract.ts';
import type { Fault } from '../../../functions/core/contract/fault.ts';
import type { Refusal } from '../../../functions/core/session/session.ts';
import { later } from '../../../functions/core/time.ts';
import { documentOf, type Example, operationOf } from '../../support/openapi.ts';
import { noon, type Outage, type WireCall, type World } from '../../support/world.ts';

/** Brings a world about in which a request is refused, and gives that request. */
type Situation = (world: World, contract: Contract) => Promise<WireCall>;

/**
 * How every answer of a Lambda comes about; `gateway` where API Gateway alone gives it. The request is
 * the session's own in all but two: what differs is the row, so that a contract has these situations as
 * soon as it has its document.
 */
export const situations = {
  'unknown-session': after((world, { contract, sessionId }) => world.purge(contract, sessionId)),
  'not-logged-in': damaged({ secret: undefined, subject: undefined }),
  'wrong-secret': damaged({ secret: 'the digest of another' }),
  'reused-secret': damaged({ generation: 2, secretFamily: 'any', graceUntil: 1 }),
  revoked: after((world, { contract, sessionId }) =>
    world.run('revoke', { contract: contract.serves, sessionId }),
  ),
  'idle-too-long': after(async (world, { contract }) => {
    const { idle } = contract.policy;
    world.now = later(noon, typeof idle === 'number' ? idle : idle.token);
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
  failed: cut('failed'),
  unavailable: cut('unavailable'),
  'timed-out': cut('timed-out'),
} satisfies Record<Refusal | Fault, Situation | 'gateway'>;

/** The session's own request, after something has happened. */
function after(happens: (world: World, own: Own) => Promise<unknown>): Situation {
  return async (world, contract) => {
    const own = await ownCall(world, contract);
    await happens(world, own);
    return own.call;
  };
}

/** The session's own request, to a row with other attributes. */
function damaged(set: Readonly<Record<string, unknown>>): Situation {
  return after((world, { contract, sessionId }) => world.damage(contract, sessionId, set));
}

/** The session's own request, to a storage that does not answer. */
function cut(outage: Outage): Situation {
  return after(async (world) => {
    world.outage = outage;
  });
}

/** A session, the contract that refreshes it, and the request by which its client does. */
interface Own {
  readonly contract: Contract;
  readonly sessionId: string;
  readonly call: WireCall;
}

/**
 * Opens the session of the document's first request that refreshes, and gives that request: an example
 * that names a session has its secret beside it, and a bearer token is the one that `open` gave.
 * @throws Error where it has none
 */
export async function ownCall(world: World, contract: Contract): Promise<Own> {
  const { content } = operationOf(contract).requestBody;
  const [first] = Object.entries(content).flatMap(([type, { examples }]) =>
    Object.values(examples)
      .filter((example) => example['x-outcomes'].includes('refreshed'))
      .map((example) => ({ type, example })),
  );
  if (!first) throw new Error(`the document of ${contract.name} has no request that refreshes`);
  const { sessionId: named, ...proofs } = first.example.value as Record<string, string>;
  const [secret] = Object.values(proofs);
  const held = await world.open(contract, named && secret ? { sessionId: named, secret } : {});
  const schemes = Object.values(documentOf(contract).components.securitySchemes ?? {});
  const bearer = schemes.some(({ scheme }) => scheme === 'bearer');
  const headers = {
    'Content-Type': first.type,
    ...(bearer && { Authorization: `Bearer ${held.accessToken}` }),
  };
  const body = written(first.type, first.example);
  return { contract, sessionId: held.sessionId, call: { headers, body } };
}

/** An example of a body as it goes over the wire. */
export function written(type: string, { value }: Example): string {
  return type === 'application/x-www-form-urlencoded'
    ? new URLSearchParams({ ...value }).toString()
    : JSON.stringify(value);
}
