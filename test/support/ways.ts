import { ccstore } from '../../functions/ccstore/contract.ts';
import { ccstoreui } from '../../functions/ccstoreui/contract.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { signingKey } from '../../functions/core/keys/keys.ts';
import { signPaddedJwt } from '../../functions/core/keys/padded-jwt.ts';
import { later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import type { WireCall, World } from './world.ts';

/** One way in which a contract's client sends a session id and its secret. */
export interface Way {
  readonly what: string;
  readonly contract: Contract;
  /** Whether they are in a body that is read, and so has a bound. */
  readonly inBody: boolean;
  /** Whether it can say anything but text. */
  readonly typed: boolean;
  /** The request; a field that is undefined is left out. */
  send(world: World, id: unknown, secret: unknown): WireCall;
}

export const ways: readonly Way[] = [
  {
    what: 'eos by a form',
    contract: eos,
    inBody: true,
    typed: false,
    send: (_, sessionId, secureCode) => ({
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: formOf({ sessionId, secureCode }),
    }),
  },
  {
    what: 'eos by JSON',
    contract: eos,
    inBody: true,
    typed: true,
    send: (_, sessionId, secureCode) => ({
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ sessionId, secureCode }),
    }),
  },
  {
    what: 'eos by the query',
    contract: eos,
    inBody: false,
    typed: false,
    send: (_, id, secret) => ({
      query: {
        ...(id !== undefined && { sessionId: [String(id)] }),
        ...(secret !== undefined && { secureCode: [String(secret)] }),
      },
    }),
  },
  {
    what: 's360',
    contract: s360,
    inBody: true,
    typed: true,
    send: (_, sessionId, sessionToken) => ({
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ sessionToken, sessionId }),
    }),
  },
  ...[ccstore, ccstoreui].map((contract) => ({
    what: contract.name,
    contract,
    inBody: false,
    typed: true,
    send: (world: World, sid: unknown, sec: unknown) =>
      bearer(signed(world, { ...tokenTimes(world), sid, sec })),
  })),
];

/** The times of a token of `ccstore` that is made now. */
export function tokenTimes({ now }: World) {
  return { exp: later(now, 930), sub: '110558', iss: 'storefrontUI', iat: now };
}

/** A token of `ccstore` that its own key signed, whatever its payload is. */
export function signed(world: World, payload: unknown): string {
  return signPaddedJwt(JSON.stringify(payload), signingKey(world.keys(ccstore)));
}

/** A request with a bearer token. */
export function bearer(token: string): WireCall {
  return { headers: { Authorization: `Bearer ${token}` } };
}

function formOf(fields: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.map(([name, value]) => `${name}=${escaped(String(value))}`).join('&');
}

/** A lone surrogate has no escape; a client that sends one all the same sends these three bytes. */
function escaped(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : '%ED%A0%80';
}
