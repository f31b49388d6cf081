import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { type EpochSeconds, later } from '../time.ts';
import { claimsKey } from './claims.ts';
import { type Condition, isAlive, mayRefresh } from './condition.ts';
import { attempt } from './conditional.ts';
import { type Claim, judge, type Policy, type Verdict } from './policy.ts';
import type { Refusal } from './refusal.ts';
import { DamagedRow, keyOf, toSession } from './row.ts';
import type { Claims, LoggedInSession, RowKey, Session } from './session.ts';
import { answered, documents, writtenRow } from './storage.ts';
import { newFamily } from './successor.ts';

/** What became of a refresh. */
export type Refresh =
  | { readonly outcome: 'refreshed'; readonly session: LoggedInSession }
  | { readonly outcome: 'refused'; readonly reason: Refusal };

/** One refresh to be made: whose, by what claim, under which rule, when. */
export interface RefreshRequest {
  readonly row: RowKey;
  readonly claim: Claim;
  readonly policy: Policy;
  readonly now: EpochSeconds;
  /** Ends the storage request early; the refresh then throws, and the session is as it was or refreshed. */
  readonly signal?: AbortSignal | undefined;
  /** Is handed every storage request that is made. */
  readonly watch?: Watch;
}

/** Watches a storage request being made, and gives its answer on. */
export type Watch = <Answer>(asked: Promise<Answer>) => Promise<Answer>;

/** The sessions, as a refresh sees them. */
export interface SessionStore {
  /**
   * Refreshes a session by one storage request, whatever comes of it. Two things take a second: a theft,
   * whose session is ended before this returns, and claims that are an item of their own.
   * @throws DamagedRow where the row is not one of ours, StorageUnanswered where the answer is not
   * DynamoDB's, and what the SDK throws when storage does not answer
   */
  refresh(request: RefreshRequest): Promise<Refresh>;
}

/** The sessions in a table. Where the token is the idle clock and secrets stay, nothing is written. */
export function sessionStore(client: DynamoDBClient, table: string): SessionStore {
  const wire = documents(client);

  /** Writes into a row if the condition holds; refused, the write brings the row that says why. */
  const write = (request: RefreshRequest, changes: Partial<Session>, condition: Condition) => {
    const set = Object.entries(changes);
    const update = new UpdateCommand({
      TableName: table,
      Key: keyOf(request.row),
      UpdateExpression: `SET ${set.map(([name]) => `${name} = :new_${name}`).join(', ')}`,
      ConditionExpression: condition.clauses.join(' AND '),
      ExpressionAttributeValues: {
        ...condition.values,
        ...Object.fromEntries(set.map(([name, value]) => [`:new_${name}`, value])),
      },
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    return attempt(answered(watched(request, wire.send(update, ending(request)))));
  };

  /** Reads an item, strongly consistent: a revocation that returned before is seen. */
  const read = async (request: RefreshRequest, Key: { readonly rowKey: RowKey }) => {
    const get = new GetCommand({ TableName: table, Key, ConsistentRead: true });
    const { Item } = await answered(watched(request, wire.send(get, ending(request))));
    return Item;
  };

  const look = async (request: RefreshRequest): Promise<Judged> => {
    const item = await read(request, keyOf(request.row));
    const session = item && toSession(item);
    return outcome(judge(session, request.claim, request.now), session);
  };

  /** The claims of a session, wherever they lie. */
  const claimsOf = async (
    request: RefreshRequest,
    { claims, claimsVersion }: Session,
  ): Promise<Claims> => {
    if (claimsVersion === undefined) return present(claims, 'claims');
    const item = await read(request, claimsKey(request.row, claimsVersion));
    if (typeof item?.claims !== 'string') throw new DamagedRow('the item of the claims is missing');
    return item.claims as Claims;
  };

  const judged = async (request: RefreshRequest): Promise<Judged> => {
    const { row, claim, policy, now } = request;
    // An expired token refreshes nothing: the row is only read, to say which refusal it is.
    const expired = claim.expiresAt !== undefined && claim.expiresAt <= now;
    const changes = expired ? undefined : changesOf(request);
    if (!changes) return look(request);

    const tried = await write(request, changes, mayRefresh(claim.secret, now));
    if ('written' in tried)
      return { outcome: 'refreshed', session: writtenRow(row, tried.written) };
    const session = tried.refused && toSession(tried.refused);
    const verdict = judge(session, claim, now);
    if (verdict === 'refresh') throw new Error('judge allows what the condition refused');
    if (verdict === 'reused-secret' && policy.rotation !== 'fixed' && session?.secretFamily) {
      const ended = await write(request, { revokedAt: now }, isAlive(session.secretFamily));
      if ('written' in ended) writtenRow(row, ended.written);
    }
    return outcome(verdict, session);
  };

  return {
    async refresh(request) {
      const refresh = await judged(request);
      if (refresh.outcome === 'refused') return refresh;
      const { session } = refresh;
      const subject = present(session.subject, 'subject');
      const secret = present(session.secret, 'secret');
      const claims = await claimsOf(request, session);
      return { outcome: 'refreshed', session: { ...session, subject, secret, claims } };
    },
  };
}

type Judged = Exclude<Refresh, { outcome: 'refreshed' }> | Refreshed;

interface Refreshed {
  readonly outcome: 'refreshed';
  readonly session: Session;
}

/** What a refresh writes, as its policy has it; nothing where it only reads. */
function changesOf({ claim, policy, now }: RefreshRequest): Partial<Session> | undefined {
  const { idle, rotation } = policy;
  const slid = typeof idle === 'number' ? { idleUntil: later(now, idle) } : undefined;
  if (rotation === 'fixed') return slid && { refreshedAt: now, ...slid };
  const { secret, tokenLifetime = Infinity } = claim;
  // A token must outlive the grace in which it is given again, and two tabs of one second a grace.
  const grace = Math.max(1, Math.min(rotation.grace, Math.floor(tokenLifetime / 2)));
  const next =
    typeof secret === 'string'
      ? { generation: 1, secretFamily: newFamily() }
      : { generation: secret.generation + 1 };
  const issued = typeof idle === 'number' ? undefined : { issuedLifetime: idle.token };
  return { refreshedAt: now, ...slid, ...next, ...issued, graceUntil: later(now, grace) };
}

/** What ends a storage request early: it ends the wait between two tries too. */
function ending({ signal }: RefreshRequest): { readonly abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {};
}

/** A storage request that was made, as whoever watches gives it on. */
function watched<Answer>({ watch }: RefreshRequest, asked: Promise<Answer>): Promise<Answer> {
  return watch ? watch(asked) : asked;
}

function outcome(verdict: Verdict, session: Session | undefined): Judged {
  if (verdict !== 'refresh' && verdict !== 'replay') return { outcome: 'refused', reason: verdict };
  if (!session) throw new Error('judge grants a session that is not there');
  return { outcome: 'refreshed', session };
}

/** @throws DamagedRow where a session that somebody is logged in to lacks it */
function present<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw new DamagedRow(`${name} is missing`);
  return value;
}
