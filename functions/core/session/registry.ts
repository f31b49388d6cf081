import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { EpochSeconds } from '../time.ts';
import type { ClaimsItem } from './claims.ts';
import { attempt } from './conditional.ts';
import { judgeLogin, type LoginRefusal } from './policy.ts';
import { type Item, isDamaged, keyOf, toSession } from './row.ts';
import type { RowKey, Session } from './session.ts';
import { answered, documents, writtenItem, writtenRow } from './storage.ts';

/** What a login writes into an anonymous session. */
export type Login = Required<Pick<Session, 'subject' | 'secret' | 'refreshedAt' | 'idleUntil'>> &
  Pick<Session, 'claims' | 'claimsVersion'>;

/** One page of a subject's sessions, and where the next begins. */
export interface Page {
  readonly rows: readonly RowKey[];
  readonly next?: Readonly<Record<string, unknown>>;
}

/**
 * The sessions, as those see them who open and end them. Every call is one storage request, and
 * throws what the SDK throws when storage does not answer.
 */
export interface SessionRegistry {
  /** Writes claims that are an item of their own, before the row that names them. */
  keepClaims(claims: ClaimsItem): Promise<void>;
  /** Writes a new row. An id that was ever used, and is not purged yet, stays what it is. */
  open(session: Session): Promise<'opened' | 'id-taken'>;
  /** Makes an anonymous, unexpired session someone's, or changes nothing and says why. */
  login(row: RowKey, login: Login): Promise<Session | LoginRefusal>;
  /** The row, strongly consistent. */
  find(row: RowKey): Promise<Session | undefined>;
  /**
   * Ends a session, at once and for good. Answers the row as it was before, if there is one; a damaged
   * row is ended like any other.
   */
  revoke(row: RowKey, now: EpochSeconds): Promise<Session | 'damaged' | undefined>;
  /** A page of a subject's sessions from the index, which AWS fills late. */
  page(subject: string, from?: Page['next']): Promise<Page>;
}

/** The sessions in a table with its index `bySubject`. */
export function sessionRegistry(client: DynamoDBClient, table: string): SessionRegistry {
  const wire = documents(client);
  return {
    async keepClaims(claims) {
      await answered(wire.send(new PutCommand({ TableName: table, Item: claims })));
    },

    async open(session) {
      const put = new PutCommand({
        TableName: table,
        Item: session,
        ConditionExpression: 'attribute_not_exists(rowKey)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      const tried = await attempt(answered(wire.send(put)));
      return 'written' in tried || (tried.again && holds(tried.refused, session))
        ? 'opened'
        : 'id-taken';
    },

    async login(row, login) {
      const changes = Object.entries(login);
      const update = new UpdateCommand({
        TableName: table,
        Key: keyOf(row),
        UpdateExpression: `SET ${changes.map(([name]) => `${name} = :${name}`).join(', ')}`,
        ConditionExpression: mayLogin,
        ExpressionAttributeValues: Object.fromEntries(
          changes.map(([name, value]) => [`:${name}`, value]),
        ),
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      const tried = await attempt(answered(wire.send(update)));
      if ('written' in tried) return writtenRow(row, tried.written);
      const session = tried.refused && toSession(tried.refused);
      if (tried.again && session && holds(tried.refused, login)) return session;
      const verdict = judgeLogin(session, login.refreshedAt);
      if (verdict === 'login') throw new Error('judgeLogin allows what the condition refused');
      return verdict;
    },

    async find(row) {
      const get = new GetCommand({ TableName: table, Key: keyOf(row), ConsistentRead: true });
      const { Item } = await answered(wire.send(get));
      return Item && toSession(Item);
    },

    async revoke(row, now) {
      const update = new UpdateCommand({
        TableName: table,
        Key: keyOf(row),
        UpdateExpression: 'SET revokedAt = if_not_exists(revokedAt, :now)',
        ConditionExpression: 'attribute_exists(rowKey)',
        ExpressionAttributeValues: { ':now': now },
        ReturnValues: 'ALL_OLD',
      });
      const tried = await attempt(answered(wire.send(update)));
      if (!('written' in tried)) return undefined;
      const item = writtenItem(row, tried.written);
      if (isDamaged(item)) return 'damaged';
      const { revokedAt, ...before } = toSession(item);
      // Sent twice since the first answer was lost: the moment in the row is this revocation's own.
      const own = (tried.written.$metadata.attempts ?? 1) > 1 && revokedAt === now;
      return revokedAt === undefined || own ? before : { ...before, revokedAt };
    },

    async page(subject, from) {
      const query = new QueryCommand({
        TableName: table,
        IndexName: 'bySubject',
        KeyConditionExpression: 'subject = :subject',
        ExpressionAttributeValues: { ':subject': subject },
        ...(from && { ExclusiveStartKey: from }),
      });
      const { Items = [], LastEvaluatedKey } = await answered(wire.send(query));
      const rows = Items.map(({ rowKey }) => rowKey as RowKey);
      return LastEvaluatedKey ? { rows, next: LastEvaluatedKey } : { rows };
    },
  };
}

/** `judgeLogin(…) === 'login'`, as DynamoDB says it; test/session/law.test.ts holds them together. */
const mayLogin = [
  'attribute_exists(rowKey)',
  'attribute_not_exists(secret)',
  'attribute_not_exists(revokedAt)',
  'endsAt > :refreshedAt',
  'idleUntil > :refreshedAt',
].join(' AND ');

/**
 * Whether the row that refused a write holds all that was to be written. Then it is that very write's:
 * its answer was lost, the SDK sent it again, and a digest of a secret is in it.
 */
function holds(row: Item | undefined, written: Partial<Session>): boolean {
  return (
    row !== undefined &&
    row.revokedAt === undefined &&
    Object.entries(written).every(([name, value]) => row[name] === value)
  );
}
