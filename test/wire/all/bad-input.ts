import { createSecretKey } from 'node:crypto';
import { signPaddedJwt } from '../../../functions/core/keys/padded-jwt.ts';
import { signed, tokenTimes } from '../../support/ways.ts';
import type { WireCall, World } from '../../support/world.ts';

/** The session that bad requests are about: what it is called, and proven by, are digits alone. */
export const id = '20004007594';
export const secret = '31415926535';

/** Something else, made of what would be right. */
export interface BadValue {
  readonly what: string;
  readonly value: (good: string) => unknown;
  /** Whether only a wire with types can say it. */
  readonly typed?: true;
}

/** What may stand where a session id or a secret belongs; most are nearly the right one. */
export const badValues: readonly BadValue[] = [
  { what: 'nothing', value: () => undefined },
  { what: 'an empty text', value: () => '' },
  { what: 'null', value: () => null, typed: true },
  { what: 'a number', value: Number, typed: true },
  { what: 'true', value: () => true, typed: true },
  { what: 'an array', value: (good) => [good], typed: true },
  { what: 'an empty array', value: () => [], typed: true },
  { what: 'an object', value: (good) => ({ [good]: good, length: good.length }), typed: true },
  { what: '__proto__', value: () => '__proto__' },
  { what: 'a NUL at its end', value: (good) => `${good}\0` },
  { what: 'a NUL and no more', value: () => '\0' },
  { what: 'control characters', value: (good) => `\u0001${good}\u001b[31m\u007f` },
  { what: "a line's end", value: (good) => `${good}\r\n` },
  { what: 'a blank before it', value: (good) => ` ${good}` },
  { what: 'bidi characters', value: (good) => `\u202e${good}\u2066` },
  { what: 'a byte order mark', value: (good) => `\ufeff${good}` },
  {
    what: 'digits of another script',
    value: (good) => good.replaceAll('1', '١').replaceAll('4', '٤'),
  },
  {
    what: 'full-width digits',
    value: (good) => good.replaceAll('1', '１').replaceAll('4', '４'),
  },
  { what: 'a lone surrogate', value: (good) => `${good}\ud800` },
  { what: 'markup', value: (good) => `<script>${good}</script>` },
  { what: 'a row key', value: (good) => `eos#${good}` },
  { what: 'a path', value: (good) => `../${good}` },
  { what: '129 characters', value: (good) => good.padEnd(129, 'x') },
  { what: '60 kB', value: (good) => good.padEnd(60_000, 'x') },
  { what: '1 MB', value: (good) => good.padEnd(1_000_000, 'x') },
];

const form = `sessionId=${id}&secureCode=${secret}&sessionToken=${secret}`;
const good = { sessionId: id, secureCode: secret, sessionToken: secret };
const json = JSON.stringify(good);
const base64 = (text: string) => Buffer.from(text).toString('base64');
const ofForm = { 'Content-Type': 'application/x-www-form-urlencoded' };
const ofJson = { 'Content-Type': 'application/json' };
const ofType = (type: string) => ({ 'Content-Type': type });

export interface BadBody extends WireCall {
  readonly what: string;
  /** Which contracts take it all the same. */
  readonly takenAs?: 'json';
  readonly reason?: 'too-large';
}

/** Bodies that no contract takes, though most of them hold what each would. */
export const badBodies: readonly BadBody[] = [
  { what: 'no body', headers: ofJson, body: null },
  { what: 'no body and no headers', headers: {}, body: null },
  { what: 'an empty form', headers: ofForm, body: '' },
  { what: 'empty JSON', headers: ofJson, body: '' },
  { what: 'empty base64', headers: ofJson, body: '', isBase64Encoded: true },
  { what: 'blanks', headers: ofJson, body: ' \r\n' },
  { what: 'JSON without a type', headers: {}, body: json, takenAs: 'json' },
  { what: 'JSON as text', headers: ofType('text/plain'), body: json, takenAs: 'json' },
  {
    what: 'JSON as a patch',
    headers: ofType('application/json-patch+json'),
    body: json,
    takenAs: 'json',
  },
  { what: 'JSON as a form', headers: ofForm, body: json, takenAs: 'json' },
  {
    what: 'JSON as a property of objects',
    headers: ofType('constructor'),
    body: json,
    takenAs: 'json',
  },
  { what: 'JSON as their prototype', headers: ofType('__proto__'), body: json, takenAs: 'json' },
  { what: 'a form without a type', headers: {}, body: form },
  { what: 'a form as text', headers: ofType('text/plain'), body: form },
  { what: 'a form as JSON', headers: ofJson, body: form },
  { what: 'a form as several parts', headers: ofType('multipart/form-data'), body: form },
  { what: 'JSON cut short', headers: ofJson, body: json.slice(0, -1) },
  { what: 'JSON and more', headers: ofJson, body: json + json },
  { what: 'JSON in single quotes', headers: ofJson, body: json.replaceAll('"', "'") },
  { what: 'JSON with a line end in a text', headers: ofJson, body: `{"a":"\n",${json.slice(1)}` },
  { what: 'JSON null', headers: ofJson, body: 'null' },
  { what: 'a JSON number', headers: ofJson, body: id },
  { what: 'a JSON text', headers: ofJson, body: JSON.stringify(form) },
  { what: 'a JSON array', headers: ofJson, body: `[${json}]` },
  { what: 'thousands of levels of JSON', headers: ofJson, body: '[['.repeat(15_000) },
  { what: 'a credential in __proto__', headers: ofJson, body: `{"__proto__":${json}}` },
  { what: 'one in prototype', headers: ofJson, body: `{"constructor":{"prototype":${json}}}` },
  { what: 'a lone surrogate in JSON', headers: ofJson, body: json.replace(id, `${id}\ud800`) },
  { what: 'NUL bytes', headers: ofForm, body: '\0'.repeat(64) },
  { what: 'a form cut in an escape', headers: ofForm, body: `${form}&a=%4` },
  { what: 'a form with a broken escape', headers: ofForm, body: `%zz&${form}` },
  { what: 'a form that is not UTF-8', headers: ofForm, body: `${form}&a=%ff` },
  { what: 'a form of an overlong NUL', headers: ofForm, body: `${form}&a=%c0%80` },
  { what: 'a form of a lone surrogate', headers: ofForm, body: `${form}&a=%ed%a0%80` },
  // The first of a repeated name counts in a form, and the last in JSON, as for every parser of it.
  { what: 'a form of duplicates', headers: ofForm, body: `sessionId=&secureCode=&${form}` },
  {
    what: 'JSON of duplicates',
    headers: ofJson,
    body: `${json.slice(0, -1)},"sessionId":"","secureCode":"","sessionToken":""}`,
  },
  { what: 'a form in arrays', headers: ofForm, body: form.replaceAll('=', '[]=') },
  { what: 'a form that is base64 untold', headers: ofForm, body: base64(form) },
  { what: 'a form said to be base64', headers: ofForm, body: form, isBase64Encoded: true },
  { what: 'JSON said to be base64', headers: ofJson, body: json, isBase64Encoded: true },
  { what: 'base64 of no bytes', headers: ofForm, body: '%%%%', isBase64Encoded: true },
  {
    what: 'base64 of a form, spoilt',
    headers: ofForm,
    body: `!${base64(form)}`,
    isBase64Encoded: true,
  },
  {
    what: 'base64 of JSON, spoilt',
    headers: ofJson,
    body: `!${base64(json)}`,
    isBase64Encoded: true,
  },
  {
    what: 'base64 of base64',
    headers: ofJson,
    body: base64(base64(json)),
    isBase64Encoded: true,
  },
  { what: 'base64 of bytes', headers: ofForm, body: '/////w==', isBase64Encoded: true },
  { what: '1 MB of a form', headers: ofForm, body: padded(form), reason: 'too-large' },
  { what: '1 MB of JSON', headers: ofJson, body: json.padEnd(1e6), reason: 'too-large' },
  { what: '1 MB of text', headers: ofType('text/plain'), body: padded(''), reason: 'too-large' },
  {
    what: '1 MB of base64',
    headers: ofForm,
    body: base64(padded(form)),
    isBase64Encoded: true,
    reason: 'too-large',
  },
];

function padded(text: string): string {
  return `${text}&pad=`.padEnd(1_000_000, 'x');
}

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
