import type { KeyObject } from 'node:crypto';
import { CompactSign } from 'jose';

/**
 * Signs the JSON text of a payload by HS256, byte for byte as it stands: a compact JWS (RFC 7515) with
 * the header `{"alg":"HS256","typ":"JWT"}`.
 */
export function signJwt(payload: string, key: KeyObject): Promise<string> {
  return new CompactSign(Buffer.from(payload)).setProtectedHeader(header).sign(key);
}

const header = { alg: 'HS256', typ: 'JWT' } as const;
