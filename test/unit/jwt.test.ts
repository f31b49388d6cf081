import { createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { signJwt } from '../../functions/core/keys/jwt.ts';
import { signPaddedJwt, verifyPaddedJwt } from '../../functions/core/keys/padded-jwt.ts';

const keyText = 'signing-of-the-tests-0123456789abcdefghijklmnopqrstuvwxyz';
const key = createSecretKey(keyText, 'utf8');
const other = createSecretKey('another-of-the-tests-0123456789abcdefghijklmnopqrstuv', 'utf8');

function mac(input: string, hash = 'sha256') {
  return createHmac(hash, keyText).update(input).digest();
}

describe('signJwt', () => {
  /** The first two segments of the token in the document's sample answer. */
  const sample = {
    header: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9',
    payload:
      'eyJpc3MiOiJJSUQtSURQU2VydmljZXMiLCJzdWIiOiJjaGF0Ym90IiwiYXVkIjoiU1NPIiwiY29udGV4dCI6eyJ1c2VyIjp7InNlbGZQcm9maWxlIjpbeyJwcm9maWxlSWQiOjYwMTgwNCwibmFtZUVuIjoiREFXT09EIEFMSSBBQkRVTExBIEFMSSBBSE1BRCIsIm5hbWVBciI6Itiv2KfZiNivINi52YTZiSDYudio2K_Yp9mE2YTZhyDYudmE2Ykg2KfYrdmF2K8iLCJtb2JpbGVObyI6IjA1ODU5eHh4eCIsImVtYWlsIjoiam9obkBpY2xvdWQuY29tIiwidHlwZSI6IklORElWSURVQUwiLCJpc0FjdGl2ZSI6dHJ1ZX1dfSwiYXBwIjp7ImlpZFBhcmFtcyI6eyJ0ZXN0Ijp7ImEiOjAsImIiOjB9fX0sInNzbyI6eyJzZXNzaW9uSWQiOiJjOWUxMmMxMy01ODllLTRmM2EtOTI3My1lOTMwMGZkYTBlZjEiLCJleHRlcm5hbFN5c3RlbUlkIjoiY2hhdGJvdCIsImF1dGhvcml0eVR5cGUiOiJTRUxGIiwic2Vzc2lvblRva2VuRW5jcnlwdGVkIjoidi95VGxScUc3dmpGYmV3anpaTmhLMllsSHRQd2liWUxKTWpPWTZnSGYranJYUklKZnc2cmZRRHdURTArM0VlUiJ9fX0',
  };

  test('writes the segments of the document’s sample byte for byte', async () => {
    const payload = Buffer.from(sample.payload, 'base64url').toString();
    const [header, body] = (await signJwt(payload, key)).split('.');
    expect({ header, payload: body }).toEqual(sample);
  });

  test.for([
    '',
    // White space, numbers no double holds, repeated names, Arabic and escapes; and each character of the alphabet.
    `{ "a" : 123456789012345678901234567890,"a":2,"ar":"داود على","b":"\\u0627\\/"}\n`,
    `{"n":"${'?>~'.repeat(500)}"}`,
  ])(
    'signs the payload’s own bytes by HMAC-SHA-256 with the key it is given: %s',
    async (payload) => {
      const input = `${sample.header}.${Buffer.from(payload).toString('base64url')}`;
      for (const one of [key, other, key]) {
        const tag = createHmac('sha256', one).update(input).digest('base64url');
        expect(await signJwt(payload, one)).toBe(`${input}.${tag}`);
      }
    },
  );

  test('gives WebCrypto a key once, which only signs and is never exported', async () => {
    const own = createSecretKey(keyText, 'utf8');
    const made = vi.spyOn(own, 'toCryptoKey');
    for (const payload of ['{}', '{"a":1}']) await signJwt(payload, own);
    expect(made.mock.calls).toEqual([[{ name: 'HMAC', hash: 'SHA-256' }, false, ['sign']]]);
  });
});

/** The token of the document's sample answer; only its issuer ever had the key. */
const sample =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjE0MTQxNDk5NTYsInN1YiI6IjExMDU1OCIsImlzcyI6InN0b3JlZnJvbnRVSSIsImlhdCI6MTQxNDE0OTAyNn0=.B9qM0/VKpCNKvjCmOnUPv4RS7mkIDgKcP8RJPaVQGYU=';
const claims = { exp: 1414149956, sub: '110558', iss: 'storefrontUI', iat: 1414149026 };

describe('signPaddedJwt', () => {
  test('writes the segments of the document’s sample byte for byte, and signs by HMAC-SHA-256', () => {
    const input = sample.slice(0, sample.lastIndexOf('.'));
    const token = signPaddedJwt(JSON.stringify(claims), key);
    expect(token).toBe(`${input}.${mac(input).toString('base64')}`);
  });

  test('escapes all beyond ASCII, and leaves ASCII and escapes alone', () => {
    const token = signPaddedJwt('{"é":"\x7f\x80\u2028\uffff😀\\u00e9\\n"}', key);
    const written = Buffer.from(token.split('.')[1] ?? '', 'base64').toString('latin1');
    expect(written).toBe('{"\\u00e9":"\x7f\\u0080\\u2028\\uffff\\ud83d\\ude00\\u00e9\\n"}');
  });

  test('gives any claims a padded, standard, pure ASCII token that reads back the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 2 }), (name, value) => {
        const json = `{"name":${JSON.stringify(name)},"value":${JSON.stringify(value)}}`;
        const token = signPaddedJwt(json, key);
        const segments = token.split('.').map((segment) => Buffer.from(segment, 'base64'));
        expect(segments.map((bytes) => bytes.toString('base64')).join('.')).toBe(token);
        expect(segments[1]?.every((byte) => byte < 0x80)).toBe(true);
        expect(verifyPaddedJwt(token, [key])).toEqual(JSON.parse(json));
      }),
      { numRuns: 30 },
    );
  });
});

const base64 = (bytes: string | Buffer) => Buffer.from(bytes).toString('base64');
const unpadded = (text: string) => text.replace(/=+$/, '');
const urlSafe = (text: string) => text.replaceAll('+', '-').replaceAll('/', '_');

const header = base64('{"alg":"HS256","typ":"JWT"}');
// Both have a `+` and a `/`; the first encodes without padding, the second with two `=`.
const body = 'eyJzdWIiOiJ+Pn4/fj8/PiJ9';
const padded = 'eyJzdWIiOiIgfj5+P34/Pz4ifQ==';

/** A token of any two segments with a valid signature, so that only its form can be wrong. */
function signed(head: string, payload: string, hash?: string): string {
  return `${head}.${payload}.${base64(mac(`${head}.${payload}`, hash))}`;
}

describe('verifyPaddedJwt', () => {
  const token = signed(header, body);

  test('takes every segment in either alphabet, padded or not', () => {
    // Its base64 has `+`, `/` and `=`, so each alphabet, with and without padding, gives another text.
    const anyHead = 'eyJhbGciOiJIUzI1NiIsImEiOiI+Pj4/Pz8ifQ==';
    const spellings = [String, unpadded, urlSafe, (text: string) => unpadded(urlSafe(text))];
    for (const heads of spellings)
      for (const bodies of spellings)
        for (const tail of spellings) {
          const input = `${heads(anyHead)}.${bodies(padded)}`;
          const respelled = `${input}.${tail(base64(mac(input)))}`;
          expect(verifyPaddedJwt(respelled, [key]), respelled).toEqual({ sub: ' ~>~?~??>' });
        }
  });

  test('takes a token that any of its keys signed, also an expired one, and no other', () => {
    const expired = signPaddedJwt(JSON.stringify(claims), key);
    expect(verifyPaddedJwt(expired, [key, other])).toEqual(claims);
    expect(verifyPaddedJwt(expired, [other, key])).toEqual(claims);
    expect(verifyPaddedJwt(expired, [other])).toBeUndefined();
    expect(verifyPaddedJwt(expired, [])).toBeUndefined();
    expect(verifyPaddedJwt(sample, [key, other])).toBeUndefined();
  });

  test('takes a header without typ, in any order', () => {
    for (const head of ['{"alg":"HS256"}', '{ "typ": "JWT", "alg": "HS256" }'])
      expect(verifyPaddedJwt(signed(base64(head), body), [key])).toEqual({ sub: '~>~?~??>' });
  });

  const spelled = (...texts: string[]) => texts.map((text) => signed(header, text));
  const headed = (...heads: string[]) => heads.map((head) => signed(base64(head), body));
  const bodied = (...payloads: string[]) => spelled(...payloads.map(base64));
  const critical = ['["a"]', '[]', 'null'].map((crit) => `{"alg":"HS256","crit":${crit}}`);

  test.for([
    ['a segment in both alphabets', spelled(body.replace('+', '-'), body.replaceAll('/', '_'))],
    ['bits left over', spelled(padded.replace('Q==', 'R=='), padded.replace('Q==', 'f'))],
    ['too little or much padding', spelled(padded.slice(0, -1), `${padded}=`, `${body}=`, '==')],
    ['misplaced padding', spelled(padded.replace('ifQ==', 'i==fQ'), `=${body}`, `${body}A`)],
    ['white space', spelled(` ${body}`, `${body}\n`, `${body.slice(0, 8)}\r\n${body.slice(8)}`)],
    ['a foreign character', spelled(`${body}\0`, `${body}*`, padded.replace('==', '%3D%3D'))],
    [
      'two segments or four',
      ['', `${header}.${body}`, `${token}.${body}`, `${token}.`, `.${token}`],
    ],
    ['an empty segment', ['..', `${header}.${body}.`, signed('', body), ...spelled('')]],
    ['half a signature', [token.slice(0, -22), token.slice(0, -24)]],
    ['more behind the signature', [`${token.slice(0, -1)}AAAA`, `${token} `]],
    ['the signature of no text', [`${header}.${body}.${signed('', '').slice(2)}`]],
    // In quadratic time each million would take an hour.
    ['a million digits', ['A'.repeat(1e6), `a.b.${'A'.repeat(1e6)}!`]],
    ['a million digits, signed', spelled(`${'A'.repeat(1e6)}!`)],
    ['a million others', [`a.b.${'-'.repeat(1e6)}+`, `a.b.${'='.repeat(1e6)}`, '.'.repeat(1e6)]],
    ['another hash', ['sha384', 'sha512'].map((hash) => signed(header, body, hash))],
    ['no signature', ['', '=', 'AAAA'].map((tail) => `${header}.${body}.${tail}`)],
    ['alg none', headed('{"alg":"none"}', '{"alg":"HS256","alg":"none"}', '{"typ":"JWT"}')],
    ['another alg', headed('{"alg":"HS384"}', '{"alg":"hs256"}', '{"alg":["HS256"]}')],
    ['an inherited alg', headed('{"__proto__":{"alg":"HS256"}}')],
    ['crit', headed(...critical)],
    ['a header that is no object', headed('[{"alg":"HS256"}]', '"HS256"', 'null')],
    ['broken JSON', headed('{"alg":"HS256"', '\ufeff{"alg":"HS256"}')],
    ['a payload of no object', bodied('[]', '1', 'null', '{"sub":', '{}{}', '\ufeff{}', '{\0}\0')],
    // Bytes that are no UTF-8, an overlong character, an encoded surrogate.
    ['another encoding', spelled('eyJhIjoi/yJ9', 'eyJhIjoiwIAifQ==', 'eyJhIjoi7aCAIn0=')],
  ] as [string, string[]][])('refuses %s', ([, tokens]) => {
    for (const refused of tokens)
      expect(verifyPaddedJwt(refused, [key]), refused.slice(0, 999)).toBeUndefined();
  });

  test('gives a payload’s __proto__ no power', () => {
    const given = verifyPaddedJwt(signed(header, base64('{"__proto__":{"sid":"x"}}')), [key]);
    expect(given?.sid).toBeUndefined();
    expect(Object.keys(given ?? {})).toEqual(['__proto__']);
  });

  test('refuses a token after any one bit of it changed', () => {
    const bytes = Buffer.from(signPaddedJwt('{"exp":1414149956,"sub":"110558"}', key), 'latin1');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(verifyPaddedJwt(changed.toString('latin1'), [key]), `bit ${bit}`).toBeUndefined();
    }
  });
});
