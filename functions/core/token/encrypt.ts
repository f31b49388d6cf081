import { createCipheriv, type KeyObject, randomBytes } from 'node:crypto';

/** Encrypts a text by AES-256-GCM: standard base64 of nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes). */
export function encrypt(text: string, key: KeyObject): string {
  const nonce = newNonce();
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([
    nonce,
    cipher.update(text, 'utf8'),
    cipher.final(),
    cipher.getAuthTag(),
  ]).toString('base64');
}

/** Twelve random bytes that nobody was given before. A draw takes long, so it is for many of them. */
function newNonce(): Uint8Array {
  if (given === drawn.length) {
    drawn = randomBytes(nonceBytes * 256);
    given = 0;
  }
  given += nonceBytes;
  return drawn.subarray(given - nonceBytes, given);
}

const nonceBytes = 12;
let drawn = randomBytes(0);
let given = 0;
