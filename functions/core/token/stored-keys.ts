import { createSecretKey, type KeyObject } from 'node:crypto';
import { type Clock, type EpochSeconds, later } from '../time.ts';
import { deriveKeys, type KeySource, type Keys, keysUnavailable, shortestKey } from './keys.ts';

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
 * `keysUnavailable` and the next one reads again.
 */
export function storedKeys(props: StoredKeysProps): KeySource {
  let stored: Stored | undefined;
  let reading: Promise<Stored> | undefined;
  let askedAt = props.clock();

  const read = () => {
    askedAt = props.clock();
    reading ??= readAll(props)
      .then((fresh) => {
        stored = fresh;
        return fresh;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
  // Nobody waits for this one: whoever finds no keys reads again, and hears of a failure then.
  const readAhead = () => {
    read().catch(() => undefined);
  };

  readAhead();
  return async () => {
    const now = props.clock();
    const age = stored ? now - stored.readAt : Number.POSITIVE_INFINITY;
    if (!stored || age < 0 || age >= tooOld) return keysAt(await read(), now, props.longestToken);
    if (age >= readEvery && now - askedAt >= pause) readAhead();
    return keysAt(stored, now, props.longestToken);
  };
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
  readonly current: SigningVersion | undefined;
  readonly previous: SigningVersion | undefined;
  /** When the reading began. */
  readonly readAt: EpochSeconds;
}

async function readAll({ contract, ids, read, clock }: StoredKeysProps): Promise<Stored> {
  const readAt = clock();
  const { signing } = ids;
  try {
    const [root, current, previous] = await Promise.all([
      read(ids.root, 'AWSCURRENT'),
      signing ? read(signing, 'AWSCURRENT') : undefined,
      signing ? read(signing, 'AWSPREVIOUS') : undefined,
    ]);
    return {
      derived: deriveKeys(contract, { root: good(root).text }),
      current: signing ? signingVersion(good(current)) : undefined,
      previous: previous && signingVersion(good(previous)),
      readAt,
    };
  } catch (error) {
    throw keysUnavailable(error);
  }
}

function good(version: SecretVersion | undefined): SecretVersion {
  if (version && version.text.length >= shortestKey) return version;
  throw new Error(`a secret is missing, or has less than ${shortestKey} characters`);
}

function signingVersion({ text, createdAt }: SecretVersion): SigningVersion {
  return { key: createSecretKey(text, 'utf8'), createdAt };
}

function keysAt({ derived, current, previous }: Stored, now: EpochSeconds, longest: number): Keys {
  if (!current) return { ...derived, signing: [] };
  if (!previous) return { ...derived, signing: [current.key] };
  const inUseFrom = later(current.createdAt, publishedFor);
  if (now < inUseFrom) return { ...derived, signing: [previous.key, current.key] };
  const overBy = later(inUseFrom, longest);
  return { ...derived, signing: now < overBy ? [current.key, previous.key] : [current.key] };
}
