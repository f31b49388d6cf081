import { createCipheriv, type KeyObject, randomBytes } from 'node:crypto';

/** Encrypts a text by AES-256-GCM: standard base64 of nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes). */
export function encrypt(text: string, key: KeyObject): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([
    nonce,
    cipher.update(text, 'utf8'),
    cipher.final(),
    cipher.getAuthTag(),
  ]).toString('base64');
}
