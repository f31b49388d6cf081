/** What must not compile, and what must. tsc reads this file; nothing runs it. */
import type { Contract, NoCredential } from '../functions/core/contract/contract.ts';
import type { Fault } from '../functions/core/contract/fault.ts';
import type { Reply } from '../functions/core/contract/reply.ts';
import type { Keys } from '../functions/core/keys/keys.ts';
import type { faultOf } from '../functions/core/lambda/errors.ts';
import type { Decision } from '../functions/core/session/policy.ts';
import type { Presented } from '../functions/core/session/rotation.ts';
import type { digest } from '../functions/core/session/secret.ts';
import type {
  Credential,
  Digest,
  Refusal,
  RowKey,
  rowKey,
  Secret,
  Session,
  SessionId,
} from '../functions/core/session/session.ts';
import type { Refreshed, Refused, Sessions } from '../functions/core/session/sessions.ts';
import type { EpochSeconds, earlier, later } from '../functions/core/time.ts';

type Yes<Verdict extends true> = Verdict;
type No<Verdict extends false> = Verdict;
type Fits<From, To> = [From] extends [To] ? true : false;
type Same<One, Other> = [One, Other] extends [Other, One] ? true : false;
type Takes<Call extends (...args: never) => unknown, Args> = Fits<Args, Parameters<Call>>;

/** A brand is its base; a base is no brand: one function alone makes it. */
export type Bases = [
  Yes<Fits<SessionId | Secret | Digest | RowKey, string>>,
  Yes<Fits<EpochSeconds, number>>,
  No<Fits<string, SessionId | Secret | Digest | RowKey>>,
  No<Fits<number, EpochSeconds>>,
  No<Fits<Date, EpochSeconds>>,
];

/** No brand is another: an id proves nothing, and a secret is never stored as it is. */
export type Brands = [
  No<Fits<SessionId, Secret | Digest | RowKey>>,
  No<Fits<Secret, SessionId | Digest | RowKey>>,
  No<Fits<Digest, SessionId | Secret | RowKey>>,
  No<Fits<RowKey, SessionId | Secret | Digest>>,
];

/** What is easily swapped can't be: a digest is bound to a row, and a signing key makes none. */
export type Calls = [
  Yes<Takes<typeof rowKey, ['eos', SessionId]>>,
  No<Takes<typeof rowKey, ['eos', Secret]>>,
  Yes<Takes<typeof digest, [Keys['digest'], RowKey, Secret]>>,
  No<Takes<typeof digest, [Keys['digest'], Secret, RowKey]>>,
  No<Takes<typeof digest, [Keys['digest'], SessionId, Secret]>>,
  No<Takes<typeof digest, [Keys['digest'], RowKey, Digest]>>,
  No<Takes<typeof digest, [Keys['signing'], RowKey, Secret]>>,
  Yes<Takes<typeof later, [EpochSeconds, number]>>,
  No<Takes<typeof later, [number, number]>>,
  Yes<Takes<typeof earlier, [EpochSeconds, EpochSeconds]>>,
  No<Takes<typeof earlier, [EpochSeconds, number]>>,
  // The clock is handed in.
  Yes<Takes<Sessions['refresh'], [Credential, { now: EpochSeconds }]>>,
  No<Takes<Sessions['refresh'], [Credential]>>,
  No<Fits<{ generation: 0; digest: Secret }, Presented>>,
  No<Fits<{ id: SessionId; secret: Secret; expiresAt: number }, Credential>>,
  // What has no end leaves it out.
  No<Fits<{ id: SessionId; secret: Secret; expiresAt: undefined }, Credential>>,
];

/** The unions are closed. */
type Refusals = 'unknown-session' | 'not-logged-in' | 'wrong-secret' | 'reused-secret' | 'revoked';
type OfRequest = 'malformed-request' | 'unknown-client' | 'forbidden' | 'unknown-route';
type OfUse = 'over-rate' | 'over-quota' | 'too-large';
type Outages = 'failed' | 'unavailable' | 'timed-out';
export type Unions = [
  Yes<Same<Refusal, Refusals | 'idle-too-long' | 'lifetime-over'>>,
  Yes<Same<Fault, OfRequest | OfUse | Outages>>,
  Yes<Same<Refusal & Fault, never>>,
  Yes<Same<ReturnType<typeof faultOf>, Outages>>,
  Yes<Same<NoCredential, Refusal | 'malformed-request'>>,
  No<Fits<Decision, Refusal>>,
  No<Fits<'failed', Decision>>,
];

/** A table of answers is complete, a contract says everything, and an answer is looked at first. */
type Replies = Record<Refusal | Fault, Reply>;
export type Whole = [
  No<Fits<Omit<Replies, 'revoked'>, Replies>>,
  No<Fits<Omit<Contract, 'apiKey'>, Contract>>,
  No<Fits<Omit<Contract, 'policy'>, Contract>>,
  No<Fits<Omit<Contract, 'refuse'>, Contract>>,
  No<Fits<'xml', Contract['body']>>,
  No<Fits<{ a: 1 }, Reply['body']>>,
  No<Fits<'session', keyof (Refreshed | Refused)>>,
  Yes<Fits<Extract<Refreshed | Refused, { outcome: 'refreshed' }>, { session: Session }>>,
];

/** Values stay as they are. */
export function change(keys: Keys, session: Session, contract: Contract, reply: Reply) {
  // @ts-expect-error: the absolute end never moves
  session.endsAt = session.openedAt;
  // @ts-expect-error: a contract's rule is its own
  contract.policy = { ...contract.policy };
  // @ts-expect-error: lifetimes are set where a stage is
  contract.policy.lifetime = 1;
  // @ts-expect-error: a reply is made once
  reply.status = 200;
  // @ts-expect-error: nobody adds a key
  keys.signing.push(keys.digest);
}
