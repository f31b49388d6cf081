import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { type Env, required } from '../env.ts';

/** The secrets of one contract, as they are kept. */
export interface KeyMaterial {
  /** What every key but the signing key comes from. Replacing it ends the contract's sessions. */
  readonly root: string;
  /** The HS256 key of a contract that signs tokens: its UTF-8 bytes. */
  readonly signing?: string;
  /** The signing key before this one: its tokens still verify. */
  readonly previousSigning?: string;
}

/**
 * The keys of one contract, each for one purpose. KeyObjects: node:crypto makes one of any other key at
 * every call, and to see that it is none it throws and catches (10 µs of Node 24.21's 12).
 */
export interface Keys {
  /** For the digests of credentials. */
  readonly digest: KeyObject;
  /** For the secrets that replace one another. */
  readonly successor: KeyObject;
  /** For AES-256-GCM. */
  readonly encryption: KeyObject;
  /** For the names that logs give to sessions. */
  readonly log: KeyObject;
  /** The current signing key, then the previous one; none where the contract signs nothing. */
  readonly signing: readonly KeyObject[];
}

/** Gives a contract's keys as they are now. Throws where they can't be had; the next call tries again. */
export type KeySource = () => Promise<Keys>;

/** Derives a contract's keys by HKDF-SHA-256 (RFC 5869): no contract or purpose shares one. */
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
      .map((key) => createSecretKey(key, 'utf8')),
  };
}

/**
 * The key that a contract signs with.
 * @throws Error where it has none, which `keyMaterial` does not let happen to a contract that signs
 */
export function signingKey({ signing: [current] }: Keys): KeyObject {
  if (!current) throw new Error('there is no signing key');
  return current;
}

/**
 * A contract's keys from the variable `SESSION_KEYS`: the JSON text of
 * `{ "<contract>": { "root": "…", "signing": "…", "previousSigning": "…" } }`.
 * @throws Error saying what is missing, never a value: without keys nothing starts
 */
export function environmentKeys(
  env: Env,
  { serves, signs }: { readonly serves: string; readonly signs: boolean },
): KeySource {
  const keys = deriveKeys(serves, keyMaterial(required(env, 'SESSION_KEYS', setBy), serves, signs));
  return async () => keys;
}

const setBy = '`npm start`, or whoever runs this handler locally,';

/**
 * A contract's part of the JSON text that holds every contract's secrets.
 * @throws Error saying what is wrong, never a value
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

/** HS256 asks for 32 bytes at least (RFC 7518, 3.2). */
export const shortestKey = 32;

/** A key source has no keys just now. */
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
    // Without the cause: a JSON error quotes the text, and the text is keys.
    throw new Error('SESSION_KEYS is not JSON');
  }
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
