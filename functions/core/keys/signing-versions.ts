import { createSecretKey, type KeyObject } from 'node:crypto';
import { type Clock, type EpochSeconds, later } from '../time.ts';
import { shortestKey } from './keys.ts';
import type { ReadSecret, SecretVersion } from './secrets-manager.ts';

/** A version of the signing secret that a reading found. */
interface SigningVersion {
  readonly id: string;
  readonly key: KeyObject;
  /** When every Lambda can know the version, so that it may sign. */
  readonly publishedAt: EpochSeconds;
}

/** The versions that have the labels of a signing secret. */
export interface SigningVersions {
  readonly current: SigningVersion;
  readonly previous?: SigningVersion;
}

/** An earlier reading by this process, and when it began. */
export interface EarlierReading extends Partial<SigningVersions> {
  readonly readAt: EpochSeconds;
}

/**
 * How long a version is known before it signs, in seconds. `storedKeys` uses a reading for less
 * time.
 */
const publishedFor = 10 * 60;

/** A reading sees that a label moved at most this many seconds late. */
const seenWithin = 60;

/**
 * Reads the versions of a signing secret that have the labels `AWSCURRENT` and `AWSPREVIOUS`.
 *
 * The labels can move between the two requests. Then the reading can lack a key that other Lambdas
 * sign with, so it is discarded: if both labels are on one version (after a second try), or if the
 * current version is less than a minute old and perhaps `AWSPREVIOUS` has not moved yet. A secret
 * that has no previous version, and had none in an earlier reading, is new; its key is used at
 * once.
 * @throws Error if the reading is discarded, or if a version is missing or too short
 */
export async function readSigningVersions(
  id: string,
  { read, clock }: { readonly read: ReadSecret; readonly clock: Clock },
  before: EarlierReading | undefined,
): Promise<SigningVersions> {
  let labels = await readLabels(id, read, clock);
  if (labels.current.id === labels.previous?.id) labels = await readLabels(id, read, clock);
  const { current, previous, askedAt } = labels;
  if (current.id === previous?.id) throw new Error('AWSCURRENT and AWSPREVIOUS are on one version');
  // If the clocks differ by more, the age of the version is unknown.
  const justMade = Math.abs(askedAt - current.createdAt) < seenWithin;
  if (justMade && (previous || before))
    throw new Error(`the signing secret was rotated less than ${seenWithin} seconds ago`);

  const publishedAt = currentPublishedAt(current, askedAt, before);
  const signing = { current: { ...signingVersion(current), publishedAt } };
  // Once every Lambda knows the current key, a previous key that is too short is left out.
  if (!previous || (publishedAt <= askedAt && !isUsable(previous))) return signing;
  return { ...signing, previous: signingVersion(usable(previous)) };
}

/**
 * The keys that verify. The first one signs: the current key, or the previous one if that is known
 * longer.
 */
export function signingKeys(
  { current, previous }: SigningVersions,
  now: EpochSeconds,
): KeyObject[] {
  if (!previous) return [current.key];
  return now < current.publishedAt && previous.publishedAt < current.publishedAt
    ? [previous.key, current.key]
    : [current.key, previous.key];
}

/**
 * A version whose text can be a key.
 * @throws Error if the version is missing or too short; the message does not contain its text
 */
export function usable(version: SecretVersion | undefined): SecretVersion {
  if (version && isUsable(version)) return version;
  throw new Error(`a secret is missing, or has less than ${shortestKey} characters`);
}

function isUsable({ text }: SecretVersion): boolean {
  return text.length >= shortestKey;
}

/**
 * Reads the current version first. If a rotation comes between, the previous one is the one that
 * signs.
 */
async function readLabels(id: string, read: ReadSecret, clock: Clock) {
  const current = usable(await read(id, 'AWSCURRENT'));
  const askedAt = clock();
  return { current, previous: await read(id, 'AWSPREVIOUS'), askedAt };
}

/**
 * When the current version is published. If the version is older than an earlier reading that did
 * not find it, its label moved after its creation, and the time counts from now.
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
  return { id, key: createSecretKey(Buffer.from(text)), publishedAt };
}
