import { createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { edited, either, text } from './fuzz-inputs.ts';

/** A token without what a verifier may overlook: which alphabet, and whether it is padded. */
export function bare(token: string): string {
  const standard = token.replaceAll('-', '+').replaceAll('_', '/');
  return standard.replace(/=+(?=\.|$)/g, '');
}

/** Tokens made of two good ones. Each is one of the two, or another text that resembles them. */
export function mutated(
  [token, other]: readonly [string, string],
  key: string,
  wrong: readonly string[],
): fc.Arbitrary<string> {
  const [head = '', body = '', tail = ''] = token.split('.');
  const payload = Buffer.from(body, 'base64').toString();
  const segments = [...token.split('.'), ...other.split('.'), '', 'e30=', 'bnVsbA=='];
  const ends = fc.constantFrom('', tail, other.split('.')[2] ?? '');
  const claims = fc.record({ sid: text, exp: fc.oneof(fc.double(), fc.maxSafeInteger()) });
  /** The claims, and more after them. */
  const longer = (more: object) => `${payload.slice(0, -1)},${JSON.stringify(more).slice(1)}`;
  // The same bytes, written otherwise: each is either this token or none.
  const rewritten = [
    token.replaceAll('+', '-').replaceAll('/', '_'),
    token.replaceAll('=', ''),
    token.replaceAll('=', '%3D'),
    token.replaceAll('=', '=='),
    token.replaceAll('.', '.='),
    token.toLowerCase(),
    token.toUpperCase(),
    base64(token),
    [...token].join('\n'),
    `${head}.${body}.${tail.slice(0, -2)}${following(tail.at(-2) ?? '')}=`,
    JSON.stringify({ protected: head, payload: body, signature: tail }),
  ];
  const huge = [
    `${token}${'A'.repeat(100_000)}`,
    '.'.repeat(100_000),
    `${head}.${base64('['.repeat(50_000))}.${tail}`,
    `${head}.${base64('{"a":'.repeat(20_000))}.${tail}`,
    `${base64('['.repeat(50_000))}.${body}.${tail}`,
    `${head}.${body}.${'='.repeat(50_000)}`,
    `${head}.${'A'.repeat(50_000)}!.${tail}`,
  ];
  const shuffled = fc.array(fc.constantFrom(...segments), { minLength: 1, maxLength: 5 });
  const otherAlgs = fc.tuple(fc.constantFrom(...algs), ends);
  return either(
    [40, edited(token)],
    [30, flipped([head, body, tail])],
    [20, forged(payload, key, wrong)],
    [10, shuffled.map((parts) => parts.join('.'))],
    [5, otherAlgs.map(([alg, end]) => `${base64(JSON.stringify({ alg }))}.${body}.${end}`)],
    // The good signature over more claims, or beside any text.
    [5, claims.map((more) => `${head}.${base64(longer(more))}.${tail}`)],
    [
      5,
      fc.tuple(text, fc.nat(2), fc.boolean()).map(([any, at, url]) => {
        const encoded = Buffer.from(any).toString(url ? 'base64url' : 'base64');
        return [head, body, tail].with(at, encoded).join('.');
      }),
    ],
    [5, fc.constantFrom(...rewritten)],
    [1, fc.constantFrom(...huge)],
  );
}

const algs = [
  ...['none', 'None', 'NONE', 'HS384', 'HS512', 'RS256', 'ES256', 'PS256', 'EdDSA', '', 'hs256'],
  ...[null, 0, ['HS256'], { HS256: 1 }],
];
const critical = [['b64'], ['exp'], [], null, ''].map((crit) => ({ crit }));
const keyElsewhere = [{ jwk: { kty: 'oct', k: '' } }, { jku: 'http://a' }];
const elsewhere = [{ kid: '../../dev/null' }, ...keyElsewhere, {}];

/** The payload signed once more; where all else is right, with a header that no good token has. */
function forged(payload: string, key: string, wrong: readonly string[]): fc.Arbitrary<string> {
  const parts = fc.record({
    alg: fc.oneof(fc.constant('HS256'), fc.constantFrom<unknown>(...algs)),
    by: fc.oneof(fc.constant(key), fc.constantFrom(...wrong)),
    hash: fc.constantFrom('sha256', 'sha256', 'sha384', 'sha512', 'md5', 'sha1', 'sha3-256'),
    more: fc.constantFrom(...elsewhere, ...critical),
    crit: fc.constantFrom(...critical),
  });
  return parts.map(({ alg, by, hash, more, crit }) => {
    const isGood = alg === 'HS256' && by === key && hash === 'sha256';
    const header = { alg, typ: 'JWT', ...(isGood ? crit : more) };
    const input = `${base64(JSON.stringify(header))}.${base64(payload)}`;
    const signer = createHmac(hash, createSecretKey(by, 'utf8'));
    return `${input}.${signer.update(input).digest('base64')}`;
  });
}

/** One bit turned of what a segment means. */
function flipped(segments: readonly string[]): fc.Arbitrary<string> {
  return fc.tuple(fc.nat(segments.length - 1), fc.nat(), fc.nat(7)).map(([which, at, bit]) => {
    const bytes = Buffer.from(segments[which] ?? '', 'base64');
    const place = at % bytes.length;
    bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
    return segments.with(which, bytes.toString('base64')).join('.');
  });
}

/** The digit after this one: in the last place of 43 it differs in bits that stand for nothing. */
function following(digit: string): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  return digits[(digits.indexOf(digit) + 1) % 64] ?? '';
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
