import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { type Env, required } from '../env.ts';

/** The stored secrets of one contract. */
export interface KeyMaterial {
  /**
   * Every key is derived from it, except the signing keys. Replacing it ends the contract's
   * sessions.
   */
  readonly root: string;
  /** The HS256 key of a contract that signs tokens, used as its UTF-8 bytes. */
  readonly signing?: string;
  /** The signing key before the current one. Its tokens still verify. */
  readonly previousSigning?: string;
}

/**
 * The keys of one contract, each for one purpose. They are KeyObjects because node:crypto makes one
 * of every other form at each call, which takes 12 µs instead of 3 (Node 24.21).
 */
export interface Keys {
  /** For the digests of credentials. */
  readonly digest: KeyObject;
  /** For computed secrets. */
  readonly successor: KeyObject;
  /** For AES-256-GCM. */
  readonly encryption: KeyObject;
  /** For the session hashes in logs. */
  readonly log: KeyObject;
  /** The key that signs comes first; all of them verify. Empty if the contract signs nothing. */
  readonly signing: readonly KeyObject[];
}

/** Gives the current keys of a contract. @throws KeysUnavailable; the next call reads them again */
export type KeySource = () => Promise<Keys>;

/** Derives the keys of a contract by HKDF-SHA-256 (RFC 5869), one per contract and purpose. */
export function deriveKeys(contract: string, material: KeyMaterial): Keys {
  const derive = (purpose: string) =>
    createSecretKey(
      new Uint8Array(
        hkdfSync('sha256', material.root, '', `session-refresh/${contract}/${purpose}/v1`, 32),
      ),
    );
  return {
    digest: derive('credential-digest'),
    successor: derive('successor'),
    encryption: derive('encryption'),
    log: derive('session-hash'),
    signing: [material.signing, material.previousSigning]
      .filter((key) => key !== undefined)
      .map((key) => createSecretKey(Buffer.from(key))),
  };
}

/**
 * The key that a contract signs with.
 * @throws Error if the contract has no signing key
 */
export function signingKey({ signing: [current] }: Keys): KeyObject {
  if (!current) throw new Error('the contract has no signing key');
  return current;
}

/**
 * The keys of a contract from the variable `SESSION_KEYS`, which is the JSON text of
 * `{ "<contract>": { "root": "…", "signing": "…", "previousSigning": "…" } }`.
 * @throws Error that names what is missing and quotes no key
 */
export function environmentKeys(
  env: Env,
  { serves, signs }: { readonly serves: string; readonly signs: boolean },
): KeySource {
  const keys = deriveKeys(serves, keyMaterial(required(env, 'SESSION_KEYS', setBy), serves, signs));
  return async () => keys;
}

const setBy = '`npm start`, or your own shell,';

/**
 * The secrets of one contract from the JSON text that has the secrets of all contracts.
 * @throws Error that names what is wrong and quotes no key
 */
export function keyMaterial(text: string, contract: string, signs: boolean): KeyMaterial {
  const all = parsed(text);
  const mine = Object.hasOwn(all, contract) ? object(all[contract]) : {};
  const part = (name: string) => {
    const value = mine[name];
    if (typeof value === 'string' && value.length >= shortestKey) return value;
    throw new Error(`SESSION_KEYS has no ${contract}.${name} of ${shortestKey} characters or more`);
  };
  const root = part('root');
  if (!signs) return { root };
  const signing = part('signing');
  return mine.previousSigning === undefined
    ? { root, signing }
    : { root, signing, previousSigning: part('previousSigning') };
}

/** HS256 requires at least 32 bytes (RFC 7518, 3.2). */
export const shortestKey = 32;

/** The keys cannot be read now. A retry is safe. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';

  constructor(cause: unknown) {
    super('the keys are unavailable', { cause });
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    return object(JSON.parse(text));
  } catch {
    // Without the cause: a JSON error quotes its text, which has the keys.
    throw new Error('SESSION_KEYS is not JSON');
  }
}

/** A value as an object; null and undefined have no members. */
function object(value: unknown): Record<string, unknown> {
  return Object(value);
}
