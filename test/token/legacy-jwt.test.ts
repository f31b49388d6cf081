import { createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { signPaddedJwt, verifyPaddedJwt } from '../../functions/core/keys/padded-jwt.ts';

const key = createSecretKey('signing-of-the-tests-0123456789abcdefghijklmnopqrstuvwxyz', 'utf8');
const other = createSecretKey('another-of-the-tests-0123456789abcdefghijklmnopqrstuv', 'utf8');

/** The token of the document's sample answer; only its issuer ever had the key. */
const sample =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjE0MTQxNDk5NTYsInN1YiI6IjExMDU1OCIsImlzcyI6InN0b3JlZnJvbnRVSSIsImlhdCI6MTQxNDE0OTAyNn0=.B9qM0/VKpCNKvjCmOnUPv4RS7mkIDgKcP8RJPaVQGYU=';
const claims = { exp: 1414149956, sub: '110558', iss: 'storefrontUI', iat: 1414149026 };

function mac(input: string): string {
  return createHmac('sha256', key).update(input).digest('base64');
}

describe('signPaddedJwt', () => {
  test('writes the segments of the document’s sample byte for byte', () => {
    const [head, body] = signPaddedJwt(JSON.stringify(claims), key).split('.');
    expect([head, body]).toEqual(sample.split('.').slice(0, 2));
  });

  test('signs both segments by HMAC-SHA-256', () => {
    const [head, body, tail] = signPaddedJwt(JSON.stringify(claims), key).split('.');
    expect(tail).toBe(mac(`${head}.${body}`));
  });

  test.for([
    { what: 'an accent', json: '{"é":"é"}', ascii: '{"\\u00e9":"\\u00e9"}' },
    { what: 'Arabic', json: '{"n":"نجاح"}', ascii: '{"n":"\\u0646\\u062c\\u0627\\u062d"}' },
    { what: 'an astral character', json: '{"n":"😀"}', ascii: '{"n":"\\ud83d\\ude00"}' },
    { what: 'the first character beyond ASCII', json: '{"n":"\x80"}', ascii: '{"n":"\\u0080"}' },
    { what: 'the last of the plane', json: '{"n":"\uffff"}', ascii: '{"n":"\\uffff"}' },
    { what: 'a line separator', json: '{"n":"\u2028"}', ascii: '{"n":"\\u2028"}' },
    { what: 'what is escaped already', json: '{"n":"\\u00e9\\n"}', ascii: '{"n":"\\u00e9\\n"}' },
    { what: 'DEL, which is ASCII', json: '{"n":"\x7f"}', ascii: '{"n":"\x7f"}' },
  ])('writes $what as ASCII that means the same', ({ json, ascii }) => {
    const token = signPaddedJwt(json, key);
    expect(Buffer.from(token.split('.')[1] ?? '', 'base64').toString('latin1')).toBe(ascii);
    expect(verifyPaddedJwt(token, [key])).toEqual(JSON.parse(json));
  });

  test('gives any claims a padded, standard, pure ASCII token that reads back the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.jsonValue(), (name, value) => {
        const json = `{"name":${JSON.stringify(name)},"value":${JSON.stringify(value)}}`;
        const token = signPaddedJwt(json, key);
        const segments = token.split('.');
        expect(segments.map((segment) => segment.length % 4)).toEqual([0, 0, 0]);
        for (const segment of segments) expect(segment).toMatch(/^[A-Za-z0-9+/]+={0,2}$/);
        const written = Buffer.from(segments[1] ?? '', 'base64');
        expect(written.every((byte) => byte < 0x80)).toBe(true);
        expect(verifyPaddedJwt(token, [key])).toEqual(JSON.parse(json));
      }),
    );
  });
});

/** Every way that counts to write the same bytes. */
const spellings = [
  { spelling: 'standard, padded', write: (text: string) => text },
  { spelling: 'standard, unpadded', write: (text: string) => text.replace(/=+$/, '') },
  { spelling: 'URL-safe, padded', write: urlSafe },
  { spelling: 'URL-safe, unpadded', write: (text: string) => urlSafe(text).replace(/=+$/, '') },
];

function urlSafe(text: string): string {
  return text.replaceAll('+', '-').replaceAll('/', '_');
}

// Each has a `+`, a `/` and an `=`, so every spelling of it is another text.
const head = 'eyJhbGciOiJIUzI1NiIsImEiOiI+Pj4/Pz8ifQ==';
const body = 'eyJzdWIiOiIgfj5+P34/Pz4ifQ==';

describe('verifyPaddedJwt', () => {
  test('gives the claims of a token that the key signed', () => {
    const [head, body] = sample.split('.');
    expect(verifyPaddedJwt(`${head}.${body}.${mac(`${head}.${body}`)}`, [key])).toEqual(claims);
  });

  test('takes every segment in either alphabet, padded or not', () => {
    const refused: string[] = [];
    const tails = new Set<string>();
    for (const heads of spellings)
      for (const bodies of spellings)
        for (const tail of spellings) {
          const input = `${heads.write(head)}.${bodies.write(body)}`;
          tails.add(mac(input));
          if (verifyPaddedJwt(`${input}.${tail.write(mac(input))}`, [key])?.sub !== ' ~>~?~??>')
            refused.push([heads, bodies, tail].map(({ spelling }) => spelling).join(' . '));
        }
    expect(refused).toEqual([]);
    expect([...tails].filter((tail) => tail.includes('+') && tail.includes('/'))).not.toEqual([]);
  });

  test('takes a token that any of its keys signed', () => {
    const token = signPaddedJwt(JSON.stringify(claims), key);
    expect(verifyPaddedJwt(token, [key, other])).toEqual(claims);
    expect(verifyPaddedJwt(token, [other, key])).toEqual(claims);
  });

  test('refuses a token that none of its keys signed', () => {
    const token = signPaddedJwt(JSON.stringify(claims), key);
    expect(verifyPaddedJwt(token, [other])).toBeUndefined();
    expect(verifyPaddedJwt(token, [])).toBeUndefined();
    expect(verifyPaddedJwt(sample, [key, other])).toBeUndefined();
  });

  test('takes an expired token: its times are the session’s to judge', () => {
    expect(verifyPaddedJwt(signPaddedJwt('{"exp":1}', key), [key])).toEqual({ exp: 1 });
  });

  test('takes a header without typ, in any order', () => {
    for (const header of ['{"alg":"HS256"}', '{ "typ": "JWT", "alg": "HS256" }']) {
      const input = `${Buffer.from(header).toString('base64')}.${body}`;
      expect(verifyPaddedJwt(`${input}.${mac(input)}`, [key])).toEqual({ sub: ' ~>~?~??>' });
    }
  });
});
