import { createSecretKey, type KeyObject } from 'node:crypto';
import { type Clock, type EpochSeconds, later } from '../time.ts';
import { shortestKey } from './keys.ts';
import type { ReadSecret, SecretVersion } from './secrets-manager.ts';

/** A version of the signing secret, as one reading found it. */
interface SigningVersion {
  readonly id: string;
  readonly key: KeyObject;
  /** From when on every Lambda can know the version. */
  readonly publishedAt: EpochSeconds;
}

/** What the labels of a signing secret name. */
export interface SigningVersions {
  readonly current: SigningVersion;
  readonly previous?: SigningVersion;
}

/** An earlier reading of this process, and when it began. */
export interface EarlierReading extends Partial<SigningVersions> {
  readonly readAt: EpochSeconds;
}

/** How long a version is known before it signs, in seconds. `storedKeys` uses no reading for as long. */
const publishedFor = 10 * 60;

/** How late a moved label may be seen, in seconds. */
const seenWithin = 60;

/**
 * Reads the versions of a signing secret that `AWSCURRENT` and `AWSPREVIOUS` name.
 *
 * Refuses a reading that can mix the labels of two moments, since it may lack a key that others sign
 * with: both labels name one version (it reads again once), or the current version is less than a
 * minute old, so that `AWSPREVIOUS` may be that of before. A secret without a previous version is taken
 * as new, unless this process knows better.
 * @throws Error where the labels are not settled, a version is missing, or has too few characters
 */
export async function readSigningVersions(
  id: string,
  { read, clock }: { readonly read: ReadSecret; readonly clock: Clock },
  before: EarlierReading | undefined,
): Promise<SigningVersions> {
  let labels = await readLabels(id, read, clock);
  if (labels.current.id === labels.previous?.id) labels = await readLabels(id, read, clock);
  const { current, previous, askedAt } = labels;
  if (current.id === previous?.id) throw new Error('both labels of a secret name one version');
  // Where the clocks differ by more than that, nothing is known of the version's age.
  const justMade = Math.abs(askedAt - current.createdAt) < seenWithin;
  if (justMade && (previous || before))
    throw new Error(`a secret was rotated less than ${seenWithin} seconds ago`);

  const publishedAt = currentPublishedAt(current, askedAt, before);
  const signing = { current: { ...signingVersion(current), publishedAt } };
  // Once the current key is known to everyone, one before it that is too short does no harm.
  if (!previous || (publishedAt <= askedAt && !isUsable(previous))) return signing;
  return { ...signing, previous: signingVersion(usable(previous)) };
}

/** The keys to verify with. The first one signs: the current, or whichever is published first. */
export function signingKeys(
  { current, previous }: SigningVersions,
  now: EpochSeconds,
): KeyObject[] {
  if (!previous) return [current.key];
  return now < current.publishedAt && previous.publishedAt < current.publishedAt
    ? [previous.key, current.key]
    : [current.key, previous.key];
}

/** Gives a version whose text can be a key. @throws Error otherwise, which does not quote it */
export function usable(version: SecretVersion | undefined): SecretVersion {
  if (version && isUsable(version)) return version;
  throw new Error(`a secret is missing, or has less than ${shortestKey} characters`);
}

function isUsable({ text }: SecretVersion): boolean {
  return text.length >= shortestKey;
}

/** Reads the current version first: after a rotation in between, the other is the one that signs. */
async function readLabels(id: string, read: ReadSecret, clock: Clock) {
  const current = usable(await read(id, 'AWSCURRENT'));
  const askedAt = clock();
  return { current, previous: await read(id, 'AWSPREVIOUS'), askedAt };
}

/**
 * From when on the current version is published. A version that an earlier reading of this process
 * lacks, though it was created before, got its label later than it was created: it counts from now.
 */
function currentPublishedAt(
  { id, createdAt }: SecretVersion,
  now: EpochSeconds,
  before: EarlierReading | undefined,
): EpochSeconds {
  const known = [before?.current, before?.previous].find((version) => version?.id === id);
  if (known) return known.publishedAt;
  const labelledLate = before !== undefined && later(createdAt, seenWithin) <= before.readAt;
  return later(labelledLate ? now : createdAt, publishedFor);
}

function signingVersion({ id, text, createdAt }: SecretVersion): SigningVersion {
  const publishedAt = later(createdAt, publishedFor);
  return { id, key: createSecretKey(text, 'utf8'), publishedAt };
}
