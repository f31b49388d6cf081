import { describe, expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { test } from '../support/world.ts';
import { refresh, refused, signed } from './ccstore-client.ts';
import { payloadOf, segments } from './segments.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The same bytes in other characters: the bits that no byte takes are set. */
function otherwise(segment: string): string {
  const digits = segment.replaceAll('=', '');
  const last = alphabet[alphabet.indexOf(digits.slice(-1)) + 1];
  return `${digits.slice(0, -1)}${last}${segment.slice(digits.length)}`;
}

const none = '{"alg":"none","typ":"JWT"}';

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** The payload with other claims; `undefined` takes one out. */
function changed(token: string, change: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...JSON.parse(payloadOf(token)), ...change });
}

interface Forgery {
  readonly what: string;
  readonly forge: (token: string) => string;
}

const forgeries: readonly Forgery[] = [
  { what: 'null', forge: () => 'null' },
  { what: 'undefined', forge: () => 'undefined' },
  { what: 'two dots', forge: () => '..' },
  { what: 'two segments', forge: (token) => token.split('.').slice(0, 2).join('.') },
  { what: 'four segments', forge: (token) => `${token}.e30=` },
  { what: 'a quoted token', forge: (token) => `"${token}"` },
  {
    what: 'alg none without a signature',
    forge: (token) => `${base64(none)}.${segments(token).payload}.`,
  },
  { what: 'alg none, signed', forge: (token) => signed(payloadOf(token), { header: none }) },
  {
    what: 'HS512',
    forge: (token) =>
      signed(payloadOf(token), { header: '{"alg":"HS512","typ":"JWT"}', hash: 'sha512' }),
  },
  {
    what: 'the name of HS512 over HS256',
    forge: (token) => signed(payloadOf(token), { header: '{"alg":"HS512","typ":"JWT"}' }),
  },
  {
    what: 'the name of HS256 over HS512',
    forge: (token) => signed(payloadOf(token), { hash: 'sha512' }),
  },
  {
    what: 'hs256 in lower case',
    forge: (token) => signed(payloadOf(token), { header: '{"alg":"hs256","typ":"JWT"}' }),
  },
  {
    what: 'a header without alg',
    forge: (token) => signed(payloadOf(token), { header: '{"typ":"JWT"}' }),
  },
  { what: 'a header of null', forge: (token) => signed(payloadOf(token), { header: 'null' }) },
  {
    what: 'a critical extension',
    forge: (token) =>
      signed(payloadOf(token), { header: '{"alg":"HS256","typ":"JWT","crit":["exp"]}' }),
  },
  {
    what: 'another key',
    forge: (token) => signed(payloadOf(token), { key: 'a'.repeat(64) }),
  },
  { what: 'an empty key', forge: (token) => signed(payloadOf(token), { key: '' }) },
  {
    what: 'another end under the old signature',
    forge: (token) => {
      const { header, signature } = segments(token);
      return `${header}.${base64(changed(token, { exp: 4_102_444_800 }))}.${signature}`;
    },
  },
  {
    what: 'another subject under the old signature',
    forge: (token) => {
      const { header, signature } = segments(token);
      return `${header}.${base64(changed(token, { sub: 'admin' }))}.${signature}`;
    },
  },
  { what: 'half a signature', forge: (token) => token.slice(0, -22) },
  {
    what: 'a signature with a byte more',
    forge: (token) => {
      const { header, payload, signature } = segments(token);
      const longer = Buffer.concat([Buffer.from(signature, 'base64'), Buffer.from([0])]);
      return `${header}.${payload}.${longer.toString('base64')}`;
    },
  },
  { what: 'a signature padded twice', forge: (token) => `${token}=` },
  {
    what: 'a signature in another writing',
    forge: (token) => {
      const { header, payload, signature } = segments(token);
      return `${header}.${payload}.${otherwise(signature)}`;
    },
  },
  { what: 'a payload that is not JSON', forge: (token) => signed(payloadOf(token).slice(1)) },
  { what: 'a payload of null', forge: () => signed('null') },
  { what: 'an array', forge: (token) => signed(`[${payloadOf(token)}]`) },
  {
    what: 'a payload that is not UTF-8',
    forge: (token) => signed(Buffer.from(`${payloadOf(token).slice(0, -1)},"a":"\xff"}`, 'latin1')),
  },
  { what: 'no sid', forge: (token) => signed(changed(token, { sid: undefined })) },
  { what: 'no sec', forge: (token) => signed(changed(token, { sec: undefined })) },
  { what: 'an empty sec', forge: (token) => signed(changed(token, { sec: '' })) },
  { what: 'a sec that is no string', forge: (token) => signed(changed(token, { sec: [1] })) },
  { what: 'a sid outside the grammar', forge: (token) => signed(changed(token, { sid: 'a#b' })) },
  { what: 'no exp', forge: (token) => signed(changed(token, { exp: undefined })) },
  { what: 'an exp of null', forge: (token) => signed(changed(token, { exp: null })) },
  { what: 'an exp in a string', forge: (token) => signed(changed(token, { exp: '4102444800' })) },
  { what: 'half a second in exp', forge: (token) => signed(changed(token, { exp: 4e9 + 0.5 })) },
  {
    what: 'an endless exp',
    forge: (token) => signed(payloadOf(token).replace(/"exp":\d+/, '"exp":1e999')),
  },
];

describe('POST /ccstore/v1/refresh', () => {
  test.for(forgeries)(
    'refuses $what with 90002, and asks nothing of the table',
    async ({ forge }, { world }) => {
      const { accessToken } = await world.open(ccstore);
      const token = forge(accessToken);
      expect(token).not.toBe(accessToken);
      world.requests.length = 0;
      const answer = await refresh(world, token);
      expect(answer).toMatchObject(refused('90002'));
      expect(world.requests).toEqual([]);
      const { sec } = JSON.parse(payloadOf(accessToken));
      expect(answer.text).not.toContain(sec);
      expect(answer.text).not.toContain(segments(accessToken).signature);
    },
  );

  test('takes the token that these were made of', async ({ world }) => {
    const { accessToken } = await world.open(ccstore);
    expect(await refresh(world, signed(payloadOf(accessToken)))).toMatchObject({ status: 200 });
  });
});
