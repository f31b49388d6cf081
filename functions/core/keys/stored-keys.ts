import { createSecretKey, type KeyObject } from 'node:crypto';
import { type Clock, type EpochSeconds, later } from '../time.ts';
import { deriveKeys, type KeySource, type Keys, KeysUnavailable, shortestKey } from './keys.ts';

/** Where a contract's secrets are kept: names or ARNs of Secrets Manager. */
export interface SecretIds {
  readonly root: string;
  readonly signing?: string;
}

/** One version of a secret, and when it was made. */
export interface SecretVersion {
  readonly text: string;
  readonly createdAt: EpochSeconds;
}

/** Reads a version of a secret; nothing where it has none of that name. Throws where nobody answers. */
export type ReadSecret = (
  id: string,
  version: 'AWSCURRENT' | 'AWSPREVIOUS',
) => Promise<SecretVersion | undefined>;

/** What a contract's kept keys come from. */
export interface StoredKeysProps {
  readonly contract: string;
  readonly ids: SecretIds;
  /** How long a token of the contract may live, in seconds. */
  readonly longestToken: number;
  readonly read: ReadSecret;
  /** Hears of a reading that failed while nobody waited for it. */
  readonly unread: (error: unknown) => void;
  readonly clock: Clock;
}

/**
 * A contract's keys from where they are kept, read from this moment on and every five minutes.
 *
 * A signing key is published before it is used: everyone signs with the previous one until the current
 * one is ten minutes old. Keys that were read longer ago than nine are not used, so whoever verifies
 * has read a key before anyone signs with it. The previous key verifies until the last token that it
 * signed is over.
 *
 * A failed read is never kept: what was read before serves as long as it may, and then the call throws
 * `KeysUnavailable` and the next one reads again.
 */
export function storedKeys(props: StoredKeysProps): KeySource {
  let stored: Stored | undefined;
  let reading: Promise<Stored> | undefined;
  let askedAt = props.clock();

  const read = () => {
    if (reading) return reading;
    askedAt = props.clock();
    reading = readAll(props)
      .then((fresh) => {
        stored = fresh;
        return fresh;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
  // Nobody waits for this one: `unread` hears of its failure, and whoever finds no keys reads again.
  const readAhead = () => {
    read().catch(props.unread);
  };

  readAhead();
  return async () => {
    const now = props.clock();
    if (mayServe(stored, now)) {
      if (now - stored.readAt >= readEvery && now - askedAt >= pause) readAhead();
      return keysAt(stored, now, props.longestToken);
    }
    let fresh = await read();
    // It may have begun before this Lambda was frozen: then there is another.
    if (!mayServe(fresh, props.clock())) fresh = await read();
    const then = props.clock();
    if (!mayServe(fresh, then)) throw new KeysUnavailable(new Error('a reading took too long'));
    return keysAt(fresh, then, props.longestToken);
  };
}

/** Whether keys may be used that were read then: nobody signs with one that they lack. */
function mayServe(stored: Stored | undefined, now: EpochSeconds): stored is Stored {
  return stored !== undefined && now >= stored.readAt && now - stored.readAt < tooOld;
}

const readEvery = 5 * 60;
/** Below `publishedFor`, by more than clocks differ. */
const tooOld = 9 * 60;
/** Between two tries while Secrets Manager does not answer. */
const pause = 10;
/** How long a signing key is known before it signs. */
const publishedFor = 10 * 60;

interface SigningVersion {
  readonly key: KeyObject;
  readonly createdAt: EpochSeconds;
}

interface Stored {
  readonly derived: Omit<Keys, 'signing'>;
  readonly current?: SigningVersion;
  readonly previous?: SigningVersion;
  /** When the reading began. */
  readonly readAt: EpochSeconds;
}

async function readAll({ contract, ids, read, clock }: StoredKeysProps): Promise<Stored> {
  const readAt = clock();
  const { signing } = ids;
  try {
    const [root, versions] = await Promise.all([
      read(ids.root, 'AWSCURRENT'),
      signing ? signingVersions(signing, read, readAt) : {},
    ]);
    return { derived: deriveKeys(contract, { root: usable(root).text }), ...versions, readAt };
  } catch (error) {
    throw new KeysUnavailable(error);
  }
}

/** Reads both in this order: a rotation between them still leaves the key that everyone signs with. */
async function signingVersions(id: string, read: ReadSecret, now: EpochSeconds) {
  const current = usable(await read(id, 'AWSCURRENT'));
  const previous = await read(id, 'AWSPREVIOUS');
  const published = later(current.createdAt, publishedFor) <= now;
  // Once the current key is known to everyone, one before it that was none does no harm.
  if (!previous || (published && !isUsable(previous))) return { current: signingVersion(current) };
  return { current: signingVersion(current), previous: signingVersion(usable(previous)) };
}

function usable(version: SecretVersion | undefined): SecretVersion {
  if (version && isUsable(version)) return version;
  throw new Error(`a secret is missing, or has less than ${shortestKey} characters`);
}

function isUsable({ text }: SecretVersion): boolean {
  return text.length >= shortestKey;
}

function signingVersion({ text, createdAt }: SecretVersion): SigningVersion {
  return { key: createSecretKey(text, 'utf8'), createdAt };
}

function keysAt({ derived, current, previous }: Stored, now: EpochSeconds, longest: number): Keys {
  if (!current) return { ...derived, signing: [] };
  if (!previous) return { ...derived, signing: [current.key] };
  const both = [current.key, previous.key];
  // A rotation that was taken back: everyone knows this key, and tokens of the other are about.
  if (previous.createdAt > current.createdAt) return { ...derived, signing: both };
  const inUseFrom = later(current.createdAt, publishedFor);
  if (now < inUseFrom) return { ...derived, signing: [previous.key, current.key] };
  const overBy = later(inUseFrom, longest);
  return { ...derived, signing: now < overBy ? both : [current.key] };
}
