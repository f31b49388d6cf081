import type { Clock, EpochSeconds } from '../time.ts';
import { deriveKeys, type KeySource, type Keys, KeysUnavailable } from './keys.ts';
import type { ReadSecret } from './secrets-manager.ts';
import {
  readSigningVersions,
  type SigningVersions,
  signingKeys,
  usable,
} from './signing-versions.ts';

/** The names or ARNs of a contract's secrets in Secrets Manager. */
export interface SecretIds {
  readonly root: string;
  readonly signing?: string;
}

/** What `storedKeys` reads a contract's keys with. */
export interface StoredKeysProps {
  readonly contract: string;
  readonly ids: SecretIds;
  readonly read: ReadSecret;
  /** Called with the error of a reading in the background. */
  readonly onReadError: (error: unknown) => void;
  readonly clock: Clock;
}

/**
 * Keeps the keys of a contract in memory. It reads them now and then every five minutes.
 *
 * - A new signing key signs after ten minutes. Until then the key before it signs. Keys that were
 *   read nine minutes ago are not used. So every Lambda knows a key before any Lambda signs with
 *   it, even if a reading sees a moved label a minute late.
 * - The ten minutes count from the creation of the version. If this process read the labels later
 *   than that and did not find the version, they count from the first reading that found it.
 * - `AWSCURRENT` and `AWSPREVIOUS` verify for as long as they exist. So the labels can be swapped
 *   back, and again, at any time. A leaked key verifies until the second rotation after the leak.
 * - A reading while the labels move is discarded like a failed one: see `readSigningVersions`.
 *
 * A failed reading is never kept. The keys that were read before are used until they are nine
 * minutes old. Then the call throws `KeysUnavailable`, and the next call reads again.
 *
 * Limits. Tokens can be refused for up to ten minutes after each of these:
 * - A second rotation while the current key is less than ten minutes old: there is no key that
 *   every Lambda knows.
 * - `AWSCURRENT` moved to a version that had neither label: a Lambda that starts afterwards cannot
 *   know when the label moved, and signs with the version at once.
 * - The first rotation of a secret, for a Lambda that starts in the minute after it and does not
 *   see `AWSPREVIOUS` yet.
 */
export function storedKeys(props: StoredKeysProps): KeySource {
  let stored: Stored | undefined;
  let reading: Promise<Stored> | undefined;
  let askedAt = props.clock();

  const read = () => {
    if (reading) return reading;
    askedAt = props.clock();
    reading = readAll(props, stored)
      .then((fresh) => {
        // Lambda can freeze this process between the requests of a reading, and the labels can move
        // meanwhile. Then the reading is no record of what the labels were.
        if (mayServe(fresh, props.clock())) stored = fresh;
        return fresh;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
  // No request waits for this reading. `onReadError` gets its error; a request that finds no keys
  // reads again.
  const readAhead = () => {
    read().catch(props.onReadError);
  };

  readAhead();
  return async () => {
    const now = props.clock();
    if (mayServe(stored, now)) {
      if (now - stored.readAt >= readEvery && now - askedAt >= pause) readAhead();
      return keysAt(stored, now);
    }
    let fresh = await read();
    // If the reading began before Lambda froze this process, it is too old.
    if (!mayServe(fresh, props.clock())) fresh = await read();
    const then = props.clock();
    if (!mayServe(fresh, then))
      throw new KeysUnavailable(new Error('reading the keys took too long'));
    return keysAt(fresh, then);
  };
}

/** Whether stored keys are young enough: no Lambda signs with a key that they lack. */
function mayServe(stored: Stored | undefined, now: EpochSeconds): stored is Stored {
  return stored !== undefined && now >= stored.readAt && now - stored.readAt < tooOld;
}

/** The age at which keys are read again in the background, in seconds. */
const readEvery = 5 * 60;
/** A minute less than `publishedFor`, for labels that are seen late and clocks that differ. */
const tooOld = 9 * 60;
/** The time between two readings while Secrets Manager does not answer, in seconds. */
const pause = 10;

interface Stored {
  readonly derived: Omit<Keys, 'signing'>;
  readonly signing?: SigningVersions;
  /** When the reading began. */
  readonly readAt: EpochSeconds;
}

async function readAll(
  { contract, ids, read, clock }: StoredKeysProps,
  before: Stored | undefined,
): Promise<Stored> {
  const readAt = clock();
  const earlier = before && { ...before.signing, readAt: before.readAt };
  try {
    const [root, signing] = await Promise.all([
      read(ids.root, 'AWSCURRENT'),
      ids.signing && readSigningVersions(ids.signing, { read, clock }, earlier),
    ]);
    const derived = deriveKeys(contract, { root: usable(root).text });
    return { derived, readAt, ...(signing && { signing }) };
  } catch (error) {
    throw new KeysUnavailable(error);
  }
}

function keysAt({ derived, signing }: Stored, now: EpochSeconds): Keys {
  return { ...derived, signing: signing ? signingKeys(signing, now) : [] };
}
