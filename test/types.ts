/**
 * What must not compile. tsc reads this file; nothing runs it. It is one file of over 150 lines
 * because its cases share the values that it declares.
 */
import type { KeyObject } from 'node:crypto';
import type { Contract, NoCredential } from '../functions/core/contract/contract.ts';
import type { Fault } from '../functions/core/contract/fault.ts';
import type { Reply } from '../functions/core/contract/reply.ts';
import type { Keys } from '../functions/core/keys/keys.ts';
import type { faultOf } from '../functions/core/lambda/errors.ts';
import type { Decision, Policy } from '../functions/core/session/policy.ts';
import type { Presented } from '../functions/core/session/rotation.ts';
import { digest } from '../functions/core/session/secret.ts';
import {
  type Credential,
  type Digest,
  type Refusal,
  type RowKey,
  rowKey,
  type Secret,
  type Session,
  type SessionId,
} from '../functions/core/session/session.ts';
import type { Refreshed, Refused, Sessions } from '../functions/core/session/sessions.ts';
import { type EpochSeconds, earlier, later } from '../functions/core/time.ts';

declare const id: SessionId;
declare const secret: Secret;
declare const presented: Digest;
declare const row: RowKey;
declare const now: EpochSeconds;
declare const text: string;
declare const seconds: number;
declare const keys: Keys;
declare const key: KeyObject;
declare const session: Session;
declare const contract: Contract;
declare const policy: Policy;
declare const refresh: Refreshed | Refused;
declare const sessions: Sessions;
declare const credential: Credential;
declare const decision: Decision;
declare const reply: Reply;

/** Brands are their base, and a base is no brand. */
export const bases: [string, string, string, string, number] = [id, secret, presented, row, now];
// @ts-expect-error: only `sessionId` makes one of a text
export const idOfText: SessionId = text;
// @ts-expect-error: only `secret` makes one of a text
export const secretOfText: Secret = text;
// @ts-expect-error: only `digest` makes one
export const digestOfText: Digest = text;
// @ts-expect-error: only `rowKey` makes one
export const rowOfText: RowKey = text;
// @ts-expect-error: milliseconds are numbers too
export const momentOfNumber: EpochSeconds = seconds;
// @ts-expect-error: a Date is no moment
export const momentOfDate: EpochSeconds = new Date();

/** Brands are not each other. */
// @ts-expect-error: an id proves nothing
export const secretOfId: Secret = id;
// @ts-expect-error: a secret names nothing
export const idOfSecret: SessionId = secret;
// @ts-expect-error: a secret is never stored as it is
export const digestOfSecret: Digest = secret;
// @ts-expect-error: a digest proves nothing
export const secretOfDigest: Secret = presented;
// @ts-expect-error: an id names no row without its contract
export const rowOfId: RowKey = id;
// @ts-expect-error: a row's key is no id
export const idOfRow: SessionId = row;

/** What is easily swapped can't be. */
export const fits = [
  rowKey('eos', id),
  digest(keys.digest, row, secret),
  later(now, seconds),
  earlier(now, now),
];
// @ts-expect-error: the secret is not the id
rowKey('eos', secret);
// @ts-expect-error: the secret comes last
digest(keys.digest, secret, row);
// @ts-expect-error: digests are bound to a row, not to an id
digest(keys.digest, id, secret);
// @ts-expect-error: what is presented is digested once
digest(keys.digest, row, presented);
// @ts-expect-error: a signing key digests nothing
digest(keys.signing, row, secret);
// @ts-expect-error: a number is no moment
later(seconds, seconds);
// @ts-expect-error: a duration is no moment
earlier(now, seconds);
// @ts-expect-error: a presented secret is checked first
export const unchecked: Presented = { generation: 0, digest: secret };
// @ts-expect-error: a token's end is a moment
export const untimed: Credential = { id, secret, expiresAt: seconds };
// @ts-expect-error: what has no end leaves it out
export const endless: Credential = { id, secret, expiresAt: undefined };
// @ts-expect-error: the clock is handed in
sessions.refresh(credential);

/** A table of answers is complete, and has nothing that is never asked for. */
type Replies = Record<Refusal | Fault, Reply>;
type Without<Reason extends Refusal | Fault> = Omit<Replies, Reason>;
declare const complete: Replies;
declare const withoutRevoked: Without<'revoked'>;
declare const withoutTooLarge: Without<'too-large'>;
export const answered = { ...complete } satisfies Replies;
// @ts-expect-error: a refusal has no answer
export const speechless = { ...withoutRevoked } satisfies Replies;
// @ts-expect-error: a fault has no answer
export const faultless = { ...withoutTooLarge } satisfies Replies;
// @ts-expect-error: nobody refuses for that
export const talkative = { ...complete, 'bad-weather': reply } satisfies Replies;

/** The unions are the design's, and closed. */
type Same<One, Other> = [One, Other] extends [Other, One] ? true : false;
export const refusals: Same<
  Refusal,
  | 'unknown-session'
  | 'not-logged-in'
  | 'wrong-secret'
  | 'reused-secret'
  | 'revoked'
  | 'idle-too-long'
  | 'lifetime-over'
> = true;
export const faults: Same<
  Fault,
  | 'malformed-request'
  | 'unknown-client'
  | 'forbidden'
  | 'unknown-route'
  | 'over-rate'
  | 'over-quota'
  | 'too-large'
  | 'failed'
  | 'unavailable'
  | 'timed-out'
> = true;
export const apart: Same<Refusal & Fault, never> = true;
export const thrown: Same<
  ReturnType<typeof faultOf>,
  'failed' | 'unavailable' | 'timed-out'
> = true;
export const none: Same<NoCredential, Refusal | 'malformed-request'> = true;
// @ts-expect-error: not every decision refuses
export const reason: Refusal = decision;
// @ts-expect-error: a fault is no decision
export const judged: Decision = 'failed';

/** An answer is looked at before it is used. */
// @ts-expect-error: a refused refresh has no session
export const unseen = refresh.session;
export const seen = refresh.outcome === 'refreshed' ? refresh.session : refresh.reason;

/** Values stay as they are. */
// @ts-expect-error: the absolute end never moves
session.endsAt = now;
// @ts-expect-error: a contract's rule is its own
contract.policy = policy;
// @ts-expect-error: lifetimes are set where a stage is
policy.lifetime = seconds;
// @ts-expect-error: a reply is made once
reply.status = 200;
// @ts-expect-error: nobody adds a key
keys.signing.push(key);

/** A contract says everything that there is to say. */
declare const anonymous: Omit<Contract, 'apiKey'>;
declare const ruleless: Omit<Contract, 'policy'>;
declare const rude: Omit<Contract, 'refuse'>;
// @ts-expect-error: who asks for an api key?
export const keyless: Contract = { ...anonymous };
// @ts-expect-error: how long does a session live?
export const immortal: Contract = { ...ruleless };
// @ts-expect-error: what does it answer to a fault?
export const silent: Contract = { ...rude };
// @ts-expect-error: bodies are form, json or none
export const xml: Contract = { ...contract, body: 'xml' };
// @ts-expect-error: a body is text
export const structured: Reply = { status: 200, body: { a: 1 } };
