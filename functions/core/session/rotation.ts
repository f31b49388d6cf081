import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { type EpochSeconds, later } from '../time.ts';
import { digest, newSecret } from './secret.ts';
import type { Digest, RowKey, Secret, Session } from './session.ts';

// Everything about the rotation of secrets is in this file. docs/sessions.md draws its timelines.

/**
 * `fixed`: a refresh leaves the secret as it is. `{ grace }`: a refresh replaces the secret, at most once
 * in `grace` seconds; until they are over, the secret and its parent get the same answer.
 */
export type Rotation = 'fixed' | { readonly grace: number };

/**
 * The least grace, in seconds. Times are whole seconds, one storage request may take four seconds with its
 * retries, and the clocks of two Lambdas differ: two tabs that refresh at the same time must fall into
 * one grace, or one of them would be taken for a thief.
 */
export const shortestGrace = 10;

/**
 * How long after a grace nothing rotates yet, in seconds. In its last second the parent may still be given
 * the current secret, while another tab's request with the parent is on its way: for four seconds, to a
 * Lambda whose clock is up to three seconds ahead. That request must not rotate, because the secret that
 * was just given out would be dead; nor must it find that secret replaced, because it would be dead itself.
 */
export const settlingTime = 7;

/** A presented secret: a digest of what may be the secret given at `open`, or a genuine computed one. */
export type Presented =
  | { readonly generation: 0; readonly digest: Digest }
  | { readonly generation: number; readonly family: string };

/** The keys that secrets are made and recognised with. */
export interface SecretKeys {
  readonly digest: KeyObject;
  readonly successor: KeyObject;
}

/**
 * Which of a session's secrets was presented. `current`: the newest. `parent`: the one that the newest was
 * given for. `ahead`: a newer one than the row knows, after a restore of the table. `dead`: any other of
 * the family, whose holder should have a newer one.
 */
export type Place = 'current' | 'parent' | 'ahead' | 'dead';

/** What a secret proves about itself. A computed one is recognised at any age; a guess is a digest. */
export function presentedSecret(keys: SecretKeys, row: RowKey, secret: Secret): Presented {
  return (
    computedSecret(keys.successor, row, secret) ?? {
      generation: 0,
      digest: digest(keys.digest, row, secret),
    }
  );
}

/** Whether a secret was computed for this row: it replaced another one, in this session or a former one. */
export function isComputed(keys: SecretKeys, row: RowKey, secret: Secret): boolean {
  return computedSecret(keys.successor, row, secret) !== undefined;
}

/** The place of a presented secret among those of a session; nothing where it is none of them. */
export function placeOf(session: Session, presented: Presented): Place | undefined {
  const mine =
    'digest' in presented
      ? presented.digest === session.secret
      : presented.family === session.secretFamily;
  if (!mine) return undefined;
  const { generation = 0, parentGeneration = generation - 1 } = session;
  if (presented.generation === generation) return 'current';
  if (presented.generation > generation) return 'ahead';
  return presented.generation === parentGeneration ? 'parent' : 'dead';
}

/**
 * What to do for the current secret of a session or its parent. `replay`: answer as the last refresh was
 * answered. `retry`: answer nothing yet, so that the client asks again in some seconds.
 */
export function turnOf(
  { graceUntil }: Session,
  place: 'current' | 'parent',
  rotation: Rotation,
  now: EpochSeconds,
): 'replay' | 'retry' | 'refresh' {
  if (rotation === 'fixed' || graceUntil === undefined) return 'refresh';
  if (now <= graceUntil) return 'replay';
  if (now > graceUntil + settlingTime) return 'refresh';
  return place === 'current' ? 'replay' : 'retry';
}

/** Whether the use of a dead secret ends the session. Where nothing rotates it is only refused. */
export function endsAtReuse(rotation: Rotation): boolean {
  return rotation !== 'fixed';
}

/** The part of a conditional write that a rotation decides. */
export interface RotationWrite {
  readonly set: readonly string[];
  readonly conditions: readonly string[];
  readonly values: Readonly<Record<string, string | number>>;
}

/** What a refresh knows when it writes, before it has seen the row. */
export interface RotationRequest {
  readonly presented: Presented;
  readonly rotation: Rotation;
  /** The policy's lifetime of tokens, where the token is the idle clock, in seconds. */
  readonly issuedLifetime: number | undefined;
  /** How long the presented token lives from its issue on, in seconds. */
  readonly tokenLifetime: number | undefined;
  readonly now: EpochSeconds;
}

/**
 * The write for a secret that is the current one or its parent, once the grace is settled: the next generation,
 * whose parent is the presented one. A skipped generation is dead from then on. A row that was written
 * before there was `parentGeneration` has the generation before its current one as the parent.
 */
export function rotate(request: RotationRequest): RotationWrite {
  const { presented, rotation, now } = request;
  const { generation } = presented;
  const own: RotationWrite = {
    set: [],
    conditions: [
      'digest' in presented ? 'secret = :digest' : 'secretFamily = :family',
      `(${generation === 0 ? 'attribute_not_exists(generation)' : 'generation = :presented'} OR parentGeneration = :presented OR (generation = :child AND attribute_not_exists(parentGeneration)))`,
    ],
    values: {
      ':presented': generation,
      ':child': generation + 1,
      ...('digest' in presented
        ? { ':digest': presented.digest }
        : { ':family': presented.family }),
    },
  };
  if (rotation === 'fixed') return own;
  const { set, values } = replacement(request, rotation.grace);
  return {
    set: [
      ...set,
      'generation = if_not_exists(generation, :zero) + :one',
      ...('digest' in presented ? ['secretFamily = if_not_exists(secretFamily, :new_family)'] : []),
    ],
    conditions: [...own.conditions, '(attribute_not_exists(graceUntil) OR graceUntil < :settled)'],
    values: {
      ...own.values,
      ...values,
      ':settled': now - settlingTime,
      ':zero': 0,
      ':one': 1,
      ...('digest' in presented ? { ':new_family': newSecret().slice(0, familyLength) } : {}),
    },
  };
}

/**
 * The write for a secret that is ahead of the row as it was read: the table was restored to a moment
 * before that secret was given out. To refuse it would log out the client that has the newest secret.
 */
export function catchUp(request: RotationRequest, { generation = 0 }: Session): RotationWrite {
  const { presented, rotation } = request;
  if ('digest' in presented) throw new Error('the first secret of a session is never ahead of it');
  const { set, values } =
    rotation === 'fixed'
      ? { set: ['parentGeneration = :presented'], values: { ':presented': presented.generation } }
      : replacement(request, rotation.grace);
  return {
    set: [...set, 'generation = :generation'],
    conditions: ['secretFamily = :family', 'generation = :behind'],
    values: {
      ...values,
      ':generation': presented.generation + (rotation === 'fixed' ? 0 : 1),
      ':family': presented.family,
      ':behind': generation,
    },
  };
}

/** What every replacement writes beside the number of the new generation. */
function replacement(
  { presented, issuedLifetime, tokenLifetime, now }: RotationRequest,
  most: number,
) {
  // A token must outlive the grace in which it is given out again. A token that lives for less than twice
  // the shortest grace ends with its session, and the grace may end later than both.
  const grace = Math.max(
    shortestGrace,
    Math.min(most, Math.floor((tokenLifetime ?? Infinity) / 2)),
  );
  return {
    set: [
      'parentGeneration = :presented',
      'graceUntil = :grace_until',
      ...(issuedLifetime === undefined ? [] : ['issuedLifetime = :issued_lifetime']),
    ],
    values: {
      ':presented': presented.generation,
      ':grace_until': later(now, grace),
      ...(issuedLifetime !== undefined && { ':issued_lifetime': issuedLifetime }),
    },
  };
}

/** The secret that the client of a refreshed session holds from now on. */
export function secretNow(
  keys: SecretKeys,
  { rowKey, secretFamily: family, generation = 0 }: Session,
  presented: Presented,
  secret: Secret,
): Secret {
  // A row that was restored may be behind its client, who then keeps what it has.
  if (family === undefined || generation <= presented.generation) return secret;
  return successor(keys.successor, rowKey, generation, family);
}

/**
 * From when on the tokens of a session live, and for how many seconds unless the session says otherwise.
 * Within a generation all clients get the same token, even if the policy changes meanwhile.
 */
export function issueOf(
  { refreshedAt, issuedLifetime }: Session,
  rotation: Rotation,
  now: EpochSeconds,
): { readonly issuedAt: EpochSeconds; readonly pinnedLifetime: number | undefined } {
  return rotation === 'fixed'
    ? { issuedAt: now, pinnedLifetime: undefined }
    : { issuedAt: refreshedAt, pinnedLifetime: issuedLifetime };
}

/** What is wrong with a rotation, in a sentence that names the value; nothing where it is sound. */
export function rotationProblem(
  rotation: Rotation,
  idle: number,
  wire: { readonly rotates: boolean },
): string | undefined {
  if (rotation === 'fixed') return undefined;
  if (!wire.rotates) return 'rotation must be fixed: the wire has no field for a new secret';
  const grace = typeof rotation === 'object' && rotation !== null ? rotation.grace : undefined;
  if (typeof grace !== 'number' || !Number.isSafeInteger(grace))
    return 'rotation must be fixed or { grace: whole seconds }';
  if (grace < shortestGrace)
    return `grace is ${grace}; it must be at least ${shortestGrace}, because clocks and retries differ by seconds`;
  // In the grace nothing is written: a session must not fall idle while its client refreshes.
  if (grace > idle / 2) return `grace is ${grace}; it must be at most half of idle, ${idle}`;
  return undefined;
}

/** How many characters a computed secret has at most. */
export const longestSecret = 9 + 1 + 22 + 1 + 43;

const familyLength = 22;

/** A generation has nine digits at most: one a second for thirty years. */
const form = /^([1-9]\d{0,8})\.([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}$/;

/**
 * Secret *n* of a session, `<n>.<family>.<HMAC-SHA-256 of rowKey ‖ 0x00 ‖ n ‖ 0x00 ‖ family>`. It is
 * computed, not drawn and not stored: whoever asks, however often, gets the same. The family is drawn when
 * the first secret is replaced, so that no secret of an earlier session of the same id fits, nor one that
 * was forged with the key alone.
 */
function successor(key: KeyObject, row: RowKey, generation: number, family: string): Secret {
  const tag = createHmac('sha256', key)
    .update([row, generation, family].join('\0'))
    .digest('base64url');
  return `${generation}.${family}.${tag}` as Secret;
}

function computedSecret(key: KeyObject, row: RowKey, secret: Secret): Presented | undefined {
  const [, digits, family] = form.exec(secret) ?? [];
  if (digits === undefined || family === undefined) return undefined;
  const generation = Number(digits);
  const genuine = Buffer.from(successor(key, row, generation, family));
  const given = Buffer.from(secret);
  const same = genuine.length === given.length && timingSafeEqual(genuine, given);
  return same ? { generation, family } : undefined;
}
