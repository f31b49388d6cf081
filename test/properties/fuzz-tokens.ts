import { createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { edited, text } from './fuzz-inputs.ts';

/** A header and a payload, signed by what key and hash one likes. */
function forged(head: unknown, payload: unknown, key: string, hash = 'sha256'): string {
  const texts = [head, payload].map((part) =>
    typeof part === 'string' ? part : JSON.stringify(part),
  );
  const input = texts.map((part) => Buffer.from(part ?? '').toString('base64')).join('.');
  return `${input}.${createHmac(hash, createSecretKey(key, 'utf8')).update(input).digest('base64')}`;
}

/** A token without what a verifier may overlook: which alphabet, and whether it is padded. */
export function bare(token: string): string {
  return token
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/=+(?=\.|$)/g, '');
}

/** Tokens made of good ones: one of another secret, or none at all, however like one it looks. */
export function mutated(
  tokens: readonly [string, string],
  key: string,
  wrong: readonly string[],
): fc.Arbitrary<string> {
  const [token, other] = tokens;
  const [head = '', body = '', tail = ''] = token.split('.');
  const payload = Buffer.from(body, 'base64').toString();
  const all = [...tokens.flatMap((token) => token.split('.')), '', 'e30=', 'bnVsbA=='];
  const algs = [
    'none',
    'None',
    'NONE',
    'HS384',
    'HS512',
    'RS256',
    'ES256',
    'PS256',
    'EdDSA',
    '',
    'hs256',
  ];
  const claims = fc.record({ sid: text, exp: fc.oneof(fc.double(), fc.maxSafeInteger()) });
  return fc.oneof(
    { weight: 30, arbitrary: edited(token) },
    { weight: 30, arbitrary: flipped(token) },
    { weight: 10, arbitrary: flippedBytes([head, body, tail]) },
    // The right key, but not by the algorithm that is the only one.
    {
      weight: 5,
      arbitrary: fc
        .tuple(fc.constantFrom<unknown>(...algs, null, 0, ['HS256'], { HS256: 1 }), hashes)
        .map(([alg, hash]) => forged({ alg, typ: 'JWT' }, payload, key, hash)),
    },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom('sha1', 'sha384', 'sha512', 'sha3-256', 'md5')
        .map((hash) => forged({ alg: 'HS256', typ: 'JWT' }, payload, key, hash)),
    },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom<unknown>(['b64'], ['exp'], [], null, '')
        .map((crit) => forged({ alg: 'HS256', typ: 'JWT', crit }, payload, key)),
    },
    // Segments of two good tokens, in any order and number.
    {
      weight: 10,
      arbitrary: fc
        .array(fc.constantFrom(...all), { minLength: 1, maxLength: 5 })
        .map((parts) => parts.join('.')),
    },
    // Another algorithm, said or done.
    {
      weight: 10,
      arbitrary: fc
        .tuple(
          fc.constantFrom(...algs, 'HS256'),
          fc.constantFrom(...wrong),
          hashes,
          fc.constantFrom(
            {},
            { kid: '../../dev/null' },
            { jwk: { kty: 'oct', k: '' } },
            { jku: 'http://a' },
          ),
        )
        .map(([alg, key, hash, more]) => forged({ alg, typ: 'JWT', ...more }, payload, key, hash)),
    },
    {
      weight: 5,
      arbitrary: fc
        .tuple(
          fc.constantFrom(...algs, 'HS256'),
          fc.constantFrom('', tail, other.split('.')[2] ?? ''),
        )
        .map(([alg, end]) => `${base64(`{"alg":"${alg}"}`)}.${body}.${end}`),
    },
    // The good signature over other claims: duplicates, nested, huge.
    {
      weight: 5,
      arbitrary: claims.map((more) => {
        const own = JSON.stringify(more).slice(1);
        return `${head}.${base64(`${payload.slice(0, -1)},${own}`)}.${tail}`;
      }),
    },
    {
      weight: 5,
      arbitrary: fc.tuple(text, fc.nat(2), fc.boolean()).map(([text, at, url]) => {
        const parts = [head, body, tail];
        parts[at] = Buffer.from(text).toString(url ? 'base64url' : 'base64');
        return parts.join('.');
      }),
    },
    // The same bytes, written otherwise: each of it is either this token or none.
    {
      weight: 5,
      arbitrary: fc.constantFrom(
        token.replaceAll('+', '-').replaceAll('/', '_'),
        token.replaceAll('=', ''),
        token.replaceAll('=', '%3D'),
        token.replaceAll('=', '=='),
        token.replaceAll('.', '.='),
        token.toLowerCase(),
        token.toUpperCase(),
        base64(token),
        [...token].join('\n'),
        [head, body, `${tail.slice(0, -2)}${following(tail.at(-2) ?? '')}=`].join('.'),
        JSON.stringify({ protected: head, payload: body, signature: tail }),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        `${token}${'A'.repeat(100_000)}`,
        '.'.repeat(100_000),
        `${head}.${base64('['.repeat(50_000))}.${tail}`,
        `${head}.${base64('{"a":'.repeat(20_000))}.${tail}`,
        `${base64('['.repeat(50_000))}.${body}.${tail}`,
        `${head}.${body}.${'='.repeat(50_000)}`,
        `${head}.${'A'.repeat(50_000)}!.${tail}`,
      ),
    },
  );
}

const hashes = fc.constantFrom('sha256', 'sha384', 'sha512', 'md5');

/** One bit of one character turned. */
function flipped(token: string): fc.Arbitrary<string> {
  return fc.tuple(fc.nat(token.length - 1), fc.nat(15)).map(([at, bit]) => {
    const other = String.fromCharCode(token.charCodeAt(at) ^ (1 << bit));
    return token.slice(0, at) + other + token.slice(at + 1);
  });
}

/** One bit turned of what a segment means. */
function flippedBytes(segments: readonly string[]): fc.Arbitrary<string> {
  return fc.tuple(fc.nat(segments.length - 1), fc.nat(), fc.nat(7)).map(([which, at, bit]) =>
    segments
      .map((segment, number) => {
        if (number !== which) return segment;
        const bytes = Buffer.from(segment, 'base64');
        const place = at % bytes.length;
        bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
        return bytes.toString('base64');
      })
      .join('.'),
  );
}

/** The digit after this one: in the last place of 43 it differs in bits that stand for nothing. */
function following(digit: string): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  return digits[(digits.indexOf(digit) + 1) % 64] ?? '';
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
