import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Digest, Secret } from './secret.ts';
import { newSecret } from './secret.ts';
import type { RowKey, Session } from './session.ts';

/**
 * A computed secret of a session, by what it says of itself: secret *n* replaced secret *n* - 1, and
 * secret 0 is the one given at `open`. Its family was drawn as the first of them was made, so that no
 * secret of an earlier session of the same id fits, nor one that was forged with the key alone.
 */
export interface Successor {
  readonly generation: number;
  /** 22 characters of base64url; the row keeps them. */
  readonly family: string;
}

/** What someone presents: a genuine computed secret, or a digest of what may be secret 0. */
export type Proof = Digest | Successor;

/** A new family. */
export function newFamily(): string {
  return newSecret().slice(0, 22);
}

/**
 * Secret *n* of a session, `<n>.<family>.<HMAC-SHA-256 of rowKey ‖ 0x00 ‖ n ‖ 0x00 ‖ family>`. It is
 * computed, not drawn and not kept: whoever asks, however often, is told the same.
 */
export function successor(key: KeyObject, row: RowKey, { generation, family }: Successor): Secret {
  const tag = createHmac('sha256', key)
    .update([row, generation, family].join('\0'))
    .digest('base64url');
  return `${generation}.${family}.${tag}` as Secret;
}

/** What a secret says of itself, if it is a genuine computed one of that row, of whatever age. */
export function readSuccessor(
  key: KeyObject,
  row: RowKey,
  presented: Secret,
): Successor | undefined {
  const [, generation, family] = form.exec(presented) ?? [];
  if (generation === undefined || family === undefined) return undefined;
  const said = { generation: Number(generation), family };
  const genuine = Buffer.from(successor(key, row, said));
  const given = Buffer.from(presented);
  return genuine.length === given.length && timingSafeEqual(genuine, given) ? said : undefined;
}

/** How many characters a computed secret has at most. */
export const longestSuccessor = 9 + 1 + 22 + 1 + 43;

/** A generation has nine digits at most: one a second for thirty years. */
const form = /^([1-9]\d{0,8})\.([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}$/;

/** Which of a session's secrets was presented; nothing where it is none of them. */
export function generationOf(
  { secret, secretFamily }: Pick<Session, 'secret' | 'secretFamily'>,
  proof: Proof,
): number | undefined {
  if (typeof proof === 'string') return proof === secret ? 0 : undefined;
  return proof.family === secretFamily ? proof.generation : undefined;
}

/** The secret that a session's client holds from now on: the one presented, unless it was replaced. */
export function secretNow(
  key: KeyObject,
  {
    rowKey,
    secretFamily: family,
    generation = 0,
  }: Pick<Session, 'rowKey' | 'secretFamily' | 'generation'>,
  { proof, presented }: { readonly proof: Proof; readonly presented: Secret },
): Secret {
  const held = typeof proof === 'string' ? 0 : proof.generation;
  // A row that was restored may be behind its client, who then keeps what it has.
  if (family === undefined || generation <= held) return presented;
  return successor(key, rowKey, { generation, family });
}
