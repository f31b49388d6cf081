import { createDecipheriv, createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { encrypt } from '../../functions/core/keys/encryption.ts';
import { rowKey, type SessionId } from '../../functions/core/session/session.ts';

const key = createSecretKey(randomBytes(32));

const id: string = 'c9e12c13-589e-4f3a-9273-e9300fda0ef1';
const row = rowKey('s360', id as SessionId);

/** A reader that knows the layout from the contract alone: a key for each session; nonce, ciphertext, tag. */
function decrypt(sealed: Buffer, by = key, session: string = row): string {
  const own = createHmac('sha256', by).update(session).digest();
  const decipher = createDecipheriv('aes-256-gcm', own, sealed.subarray(0, 12), {
    authTagLength: 16,
  });
  decipher.setAAD(Buffer.from(session)).setAuthTag(sealed.subarray(-16));
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
    const sealed = encrypt(text, key, row);
    const bytes = Buffer.from(sealed, 'base64');
    expect(bytes.toString('base64')).toBe(sealed);
    expect(bytes).toHaveLength(12 + Buffer.byteLength(text) + 16);
    expect(decrypt(bytes)).toBe(text);
  });

  test('gives 48 bytes for a text of 20, as the document’s sample has them', () => {
    expect(encrypt('20 characters, ASCII', key, row)).toHaveLength(64);
  });

  test('draws a fresh nonce for every text, the same one too', () => {
    const nonces = Array.from({ length: 1000 }, () =>
      Buffer.from(encrypt('same', key, row), 'base64')
        .subarray(0, 12)
        .toString('hex'),
    );
    expect(new Set(nonces).size).toBe(1000);
  });

  test('gives nothing that opens after any one bit of it changed', () => {
    const sealed = Buffer.from(encrypt('a secret', key, row), 'base64');
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
    const sealed = Buffer.from(encrypt('a secret', key, row), 'base64');
    expect(() => decrypt(sealed, createSecretKey(randomBytes(32)))).toThrow();
  });

  test('gives nothing that opens in another session', () => {
    const sealed = Buffer.from(encrypt('a secret', key, row), 'base64');
    expect(() => decrypt(sealed, key, 's360#another')).toThrow();
    // Neither the key alone nor the additional data alone: each session has its own of both.
    const own = createHmac('sha256', key).update(row).digest();
    const decipher = createDecipheriv('aes-256-gcm', own, sealed.subarray(0, 12));
    decipher.setAAD(Buffer.from('s360#another')).setAuthTag(sealed.subarray(-16));
    decipher.update(sealed.subarray(12, -16));
    expect(() => decipher.final()).toThrow();
  });
});
