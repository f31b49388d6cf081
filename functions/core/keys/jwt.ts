import type { KeyObject, webcrypto } from 'node:crypto';
import { CompactSign } from 'jose';

/**
 * Signs the JSON text of a payload by HS256, without changing a byte of it. The result is a compact
 * JWS (RFC 7515) with the header `{"alg":"HS256","typ":"JWT"}`.
 */
export function signJwt(payload: string, key: KeyObject): Promise<string> {
  return new CompactSign(Buffer.from(payload)).setProtectedHeader(header).sign(cryptoKey(key));
}

const header = { alg: 'HS256', typ: 'JWT' } as const;

/**
 * The key for WebCrypto. It is made once per key; jose would import any other form for every
 * signature.
 */
function cryptoKey(key: KeyObject): webcrypto.CryptoKey {
  const known = cryptoKeys.get(key);
  if (known) return known;
  const made = key.toCryptoKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  cryptoKeys.set(key, made);
  return made;
}

const cryptoKeys = new WeakMap<KeyObject, webcrypto.CryptoKey>();
