import type { Clock, EpochSeconds } from '../time.ts';
import { deriveKeys, type KeySource, type Keys, KeysUnavailable } from './keys.ts';
import type { ReadSecret } from './secrets-manager.ts';
import {
  readSigningVersions,
  type SigningVersions,
  signingKeys,
  usable,
} from './signing-versions.ts';

/** Where a contract's secrets are kept: names or ARNs of Secrets Manager. */
export interface SecretIds {
  readonly root: string;
  readonly signing?: string;
}

/** What a contract's kept keys come from. */
export interface StoredKeysProps {
  readonly contract: string;
  readonly ids: SecretIds;
  readonly read: ReadSecret;
  /** Hears of a reading that failed while nobody waited for it. */
  readonly unread: (error: unknown) => void;
  readonly clock: Clock;
}

/**
 * Keeps a contract's keys in memory: reads them from this moment on and every five minutes.
 *
 * - A signing key is published for ten minutes before it signs. Until then the one before it signs. Keys
 *   read nine minutes ago or more are not used. So whoever verifies has read a key before anyone signs
 *   with it, even if a label is seen a minute late.
 * - The time counts from the version's creation. If this process read the labels after that and did not
 *   find the version, the time counts from the first reading that did.
 * - `AWSCURRENT` and `AWSPREVIOUS` verify for as long as they exist. So a key can be taken back, and put
 *   forward again, at any time. A leaked key verifies until the second rotation after it.
 * - A reading while the labels move is discarded, like one that failed: see `readSigningVersions`.
 *
 * A failed reading is never kept: what was read before serves as long as it may, and then the call
 * throws `KeysUnavailable` and the next one reads again.
 *
 * Limits. Tokens are refused for up to ten minutes after each of these:
 * - A second rotation while the current key is less than ten minutes old: no key is known to everyone.
 * - `AWSCURRENT` moved to a version that had neither label: a Lambda that starts afterwards cannot know
 *   when that was, and signs with it at once.
 * - The first rotation of a secret, for a Lambda that starts in the minute after it and does not see
 *   `AWSPREVIOUS` yet.
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
      return keysAt(stored, now);
    }
    let fresh = await read();
    // It may have begun before this Lambda was frozen: then there is another.
    if (!mayServe(fresh, props.clock())) fresh = await read();
    const then = props.clock();
    if (!mayServe(fresh, then)) throw new KeysUnavailable(new Error('a reading took too long'));
    return keysAt(fresh, then);
  };
}

/** Whether keys may be used that were read then: nobody signs with one that they lack. */
function mayServe(stored: Stored | undefined, now: EpochSeconds): stored is Stored {
  return stored !== undefined && now >= stored.readAt && now - stored.readAt < tooOld;
}

const readEvery = 5 * 60;
/** A minute less than a key is published for: for labels seen late and clocks that differ. */
const tooOld = 9 * 60;
/** Between two tries while Secrets Manager does not answer. */
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
