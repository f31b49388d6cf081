import { createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { encrypt } from '../../functions/core/token/encrypt.ts';

const key = createSecretKey(randomBytes(32));

/** A reader that knows the layout from the contract alone: nonce, ciphertext, tag. */
function decrypt(sealed: Buffer, by: KeyObject = key): string {
  const decipher = createDecipheriv('aes-256-gcm', by, sealed.subarray(0, 12), {
    authTagLength: 16,
  });
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString();
}

describe('encrypt', () => {
  test.for([
    { what: 'an empty text', text: '' },
    { what: 'one character', text: 'x' },
    { what: 'a session token', text: 'zB4mZ0b2n3l5r7s9t1v3x5z7A9C1E3G5J7L9N1P3R5T' },
    { what: 'Arabic', text: 'رمز الجلسة' },
    { what: 'characters beyond the first plane', text: '🔑🗝️' },
  ])('keeps $what whole, in 12 + n + 16 bytes of standard base64', ({ text }) => {
    const sealed = encrypt(text, key);
    const bytes = Buffer.from(sealed, 'base64');
    expect(bytes.toString('base64')).toBe(sealed);
    expect(bytes).toHaveLength(12 + Buffer.byteLength(text) + 16);
    expect(decrypt(bytes)).toBe(text);
  });

  test('gives 48 bytes for a text of 20, as the document’s sample has them', () => {
    expect(encrypt('20 characters, ASCII', key)).toHaveLength(64);
  });

  test('draws a fresh nonce for every text, the same one too', () => {
    const nonces = Array.from({ length: 1000 }, () =>
      Buffer.from(encrypt('same', key), 'base64').subarray(0, 12).toString('hex'),
    );
    expect(new Set(nonces).size).toBe(1000);
  });

  test('gives nothing that opens after any one bit of it changed', () => {
    const sealed = Buffer.from(encrypt('a secret', key), 'base64');
    const opened: number[] = [];
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (sealed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      try {
        decrypt(changed);
        opened.push(bit);
      } catch {
        // As it must.
      }
    }
    expect(opened).toEqual([]);
  });

  test('gives nothing that another key opens', () => {
    const sealed = Buffer.from(encrypt('a secret', key), 'base64');
    expect(() => decrypt(sealed, createSecretKey(randomBytes(32)))).toThrow();
  });

  test('refuses a key that is not 32 bytes', () => {
    expect(() => encrypt('a secret', createSecretKey(randomBytes(16)))).toThrow();
  });
});
