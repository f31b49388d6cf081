import { createHmac } from 'node:crypto';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { material, type WireAnswer, type World } from '../support/world.ts';

/** Refreshes with a token, as a client with nothing more to say does. */
export function refresh(world: World, token: string): Promise<WireAnswer> {
  return world.post(ccstore, { headers: { Authorization: `Bearer ${token}` } });
}

/** A 401 of the error model. */
export function refused(errorCode: string) {
  return { status: 401, json: { status: '401', errorCode } };
}

/** How a token of the tests' own is signed. */
export interface Signing {
  readonly header?: string;
  readonly key?: string;
  readonly hash?: string;
}

/** A token over any text, signed as `ccstore` signs unless it says otherwise. */
export function signed(
  payload: string | Uint8Array,
  {
    header = '{"alg":"HS256","typ":"JWT"}',
    key = material.signing ?? '',
    hash = 'sha256',
  }: Signing = {},
): string {
  const input = `${Buffer.from(header).toString('base64')}.${Buffer.from(payload).toString('base64')}`;
  return `${input}.${createHmac(hash, key).update(input).digest('base64')}`;
}
