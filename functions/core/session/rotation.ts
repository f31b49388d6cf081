// Everything about the rotation of secrets is in this file, so that its rules are read in one place
// and no other file knows of generations, parents or families. docs/sessions.md has timelines.

import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { type EpochSeconds, later } from '../time.ts';
import { digest, newSecret } from './secret.ts';
import type { Credential, Digest, RowKey, Secret, Session } from './session.ts';
import type { Write } from './table.ts';

/**
 * `fixed`: a refresh keeps the secret. `{ grace }`: a refresh replaces the secret. Within the
 * grace, the current secret and its parent get the same answer. The next replacement comes eight
 * seconds after the end of the grace, or later.
 */
export type Rotation = 'fixed' | { readonly grace: number };

/**
 * The shortest grace, in seconds. Two tabs that refresh at the same time must both fall into one
 * grace; otherwise one of them is taken for a thief. Their requests can be seconds apart: times are
 * whole seconds, one storage request with its retries can take four seconds, and Lambda clocks
 * differ.
 */
export const shortestGrace = 10;

/**
 * For how many seconds after a grace no secret is replaced.
 *
 * In the last second of a grace, tab A can get the current secret while tab B's request with the
 * parent is still on its way. B's request can arrive four seconds later, at a Lambda whose clock is
 * three seconds ahead. If B's request replaced the secret then, the secret that A just got would be
 * dead. If A replaced the secret before B's request arrived, B's secret would be dead.
 */
export const settlingTime = 7;

/**
 * A presented credential whose secret was examined. A computed secret proves its generation and
 * family. Any other secret is known by its digest. It is generation 0 if the row has the same
 * digest.
 */
export type Presented = (
  | { readonly generation: 0; readonly digest: Digest }
  | { readonly generation: number; readonly family: string }
) &
  Pick<Credential, 'issuedAt' | 'expiresAt'>;

/** The keys that make and recognise secrets. */
export interface SecretKeys {
  readonly digest: KeyObject;
  readonly successor: KeyObject;
}

/** Recognises a computed secret of this row, of any age; takes the digest of every other secret. */
export function recognise(
  keys: SecretKeys,
  row: RowKey,
  { secret, ...times }: Omit<Credential, 'id'>,
): Presented {
  const computed = computedSecret(keys.successor, row, secret);
  return computed
    ? { ...computed, ...times }
    : { generation: 0, digest: digest(keys.digest, row, secret), ...times };
}

/** Whether a secret was computed for this row, to replace an earlier secret of this session id. */
export function isComputed(keys: SecretKeys, row: RowKey, secret: Secret): boolean {
  return computedSecret(keys.successor, row, secret) !== undefined;
}

/**
 * Which secret of a session was presented. `current`: the newest. `parent`: the secret that the
 * client presented when it got the current one. `ahead`: newer than the row, which happens after a
 * restore of the table. `dead`: any other secret of the family. Its holder should already have a
 * newer one.
 */
export type Place = 'current' | 'parent' | 'ahead' | 'dead';

/** The place of a presented secret in a session; `undefined` if it is no secret of that session. */
export function placeOf(session: Session, presented: Presented): Place | undefined {
  const mine =
    'digest' in presented
      ? presented.digest === session.secret
      : presented.family === session.secretFamily;
  if (!mine) return undefined;
  const { generation = 0, parentGeneration = generation - 1 } = session;
  if (presented.generation > generation) return 'ahead';
  if (presented.generation === generation) return 'current';
  return presented.generation === parentGeneration ? 'parent' : 'dead';
}

/**
 * What the current secret or its parent may do at a moment. `replay`: get the answer of the last
 * refresh again. `retry`: ask again in some seconds. `refresh`: replace the current secret.
 */
export function decideByGrace(
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

/** Whether the use of a dead secret ends the session. Under `fixed` it is only refused. */
export function endsAtReuse(rotation: Rotation): boolean {
  return rotation !== 'fixed';
}

/** The part of a refresh's conditional write that rotation decides. */
export type RotationWrite = Omit<Write, 'rowKey'>;

/** The condition that a row has the presented secret, or its family. */
export function hasSecret(presented: Presented): Omit<RotationWrite, 'set'> {
  return 'digest' in presented
    ? { conditions: ['secret = :digest'], values: { ':digest': presented.digest } }
    : { conditions: ['secretFamily = :family'], values: { ':family': presented.family } };
}

/** What a refresh knows before it has seen the row. */
export interface RotationRequest {
  readonly presented: Presented;
  readonly rotation: Rotation;
  /** The policy's lifetime of tokens in seconds, where the token is the idle clock. */
  readonly issuedLifetime: number | undefined;
  readonly now: EpochSeconds;
}

/**
 * The write for the current secret or its parent, after the grace and the settling time. The
 * presented secret becomes the parent of the next generation. If the parent was presented, the
 * current secret is skipped, and it is dead from then on. In a row without `parentGeneration`,
 * which an older version wrote, the parent is the generation before the current one.
 */
export function rotate(request: RotationRequest): RotationWrite {
  const { presented, rotation, now } = request;
  const { generation } = presented;
  const { conditions, values: own } = hasSecret(presented);
  const recognised: RotationWrite = {
    set: [],
    conditions: [
      ...conditions,
      `(${generation === 0 ? 'attribute_not_exists(generation)' : 'generation = :presented'} OR parentGeneration = :presented OR (generation = :child AND attribute_not_exists(parentGeneration)))`,
    ],
    values: { ...own, ':presented': generation, ':child': generation + 1 },
  };
  if (rotation === 'fixed') return recognised;
  const isFirst = 'digest' in presented;
  const { set, values } = replacement(request, rotation.grace);
  return {
    set: [
      ...set,
      'generation = if_not_exists(generation, :zero) + :one',
      ...(isFirst ? ['secretFamily = if_not_exists(secretFamily, :new_family)'] : []),
    ],
    conditions: [
      ...recognised.conditions,
      '(attribute_not_exists(graceUntil) OR graceUntil < :settled)',
    ],
    values: {
      ...recognised.values,
      ...values,
      ':settled': now - settlingTime,
      ':zero': 0,
      ':one': 1,
      ...(isFirst && { ':new_family': newSecret().slice(0, familyLength) }),
    },
  };
}

/**
 * The write for a secret that is ahead of the row: the table was restored to a moment before that
 * secret was given out. A refusal would log out the client that has the newest secret. Under
 * `fixed` the client keeps its own secret. If the restore goes back before the first replacement,
 * the row has no `secretFamily`, and the secret is refused as `wrong-secret`.
 */
export function catchUp(request: RotationRequest, { generation = 0 }: Session): RotationWrite {
  const { presented, rotation } = request;
  const { conditions, values: own } = hasSecret(presented);
  const { set, values } =
    rotation === 'fixed'
      ? { set: ['parentGeneration = :presented'], values: { ':presented': presented.generation } }
      : replacement(request, rotation.grace);
  return {
    set: [...set, 'generation = :generation'],
    conditions: [...conditions, 'generation = :behind'],
    values: {
      ...own,
      ...values,
      ':generation': presented.generation + (rotation === 'fixed' ? 0 : 1),
      ':behind': generation,
    },
  };
}

/** What every replacement of a secret writes, apart from the number of the new generation. */
function replacement(
  { presented, issuedLifetime, now }: RotationRequest,
  longestGrace: number,
): Pick<RotationWrite, 'set' | 'values'> {
  // A token is given out again within the grace, so it must outlive the grace. A token that lives
  // less than 20 s was cut by the end of its session, so the two end together.
  const { issuedAt = 0, expiresAt = Infinity } = presented;
  const grace = Math.max(
    shortestGrace,
    Math.min(longestGrace, Math.floor((expiresAt - issuedAt) / 2)),
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

/** The secret that the client of a refreshed session presents next. */
export function currentSecret(
  keys: SecretKeys,
  { rowKey, secretFamily: family, generation = 0 }: Session,
  presented: Presented,
  secret: Secret,
): Secret {
  // After a restore of the table the row can have an older generation than the client, which then
  // keeps its secret.
  // Stryker disable next-line ConditionalExpression: without a family the generation is 0, never a later one
  if (family === undefined || generation <= presented.generation) return secret;
  return successor(keys.successor, rowKey, generation, family);
}

/**
 * The `iat` of tokens of the current secret, and their lifetime in seconds if the row has it.
 * Under rotation all answers of one generation have the same token, even if the policy changes
 * between them.
 */
export function issueOf(
  { refreshedAt, issuedLifetime }: Session,
  rotation: Rotation,
  now: EpochSeconds,
): { readonly issuedAt: EpochSeconds; readonly issuedLifetime: number | undefined } {
  return rotation === 'fixed'
    ? { issuedAt: now, issuedLifetime: undefined }
    : { issuedAt: refreshedAt, issuedLifetime };
}

/** A sentence that says what is wrong with a rotation, with its value; `undefined` if valid. */
export function rotationProblem(
  rotation: Rotation,
  idle: number,
  contract: { readonly rotates: boolean },
): string | undefined {
  if (rotation === 'fixed') return undefined;
  if (!contract.rotates) return 'rotation must be fixed: the wire has no field for a new secret';
  // A stage's file is not type-checked at run time.
  if (!Number.isSafeInteger(rotation?.grace))
    return 'rotation must be fixed or { grace: whole seconds }';
  const { grace } = rotation;
  if (grace < shortestGrace)
    return `grace is ${grace}; it must be at least ${shortestGrace}, because clocks and retries differ by seconds`;
  // Within the grace nothing is written, so the idle timeout does not move although the client
  // refreshes: a long grace would let an active session go idle.
  if (grace > idle / 2) return `grace is ${grace}; it must be at most half of idle, ${idle}`;
  return undefined;
}

/** The most characters that a computed secret has. */
export const longestSecret = 9 + 1 + 22 + 1 + 43;

const familyLength = 22;

/** A generation has at most nine digits: one per second for thirty years. */
const form = /^([1-9]\d{0,8})\.([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}$/;

/**
 * Secret *n* of a session, `<n>.<family>.<HMAC-SHA-256 of rowKey ‖ 0x00 ‖ n ‖ 0x00 ‖ family>`. It
 * is computed and never stored, so every request of one generation gets the same secret. The family
 * is random and drawn when the first secret is replaced. Without it, a secret of an earlier session
 * with the same id would be valid, and so would a secret that was forged with the key alone.
 */
function successor(key: KeyObject, row: RowKey, generation: number, family: string): Secret {
  const tag = createHmac('sha256', key)
    .update([row, generation, family].join('\0'))
    .digest('base64url');
  return `${generation}.${family}.${tag}` as Secret;
}

function computedSecret(
  key: KeyObject,
  row: RowKey,
  secret: Secret,
): { readonly generation: number; readonly family: string } | undefined {
  const parts = form.exec(secret)?.slice(1);
  if (parts === undefined) return undefined;
  // Stryker disable next-line StringLiteral: the form has both groups; only the compiler needs the defaults
  const [digits = '', family = ''] = parts;
  const generation = Number(digits);
  // The form makes both equally long.
  const genuine = Buffer.from(successor(key, row, generation, family));
  return timingSafeEqual(genuine, Buffer.from(secret)) ? { generation, family } : undefined;
}
