import { createDecipheriv, createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { encrypt } from '../../functions/core/keys/encryption.ts';
import { rowOf } from '../support/session.ts';

const key = createSecretKey(randomBytes(32));
const row = rowOf('s360', 'c9e12c13-589e-4f3a-9273-e9300fda0ef1');
const other = rowOf('s360', 'another');

/** Decrypts by the documented layout: a key per session; nonce, ciphertext, tag. */
function decrypt(sealed: Buffer, { by = key, keyOf = row, data = row } = {}): string {
  const own = createHmac('sha256', by).update(keyOf).digest();
  const [nonce, tag] = [sealed.subarray(0, 12), sealed.subarray(-16)];
  const decipher = createDecipheriv('aes-256-gcm', own, nonce, { authTagLength: 16 });
  decipher.setAAD(Buffer.from(data)).setAuthTag(tag);
  return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString();
}

describe('encrypt', () => {
  test.for(['', 'رمز الجلسة', '20 characters, ASCII'])(
    'encrypts %j to 12 + n + 16 bytes of standard base64',
    (text) => {
      const sealed = encrypt(text, key, row);
      const bytes = Buffer.from(sealed, 'base64');
      expect(bytes.toString('base64')).toBe(sealed);
      expect(bytes).toHaveLength(12 + Buffer.byteLength(text) + 16);
      expect(decrypt(bytes)).toBe(text);
    },
  );

  test('draws the 96 bits of a nonce for every text, also for the same one', () => {
    const sealed = Array.from({ length: 500 }, () => encrypt('same', key, row).slice(0, 16));
    expect(new Set(sealed).size).toBe(500);
    const nonces = sealed.map((text) => Buffer.from(text, 'base64'));
    for (let bit = 0; bit < 96; bit += 1) {
      const drawn = nonces.map((nonce) => ((nonce[bit >> 3] ?? 0) >> (bit & 7)) & 1);
      expect([...new Set(drawn)].toSorted(), `bit ${bit}`).toEqual([0, 1]);
    }
  });

  test('gives nothing that decrypts after one bit of it changed', () => {
    const sealed = Buffer.from(encrypt('a secret', key, row), 'base64');
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (sealed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => decrypt(changed), `bit ${bit}`).toThrow();
    }
  });

  test.for([
    { what: 'another key', as: { by: createSecretKey(randomBytes(32)) } },
    { what: 'the key of another session', as: { keyOf: other } },
    { what: 'the additional data of another session', as: { data: other } },
  ])('gives nothing that decrypts with $what', ({ as }) => {
    const sealed = Buffer.from(encrypt('a secret', key, row), 'base64');
    expect(() => decrypt(sealed, as)).toThrow();
  });
});
