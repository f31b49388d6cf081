import { ccstore } from '../../functions/ccstore/contract.ts';
import type { Contract } from '../../functions/core/edge/contract.ts';
import { signingKey } from '../../functions/core/token/keys.ts';
import { signLegacyJwt } from '../../functions/core/token/legacy-jwt.ts';
import { eos } from '../../functions/eos/contract.ts';
import type { Held, WireAnswer, WireCall, World } from './world.ts';

/** A client of a contract whose secrets are replaced: what it sends, keeps and reads. */
export interface RotatingClient {
  readonly what: string;
  readonly contract: Contract;
  call(held: Held): WireCall;
  /** What it holds after a yes. */
  next(held: Held, answer: Pick<WireAnswer, 'json'>): Held;
  secretOf(held: Held): string;
  /** When what it holds expires by itself, in epoch seconds, refreshed or not. */
  expiryOf(held: Held): number;
  /** The same with another secret, as one writes it who has all that is signed but that. */
  guess(world: World, held: Held, secret: string): Held;
  /** The no to a secret that is not, or no longer, the session's. */
  readonly invalid: object;
  readonly expired: object;
  readonly revoked: object;
}

/** Seconds of grace in the tests. */
export const grace = 60;

const notLoggedIn = {
  status: 403,
  text: '{"message":"Invalid credential","code":"3-2"}',
};

const refused = (errorCode: string) => ({ status: 401, json: { status: '401', errorCode } });

/** The client of `eos`. */
export const eosRotating: RotatingClient = {
  what: 'eos',
  contract: eos,
  call: ({ sessionId, secureCode }) => ({
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ sessionId, secureCode }).toString(),
  }),
  next: (held, { json }) => ({ ...held, secureCode: json.secureCode }),
  secretOf: ({ secureCode }) => secureCode,
  expiryOf: () => Infinity,
  guess: (_, held, secureCode) => ({ ...held, secureCode }),
  invalid: notLoggedIn,
  expired: notLoggedIn,
  revoked: notLoggedIn,
};

/** The client of `ccstore`. */
export const ccstoreRotating: RotatingClient = {
  what: 'ccstore',
  contract: ccstore,
  call: ({ accessToken }) => ({ headers: { Authorization: `Bearer ${accessToken}` } }),
  next: (held, { json }) => ({ ...held, accessToken: json.access_token }),
  secretOf: ({ accessToken }) => claimsOf(accessToken).sec,
  expiryOf: ({ accessToken }) => claimsOf(accessToken).exp,
  guess: (world, held, sec) => ({
    ...held,
    accessToken: signLegacyJwt(
      JSON.stringify({ ...claimsOf(held.accessToken), sec }),
      signingKey(world.keys(ccstore)),
    ),
  }),
  invalid: refused('90002'),
  expired: refused('90003'),
  revoked: refused('90004'),
};

/** Every client that can rotate. */
export const rotatingClients: readonly RotatingClient[] = [eosRotating, ccstoreRotating];

/** What a token says. */
// biome-ignore lint/suspicious/noExplicitAny: a test looks into a token without knowing its shape
export function claimsOf(token: string): any {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64').toString());
}

/** From now on the contract replaces its secrets, at most once in so many seconds. */
export function rotate(world: World, { policy, name }: Contract, seconds = grace): void {
  world.policies.set(name, { ...policy, rotation: { grace: seconds } });
}

/** Refreshes with what is held. */
export function refresh(world: World, client: RotatingClient, held: Held): Promise<WireAnswer> {
  return world.post(client.contract, client.call(held));
}

/**
 * Refreshes, and gives what the client then holds.
 * @throws Error where it was refused
 */
export async function refreshed(world: World, client: RotatingClient, held: Held): Promise<Held> {
  const answer = await refresh(world, client, held);
  if (answer.status !== 200) throw new Error(`${client.what} was refused: ${answer.text}`);
  return client.next(held, answer);
}
