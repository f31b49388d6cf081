import { createHmac, type KeyObject, randomBytes } from 'node:crypto';
import type { Digest, RowKey, Secret } from './session.ts';

/**
 * A value as a secret, or `undefined`. It must be a text of at least one character, in well-formed
 * Unicode: all lone surrogates are the same bytes in UTF-8, so two different texts would be the
 * same secret.
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
 * HMAC-SHA-256 of `rowKey ‖ 0x00 ‖ secret`. Without a key, a secret of eleven digits could be found
 * by trying them all against a stolen table. Without the row key, a digest could be copied to
 * another row.
 */
export function digest(key: KeyObject, row: RowKey, secret: Secret): Digest {
  return createHmac('sha256', key)
    .update(row)
    .update('\0')
    .update(secret)
    .digest('base64url') as Digest;
}
