import { createHmac, type KeyObject, randomBytes } from 'node:crypto';
import type { Digest, RowKey, Secret } from './session.ts';

/**
 * The text as a secret, or nothing: it must have a character, and be well-formed Unicode, since two
 * lone surrogates are the same bytes in UTF-8 and so would be the same secret.
 */
export function secret(text: unknown): Secret | undefined {
  return typeof text === 'string' && text !== '' && text.isWellFormed()
    ? (text as Secret)
    : undefined;
}

/** A new secret: 32 random bytes, base64url. */
export function newSecret(): Secret {
  return randomBytes(32).toString('base64url') as Secret;
}

/**
 * HMAC-SHA-256 of `rowKey ‖ 0x00 ‖ secret`. Keyed, since a secret may be eleven digits and would fall
 * to a search over a stolen table; bound to its row, so that none can be copied to another.
 */
export function digest(key: KeyObject, row: RowKey, presented: Secret): Digest {
  return createHmac('sha256', key)
    .update(row)
    .update('\0')
    .update(presented)
    .digest('base64url') as Digest;
}
