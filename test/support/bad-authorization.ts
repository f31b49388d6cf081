import { createSecretKey } from 'node:crypto';
import { signPaddedJwt } from '../../functions/core/keys/padded-jwt.ts';
import { id, secret } from './bad-input.ts';
import { signed, tokenTimes } from './ways.ts';
import type { World } from './world.ts';

/** A header made of a good token, and which of the two noes it earns. */
export interface BadAuthorization {
  readonly what: string;
  readonly reason: 'malformed-request' | 'wrong-secret';
  readonly header: (token: string, world: World) => string;
}

const noToken = 'malformed-request';
const badToken = 'wrong-secret';

/** What may stand in `Authorization` where `Bearer` and the right token belong. */
export const badAuthorizations: readonly BadAuthorization[] = [
  { what: 'nothing', reason: noToken, header: () => '' },
  { what: 'a scheme alone', reason: noToken, header: () => 'Bearer' },
  { what: 'a scheme and blanks', reason: noToken, header: () => 'Bearer   ' },
  { what: 'another scheme', reason: noToken, header: (token) => `Basic ${token}` },
  { what: 'a scheme that begins so', reason: noToken, header: (token) => `Bearers ${token}` },
  { what: 'a token alone', reason: noToken, header: (token) => token },
  { what: 'no blank', reason: noToken, header: (token) => `Bearer${token}` },
  { what: 'a duplicate', reason: noToken, header: (token) => `Bearer ${token}, Bearer ${token}` },
  { what: '__proto__', reason: badToken, header: () => 'Bearer __proto__' },
  {
    what: 'a token cut short',
    reason: badToken,
    header: (token) => `Bearer ${token.slice(0, -3)}`,
  },
  { what: 'a segment more', reason: badToken, header: (token) => `Bearer ${token}.e30=` },
  { what: 'dots', reason: badToken, header: () => 'Bearer ..' },
  { what: 'quotes', reason: badToken, header: (token) => `Bearer "${token}"` },
  { what: 'a broken escape', reason: badToken, header: (token) => `Bearer ${token}%zz` },
  { what: 'a NUL', reason: badToken, header: (token) => `Bearer ${token}\0` },
  { what: 'control characters', reason: badToken, header: (token) => `Bearer \u0001${token}` },
  { what: 'bidi characters', reason: badToken, header: (token) => `Bearer \u202e${token}` },
  { what: 'a lone surrogate', reason: badToken, header: (token) => `Bearer ${token}\ud800` },
  { what: '60 kB', reason: badToken, header: (token) => `Bearer ${token.padEnd(60_000, 'x')}` },
  { what: '1 MB', reason: badToken, header: (token) => `Bearer ${token.padEnd(1e6, '.x')}` },
  {
    what: 'a token of another key',
    reason: badToken,
    header: (_, world) => {
      const key = createSecretKey('signing-of-someone-else-0123456789', 'utf8');
      const payload = { ...tokenTimes(world), sid: id, sec: secret };
      return `Bearer ${signPaddedJwt(JSON.stringify(payload), key)}`;
    },
  },
  ...[
    { what: 'null', payload: () => null },
    { what: 'an array', payload: (world: World) => [tokenTimes(world), id, secret] },
    { what: 'a text', payload: () => id },
    { what: 'no end', payload: () => ({ sid: id, sec: secret }) },
    { what: 'an end in text', payload: () => ({ exp: '9999999999', sid: id, sec: secret }) },
    { what: 'an end in an array', payload: () => ({ exp: [9999999999], sid: id, sec: secret }) },
    {
      what: '__proto__',
      payload: () => JSON.parse(`{"__proto__":{"exp":9999999999,"sid":"${id}","sec":"${secret}"}}`),
    },
  ].map(
    ({ what, payload }) =>
      ({
        what: `a token, rightly signed, of ${what}`,
        reason: badToken,
        header: (_: string, world: World) => `Bearer ${signed(world, payload(world))}`,
      }) satisfies BadAuthorization,
  ),
];
