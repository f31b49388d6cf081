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
      fc.property(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 2 }), (name, value) => {
        const json = `{"name":${JSON.stringify(name)},"value":${JSON.stringify(value)}}`;
        const token = signPaddedJwt(json, key);
        const segments = token.split('.');
        expect(segments.map((segment) => segment.length % 4)).toEqual([0, 0, 0]);
        for (const segment of segments) expect(segment).toMatch(/^[A-Za-z0-9+/]+={0,2}$/);
        const written = Buffer.from(segments[1] ?? '', 'base64');
        expect(written.every((byte) => byte < 0x80)).toBe(true);
        expect(verifyPaddedJwt(token, [key])).toEqual(JSON.parse(json));
      }),
      { numRuns: 30 },
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
const anyHead = 'eyJhbGciOiJIUzI1NiIsImEiOiI+Pj4/Pz8ifQ==';

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
          const input = `${heads.write(anyHead)}.${bodies.write(padded)}`;
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
      const input = `${Buffer.from(header).toString('base64')}.${padded}`;
      expect(verifyPaddedJwt(`${input}.${mac(input)}`, [key])).toEqual({ sub: ' ~>~?~??>' });
    }
  });
});

const header = base64('{"alg":"HS256","typ":"JWT"}');
// Both have a `+` and a `/`; the first encodes without padding, the second with two `=`.
const body = 'eyJzdWIiOiJ+Pn4/fj8/PiJ9';
const padded = 'eyJzdWIiOiIgfj5+P34/Pz4ifQ==';

function base64(bytes: string | Buffer): string {
  return Buffer.from(bytes).toString('base64');
}

/** A token of any two segments, signed over just this text: nothing but its form is wrong. */
function signed(head: string, payload: string, hash = 'sha256'): string {
  const input = `${head}.${payload}`;
  return `${input}.${createHmac(hash, key).update(input).digest('base64')}`;
}

describe('verifyPaddedJwt of a changed token', () => {
  test('takes the tokens before their change', () => {
    expect(verifyPaddedJwt(signed(header, body), [key])).toEqual({ sub: '~>~?~??>' });
    expect(verifyPaddedJwt(signed(header, padded), [key])).toEqual({ sub: ' ~>~?~??>' });
  });

  test.for([
    { what: 'both alphabets at once', payload: body.replace('+', '-') },
    { what: 'both alphabets at once, the other way', payload: body.replaceAll('/', '_') },
    { what: 'bits left over in its last digit', payload: padded.replace('Q==', 'R==') },
    { what: 'bits left over, unpadded', payload: padded.replace('Q==', 'f') },
    { what: 'one = of two', payload: padded.slice(0, -1) },
    { what: 'a third =', payload: `${padded}=` },
    { what: 'an = that it has no need of', payload: `${body}=` },
    { what: 'two that it has no need of', payload: `${body}==` },
    { what: 'four that it has no need of', payload: `${body}====` },
    { what: '= before its end', payload: padded.replace('ifQ==', 'i==fQ') },
    { what: '= at its start', payload: `=${body}` },
    { what: 'a lone digit at its end', payload: `${body}A` },
    { what: 'a space at its start', payload: ` ${body}` },
    { what: 'a space at its end', payload: `${body} ` },
    { what: 'a line break at its end', payload: `${body}\n` },
    { what: 'a line break inside', payload: `${body.slice(0, 8)}\r\n${body.slice(8)}` },
    { what: 'a NUL', payload: `${body}\0` },
    { what: 'a character of no alphabet', payload: `${body.slice(0, -4)}*${body.slice(-4)}` },
    { what: 'a percent escape', payload: padded.replace('==', '%3D%3D') },
    { what: 'a full-width letter', payload: `${body.slice(0, -1)}\uff19` },
    { what: 'nothing', payload: '' },
    { what: 'nothing but padding', payload: '==' },
  ])('refuses a segment with $what', ({ payload }) => {
    expect(verifyPaddedJwt(signed(header, payload), [key])).toBeUndefined();
  });

  test.for([
    { what: 'nothing', token: '' },
    { what: 'two dots', token: '..' },
    { what: 'one segment', token: header },
    { what: 'two segments', token: `${header}.${body}` },
    { what: 'no signature', token: `${header}.${body}.` },
    { what: 'four segments', token: `${signed(header, body)}.${body}` },
    { what: 'a dot at its end', token: `${signed(header, body)}.` },
    { what: 'a dot at its start', token: `.${signed(header, body)}` },
    { what: 'a space at its end', token: `${signed(header, body)} ` },
    { what: 'half a signature', token: signed(header, body).slice(0, -22) },
    { what: 'a signature with more behind it', token: `${signed(header, body).slice(0, -1)}AAAA` },
    { what: 'the signature of no text', token: `${header}.${body}.${signed('', '').slice(2)}` },
    { what: 'an empty header', token: signed('', body) },
  ])('refuses a token of $what', ({ token }) => {
    expect(verifyPaddedJwt(token, [key])).toBeUndefined();
  });

  test('refuses a signature whose last digit has bits left over', () => {
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const token = signed(header, body);
    const last = digits.indexOf(token.at(-2) ?? '');
    for (const bits of [1, 2, 3]) {
      const respelled = `${token.slice(0, -2)}${digits[last + bits]}`;
      expect(Buffer.from(respelled.split('.')[2] ?? '', 'base64')).toHaveLength(32);
      expect(verifyPaddedJwt(respelled, [key])).toBeUndefined();
      expect(verifyPaddedJwt(`${respelled}=`, [key])).toBeUndefined();
    }
  });

  test.for([
    { what: 'alg none', head: '{"alg":"none"}' },
    { what: 'alg HS384', head: '{"alg":"HS384","typ":"JWT"}' },
    { what: 'alg HS384, so signed', head: '{"alg":"HS384","typ":"JWT"}', hash: 'sha384' },
    { what: 'alg HS512, so signed', head: '{"alg":"HS512","typ":"JWT"}', hash: 'sha512' },
    { what: 'alg HS256, signed by SHA-384', head: '{"alg":"HS256"}', hash: 'sha384' },
    { what: 'alg RS256', head: '{"alg":"RS256","typ":"JWT"}' },
    { what: 'alg in lower case', head: '{"alg":"hs256","typ":"JWT"}' },
    { what: 'alg in a list', head: '{"alg":["HS256"],"typ":"JWT"}' },
    { what: 'no alg', head: '{"typ":"JWT"}' },
    { what: 'alg in a prototype', head: '{"__proto__":{"alg":"HS256"}}' },
    { what: 'two algs, the last of them none', head: '{"alg":"HS256","alg":"none"}' },
    { what: 'something critical', head: '{"alg":"HS256","crit":["exp"],"exp":1}' },
    { what: 'nothing critical', head: '{"alg":"HS256","crit":[]}' },
    { what: 'crit null', head: '{"alg":"HS256","crit":null}' },
    { what: 'a list in the place of its object', head: '[{"alg":"HS256"}]' },
    { what: 'a string in the place of its object', head: '"HS256"' },
    { what: 'null in the place of its object', head: 'null' },
    { what: 'broken JSON', head: '{"alg":"HS256"' },
    { what: 'a byte-order mark', head: '\ufeff{"alg":"HS256"}' },
  ])('refuses a header with $what', ({ head, hash }) => {
    expect(verifyPaddedJwt(signed(base64(head), body, hash), [key])).toBeUndefined();
  });

  test('refuses a token that says none and has no signature', () => {
    for (const tail of ['', '=', 'AAAA'])
      expect(verifyPaddedJwt(`${base64('{"alg":"none"}')}.${body}.${tail}`, [key])).toBeUndefined();
  });

  test.for([
    { what: 'a list', payload: '[]' },
    { what: 'a number', payload: '1' },
    { what: 'a string', payload: '"sub"' },
    { what: 'true', payload: 'true' },
    { what: 'null', payload: 'null' },
    { what: 'broken JSON', payload: '{"sub":' },
    { what: 'JSON with more behind it', payload: '{}{}' },
    { what: 'a byte-order mark', payload: '\ufeff{}' },
    { what: 'bytes that are no UTF-8', payload: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a]) },
    { what: 'a string that is no UTF-8', payload: Buffer.from('7b2261223a22ff227d', 'hex') },
    { what: 'an overlong character', payload: Buffer.from('7b2261223a22c080227d', 'hex') },
    { what: 'an encoded surrogate', payload: Buffer.from('7b2261223a22eda080227d', 'hex') },
    { what: 'UTF-16', payload: Buffer.from('{}', 'utf16le') },
  ])('refuses a payload of $what', ({ payload }) => {
    expect(verifyPaddedJwt(signed(header, base64(payload)), [key])).toBeUndefined();
  });

  test('gives a payload’s __proto__ no power', () => {
    const given = verifyPaddedJwt(signed(header, base64('{"__proto__":{"sid":"x"}}')), [key]);
    expect(given?.sid).toBeUndefined();
    expect(Object.keys(given ?? {})).toEqual(['__proto__']);
  });

  test('refuses a token after any one bit of it changed', () => {
    const token = Buffer.from(signPaddedJwt('{"exp":1414149956,"sub":"110558"}', key), 'latin1');
    const taken: string[] = [];
    for (let bit = 0; bit < token.length * 8; bit += 1) {
      const changed = Buffer.from(token);
      changed[bit >> 3] = (token[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      if (verifyPaddedJwt(changed.toString('latin1'), [key]))
        taken.push(changed.toString('latin1'));
    }
    expect(taken).toEqual([]);
  });

  // In quadratic time each would take an hour.
  test.for([
    { what: 'digits', token: 'A'.repeat(1_000_000) },
    { what: 'padding', token: `a.b.${'='.repeat(1_000_000)}` },
    { what: 'digits that end wrong', token: `a.b.${'A'.repeat(1_000_000)}!` },
    { what: 'digits that change their alphabet', token: `a.b.${'-'.repeat(1_000_000)}+` },
    { what: 'dots', token: '.'.repeat(1_000_000) },
    { what: 'a genuine signature', token: signed(header, `${'A'.repeat(1_000_000)}!`) },
  ])('refuses a million characters of $what', ({ token }) => {
    expect(verifyPaddedJwt(token, [key])).toBeUndefined();
  });
});
