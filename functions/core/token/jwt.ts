import type { KeyObject } from 'node:crypto';
import { CompactSign, type CryptoKey } from 'jose';

/**
 * Signs the JSON text of a payload by HS256, byte for byte as it stands: a compact JWS (RFC 7515) with
 * the header `{"alg":"HS256","typ":"JWT"}`.
 */
export function signJwt(payload: string, key: KeyObject): Promise<string> {
  return new CompactSign(new TextEncoder().encode(payload))
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(imported(key));
}

/** jose imports a KeyObject at every signature; a key is imported here once. */
function imported(key: KeyObject): CryptoKey {
  const known = imports.get(key);
  if (known) return known;
  const made = key.toCryptoKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  imports.set(key, made);
  return made;
}

const imports = new WeakMap<KeyObject, CryptoKey>();
