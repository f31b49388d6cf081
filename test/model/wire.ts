import { expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import type { Contract } from '../../functions/core/edge/contract.ts';
import { digest, type Secret } from '../../functions/core/session/secret.ts';
import {
  rowKey,
  type Session,
  type SessionId,
  subjectKey,
} from '../../functions/core/session/session.ts';
import type { Keys } from '../../functions/core/token/keys.ts';
import { signLegacyJwt } from '../../functions/core/token/legacy-jwt.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { clients, payloadOf } from '../session/clients.ts';
import { bearer } from '../support/ways.ts';
import type { WireAnswer, WireCall } from '../support/world.ts';
import type { Token } from './book.ts';
import type { Row } from './row.ts';

/** What stands where the id of the request stood. */
export const anyId = '<id>';

/** A refresh by an id and a secret; `token` is what `ccstore` carries them in. */
export function callOf(contract: Contract, id: string, secret: string, token: string): WireCall {
  if (contract === ccstore) return bearer(token);
  const client = clients.find((one) => one.contract === contract);
  if (!client) throw new Error(`no client of ${contract.name}`);
  return client.call({
    sessionId: id,
    secureCode: secret,
    sessionToken: secret,
    accessToken: token,
    expireTime: 0,
    expiresIn: 0,
    expiresAt: 0,
  });
}

/** A token of `ccstore` as its own key signs it. */
export function tokenOf(
  key: Keys['signing'][number],
  { id, secret, iat, exp }: Pick<Token, 'id' | 'secret' | 'iat' | 'exp'>,
) {
  const claims = { exp, sub: 'x', iss: 'storefrontUI', iat, sid: id, sec: secret };
  return signLegacyJwt(JSON.stringify(claims), key);
}

/** The secret that a granted refresh gives its client; nothing where the wire has no place for one. */
export function secretIn(contract: Contract, { json }: WireAnswer): string | undefined {
  if (contract === eos) return json.secureCode;
  return contract === ccstore ? String(payloadOf(json.access_token).sec) : undefined;
}

/** An answer without what differs from request to request. */
export function plain({ status, headers, text }: WireAnswer, requestId: string): string {
  return JSON.stringify({ status, headers, text }).replaceAll(requestId, anyId);
}

/** The answer that the contract's own table has for a refusal, as `plain` writes it. */
export function refusalOf(contract: Contract, reason: Parameters<Contract['refuse']>[0]): string {
  const { status, body, headers } = contract.refuse(reason, anyId);
  const common = {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Request-Id': anyId,
  };
  return JSON.stringify({ status, headers: { ...common, ...headers }, text: body });
}

/** Until when a granted refresh says that it is good, its shape the documented one. */
export function untilOf(contract: Contract, { status, json }: WireAnswer, now: number): number {
  expect(status).toBe(200);
  if (contract === eos) {
    expect(Object.keys(json)).toEqual(['expireTime', 'secureCode', 'mobilityApps', 'profile']);
    expect(json.expireTime % 1000).toBe(0);
    return json.expireTime / 1000;
  }
  if (contract === s360) {
    expect(Object.keys(json)).toEqual(['status', 'esbUUID', 'desc', 'data']);
    expect(json).toMatchObject({ status: 200, desc: { code: 'ESB-IDP-S0000', en: 'Success' } });
    const { iat, exp } = payloadOf(json.data.accessToken);
    expect(iat).toBe(now);
    return Number(exp);
  }
  expect(Object.keys(json)).toEqual(['access_token', 'token_type', 'expires_in']);
  expect(json.token_type).toBe('bearer');
  const { exp } = payloadOf(json.access_token);
  expect(json.expires_in).toBe(Number(exp) - now);
  return Number(exp);
}

/** The row of the table that the model's row is; what nobody chose (the claims) is left out. */
export function sessionOf({ name }: Contract, id: string, row: Row, keys: Keys): Partial<Session> {
  const key = rowKey(name, id as SessionId);
  const { secret, subject, ...times } = row;
  return {
    rowKey: key,
    ...(times as Omit<Session, 'rowKey' | 'secret' | 'subject'>),
    ...(subject !== undefined && { subject: subjectKey(name, subject) }),
    ...(secret !== undefined && { secret: digest(keys.digest, key, secret as Secret) }),
  };
}
