import { ccstore } from '../../functions/ccstore/contract.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import type { Held, WireAnswer, WireCall } from './world.ts';

/** What a client of some contract does with what it holds, and the "no" that it reads. */
export interface Client {
  readonly what: string;
  readonly contract: Contract;
  call(held: Held): WireCall;
  /** What it holds after an answer. */
  next(held: Held, answer: WireAnswer): Held;
  /** Until when, in epoch seconds, it was told that its session or token is good. */
  told(answer: WireAnswer): number;
  readonly invalid: object;
  readonly expired: object;
  readonly revoked: object;
}

const same = (held: Held): Held => held;

const notLoggedIn = { status: 403, json: { code: '3-2' } };

export const eosClient: Client = {
  what: 'eos',
  contract: eos,
  call: ({ sessionId, secureCode }) => ({
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ sessionId, secureCode }).toString(),
  }),
  next: same,
  told: ({ json }) => json.expireTime / 1000,
  invalid: notLoggedIn,
  expired: notLoggedIn,
  revoked: notLoggedIn,
};

export const s360Client: Client = {
  what: 's360',
  contract: s360,
  call: ({ sessionId, sessionToken }) => ({
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ sessionToken, sessionId }),
  }),
  next: same,
  told: ({ json }) => Number(payloadOf(json.data.accessToken).exp),
  invalid: { status: 401, json: { desc: { code: 'ESB-IDP-E0003' } } },
  expired: { status: 401, json: { desc: { code: 'ESB-IDP-E0003' } } },
  revoked: { status: 401, json: { desc: { code: 'ESB-IDP-E0004' } } },
};

export const ccstoreClient: Client = {
  what: 'ccstore',
  contract: ccstore,
  call: ({ accessToken }) => ({ headers: { Authorization: `Bearer ${accessToken}` } }),
  next: (held, { json }) => ({ ...held, accessToken: json.access_token }),
  told: ({ json }) => Number(payloadOf(json.access_token).exp),
  invalid: { status: 401, json: { errorCode: '90002' } },
  expired: { status: 401, json: { errorCode: '90003' } },
  revoked: { status: 401, json: { errorCode: '90004' } },
};

export const clients: readonly Client[] = [eosClient, s360Client, ccstoreClient];

/** The contracts that have one: what models and fuzzes a contract needs to speak it. */
export const spoken = clients.map(({ contract }) => contract);

/** What a token says, in either alphabet. */
export function payloadOf(token: string): Readonly<Record<string, unknown>> {
  const [, payload = ''] = token.split('.');
  return JSON.parse(Buffer.from(payload, 'base64').toString());
}
