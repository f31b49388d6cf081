import { createDecipheriv, createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { encrypt } from '../../functions/core/keys/encryption.ts';
import { rowOf } from '../support/session.ts';

const key = createSecretKey(randomBytes(32));
const row = rowOf('s360', 'c9e12c13-589e-4f3a-9273-e9300fda0ef1');

/** Decrypts by the documented layout: a key per session; nonce, ciphertext, tag over both and the row key. */
function decrypt(sealed: Buffer): string {
  const own = createHmac('sha256', key).update(row).digest();
  const [nonce, tag] = [sealed.subarray(0, 12), sealed.subarray(-16)];
  const decipher = createDecipheriv('aes-256-gcm', own, nonce, { authTagLength: 16 });
  decipher.setAAD(Buffer.from(row)).setAuthTag(tag);
  return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString();
}

describe('encrypt', () => {
  test.for(['', 'رمز الجلسة', '20 characters, ASCII'])(
    'encrypts %j to nonce, ciphertext and tag, bound to its session, in standard base64',
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
});
