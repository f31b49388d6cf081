import type { Contract } from '../../functions/core/contract/contract.ts';
import { documentOf, type Example, operationOf } from '../support/openapi.ts';
import type { WireCall, World } from '../support/world.ts';

/** A session, and the request by which its client refreshes it. */
export interface Own {
  readonly sessionId: string;
  readonly call: WireCall;
}

/**
 * Opens the session of the document's first request that refreshes, and gives that request: an example
 * that names a session has its secret beside it, and a bearer token is the one that `open` gave.
 */
export async function ownCall(world: World, contract: Contract): Promise<Own> {
  const first = refreshing(contract);
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
  return { sessionId: held.sessionId, call: { headers, body } };
}

/**
 * The document's first request that refreshes, and its media type.
 * @throws Error where it has none
 */
export function refreshing(contract: Contract): { type: string; example: Example } {
  const { content } = operationOf(contract).requestBody;
  const [first] = Object.entries(content).flatMap(([type, { examples }]) =>
    Object.values(examples)
      .filter((example) => example['x-outcomes'].includes('refreshed'))
      .map((example) => ({ type, example })),
  );
  if (!first) throw new Error(`the document of ${contract.name} has no request that refreshes`);
  return first;
}

/** An example of a body as it goes over the wire. */
export function written(type: string, { value }: Example): string {
  return type === 'application/x-www-form-urlencoded'
    ? new URLSearchParams({ ...value }).toString()
    : JSON.stringify(value);
}
