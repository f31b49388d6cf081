import { createHmac, createSecretKey } from 'node:crypto';
import { compactVerify, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { signJwt } from '../../functions/core/keys/jwt.ts';

const text = 'signing-of-the-tests-0123456789abcdefghijklmnopqrstuvwxyz';
const key = createSecretKey(text, 'utf8');

/** The first two segments of the token in the document's sample answer. */
const sample = {
  header: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9',
  payload:
    'eyJpc3MiOiJJSUQtSURQU2VydmljZXMiLCJzdWIiOiJjaGF0Ym90IiwiYXVkIjoiU1NPIiwiY29udGV4dCI6eyJ1c2VyIjp7InNlbGZQcm9maWxlIjpbeyJwcm9maWxlSWQiOjYwMTgwNCwibmFtZUVuIjoiREFXT09EIEFMSSBBQkRVTExBIEFMSSBBSE1BRCIsIm5hbWVBciI6Itiv2KfZiNivINi52YTZiSDYudio2K_Yp9mE2YTZhyDYudmE2Ykg2KfYrdmF2K8iLCJtb2JpbGVObyI6IjA1ODU5eHh4eCIsImVtYWlsIjoiam9obkBpY2xvdWQuY29tIiwidHlwZSI6IklORElWSURVQUwiLCJpc0FjdGl2ZSI6dHJ1ZX1dfSwiYXBwIjp7ImlpZFBhcmFtcyI6eyJ0ZXN0Ijp7ImEiOjAsImIiOjB9fX0sInNzbyI6eyJzZXNzaW9uSWQiOiJjOWUxMmMxMy01ODllLTRmM2EtOTI3My1lOTMwMGZkYTBlZjEiLCJleHRlcm5hbFN5c3RlbUlkIjoiY2hhdGJvdCIsImF1dGhvcml0eVR5cGUiOiJTRUxGIiwic2Vzc2lvblRva2VuRW5jcnlwdGVkIjoidi95VGxScUc3dmpGYmV3anpaTmhLMllsSHRQd2liWUxKTWpPWTZnSGYranJYUklKZnc2cmZRRHdURTArM0VlUiJ9fX0',
};

describe('signJwt', () => {
  test('writes the header and the payload of the document’s sample byte for byte', async () => {
    const payload = Buffer.from(sample.payload, 'base64url').toString();
    const [header, body] = (await signJwt(payload, key)).split('.');
    expect({ header, payload: body }).toEqual(sample);
  });

  test('gives a token that a standard library verifies', async () => {
    const token = await signJwt('{"sub":"chatbot","exp":4102444800}', key);
    const { protectedHeader, payload } = await jwtVerify(token, key, { algorithms: ['HS256'] });
    expect(protectedHeader).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect(payload).toEqual({ sub: 'chatbot', exp: 4102444800 });
  });

  test.for([
    { what: 'white space', payload: '{ "a" : 1 }\n' },
    { what: 'numbers no double holds', payload: '{"a":123456789012345678901234567890}' },
    { what: 'repeated names', payload: '{"a":1,"a":2}' },
    { what: 'Arabic', payload: '{"ar":"داود على عبدالله"}' },
    { what: 'escapes', payload: '{"a":"\\u0627\\/"}' },
    { what: 'nothing', payload: '' },
  ])('keeps the payload’s own bytes: $what', async ({ payload }) => {
    const verified = await compactVerify(await signJwt(payload, key), key);
    expect(new TextDecoder().decode(verified.payload)).toBe(payload);
  });

  test('signs by HMAC-SHA-256 over the key’s UTF-8 bytes, in unpadded base64url', async () => {
    // Enough tokens for each character of the alphabet to occur.
    for (let n = 0; n < 50; n += 1) {
      const token = await signJwt(`{"n":"${'?>~'.repeat(n)}"}`, key);
      expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]{43}$/);
      const [header, body, signature] = token.split('.');
      const mac = createHmac('sha256', Buffer.from(text)).update(`${header}.${body}`);
      expect(signature).toBe(mac.digest('base64url'));
    }
  });

  test('signs with the key it is given, whichever came before', async () => {
    const other = createSecretKey('another-0123456789abcdefghijklmnopqrstuvwxyz', 'utf8');
    const tokens = [await signJwt('{}', key), await signJwt('{}', other), await signJwt('{}', key)];
    expect(tokens[0]).toBe(tokens[2]);
    await expect(jwtVerify(tokens[0] ?? '', other)).rejects.toThrow();
    await expect(jwtVerify(tokens[1] ?? '', other)).resolves.toBeDefined();
    await expect(jwtVerify(tokens[1] ?? '', key)).rejects.toThrow();
  });
});
