import { type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { type EpochSeconds, later } from '../time.ts';
import { attempt } from './conditional.ts';
import { keyOf, notAnswered, toSession, writtenRow } from './item.ts';
import { type Claim, judge, type Policy, type Verdict } from './policy.ts';
import type { Refusal } from './refusal.ts';
import { type Sending, sending } from './sending.ts';
import type { RowKey, Session } from './session.ts';

/** What became of a refresh. */
export type Refresh =
  | { readonly outcome: 'refreshed'; readonly session: Session }
  | { readonly outcome: 'refused'; readonly reason: Refusal };

/** One refresh to be made: whose, by what claim, under which rule, when. */
export interface RefreshRequest {
  readonly row: RowKey;
  readonly claim: Claim;
  readonly policy: Policy;
  readonly now: EpochSeconds;
  /** Ends the storage request early; the refresh then throws, and the session is as it was or refreshed. */
  readonly signal?: AbortSignal | undefined;
}

/** The sessions, as a refresh sees them. */
export interface SessionStore {
  /**
   * Refreshes a session by exactly one storage request, whatever comes of it.
   * @throws what the SDK throws when storage does not answer
   */
  refresh(request: RefreshRequest): Promise<Refresh>;
}

/** The sessions in a table. Where the token is the idle clock there is nothing to write. */
export function sessionStore(client: DynamoDBClient, name: string): SessionStore {
  const table = { name, ...sending(client) };
  return {
    refresh(request) {
      const { claim, policy, now } = request;
      // An expired token refreshes nothing: the row is only read, to say which refusal it is.
      const expired = claim.expiresAt !== undefined && claim.expiresAt <= now;
      return typeof policy.idle === 'number' && !expired
        ? slide(table, request, policy.idle)
        : look(table, request);
    },
  };
}

type Table = Sending & { readonly name: string };

/** Moves the idle limit by one conditional write; refused, that write brings the row that says why. */
async function slide(
  table: Table,
  { row, claim, now, signal }: RefreshRequest,
  idle: number,
): Promise<Refresh> {
  const update = new UpdateItemCommand({
    TableName: table.name,
    Key: keyOf(row),
    UpdateExpression: 'SET refreshedAt = :now, idleUntil = :idleUntil',
    ConditionExpression: mayRefresh,
    ExpressionAttributeValues: {
      ':secret': { S: claim.secret },
      ':now': { N: String(now) },
      ':idleUntil': { N: String(later(now, idle)) },
    },
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const tried = await attempt(table.update(update, signal));
  if ('written' in tried) return { outcome: 'refreshed', session: writtenRow(row, tried.written) };
  const verdict = judge(tried.refused, claim, now);
  if (verdict === 'refresh') throw new Error('judge allows what the condition refused');
  return outcome(verdict, tried.refused);
}

/**
 * `judge(…) === 'refresh'`, as DynamoDB says it: test/session/law.test.ts holds them together. That
 * the secret is equal demands that the row exists, so no refresh makes one.
 */
const mayRefresh = [
  'secret = :secret',
  'attribute_not_exists(revokedAt)',
  'endsAt > :now',
  'idleUntil > :now',
  'refreshedAt <= :now',
].join(' AND ');

/** Reads the row, strongly consistent: a revocation that returned before is seen. */
async function look(table: Table, { row, claim, now, signal }: RefreshRequest): Promise<Refresh> {
  const get = new GetItemCommand({ TableName: table.name, Key: keyOf(row), ConsistentRead: true });
  const { Item, $metadata } = await table.get(get, signal);
  // DynamoDB names every request that it answers: an empty answer without that is not its "no row".
  if (!Item && $metadata.requestId === undefined)
    throw notAnswered('a read was answered by nobody', $metadata);
  const session = Item && toSession(Item);
  return outcome(judge(session, claim, now), session);
}

function outcome(verdict: Verdict, session: Session | undefined): Refresh {
  if (verdict !== 'refresh' && verdict !== 'replay') return { outcome: 'refused', reason: verdict };
  if (!session) throw new Error('judge grants a session that is not there');
  return { outcome: 'refreshed', session };
}
