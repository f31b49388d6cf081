import {
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { EpochSeconds } from '../time.ts';
import { attempt } from './conditional.ts';
import { type Item, keyOf, toItem, toSession, writtenRow } from './item.ts';
import { judgeLogin, type LoginRefusal } from './policy.ts';
import type { RowKey, Session } from './session.ts';

/** What a login writes into an anonymous session. */
export type Login = Required<Pick<Session, 'subject' | 'secret' | 'refreshedAt' | 'idleUntil'>> &
  Pick<Session, 'claims' | 'claimsVersion'>;

/** One page of a subject's sessions, and where the next begins. */
export interface Page {
  readonly rows: readonly RowKey[];
  readonly next?: Item;
}

/**
 * The sessions, as those see them who open and end them. Every call is one storage request, and
 * throws what the SDK throws when storage does not answer.
 */
export interface SessionRegistry {
  /** Writes claims that are an item of their own, before the row that names them. */
  keepClaims(claims: Item): Promise<void>;
  /** Writes a new row. An id that was ever used, and is not purged yet, stays what it is. */
  open(session: Session): Promise<'opened' | 'id-taken'>;
  /** Makes an anonymous, unexpired session someone's, or changes nothing and says why. */
  login(row: RowKey, login: Login): Promise<Session | LoginRefusal>;
  /** The row, strongly consistent. */
  find(row: RowKey): Promise<Session | undefined>;
  /** Ends a session, at once and for good. Answers the row as it was before, if there is one. */
  revoke(row: RowKey, now: EpochSeconds): Promise<Session | undefined>;
  /** A page of a subject's sessions from the index, which AWS fills late. */
  page(subject: string, from?: Item): Promise<Page>;
}

/** The sessions in a table with its index `bySubject`. */
export function sessionRegistry(client: DynamoDBClient, table: string): SessionRegistry {
  return {
    async keepClaims(claims) {
      await client.send(new PutItemCommand({ TableName: table, Item: claims }));
    },

    async open(session) {
      const put = new PutItemCommand({
        TableName: table,
        Item: toItem(session),
        ConditionExpression: 'attribute_not_exists(rowKey)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      const tried = await attempt(client.send(put));
      return 'written' in tried || (tried.again && holds(tried.refused, session))
        ? 'opened'
        : 'id-taken';
    },

    async login(row, login) {
      const changes = Object.entries(toItem(login));
      const update = new UpdateItemCommand({
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
      const tried = await attempt(client.send(update));
      if ('written' in tried) return writtenRow(row, tried.written);
      if (tried.again && tried.refused && holds(tried.refused, login)) return tried.refused;
      const verdict = judgeLogin(tried.refused, login.refreshedAt);
      if (verdict === 'login') throw new Error('judgeLogin allows what the condition refused');
      return verdict;
    },

    async find(row) {
      const get = new GetItemCommand({ TableName: table, Key: keyOf(row), ConsistentRead: true });
      const { Item } = await client.send(get);
      return Item && toSession(Item);
    },

    async revoke(row, now) {
      const update = new UpdateItemCommand({
        TableName: table,
        Key: keyOf(row),
        UpdateExpression: 'SET revokedAt = if_not_exists(revokedAt, :now)',
        ConditionExpression: 'attribute_exists(rowKey)',
        ExpressionAttributeValues: { ':now': { N: String(now) } },
        ReturnValues: 'ALL_OLD',
      });
      const tried = await attempt(client.send(update));
      if (!('written' in tried)) return undefined;
      const { revokedAt, ...before } = writtenRow(row, tried.written);
      // Sent twice since the first answer was lost: the moment in the row is this revocation's own.
      const own = (tried.written.$metadata.attempts ?? 1) > 1 && revokedAt === now;
      return revokedAt === undefined || own ? before : { ...before, revokedAt };
    },

    async page(subject, from) {
      const query = new QueryCommand({
        TableName: table,
        IndexName: 'bySubject',
        KeyConditionExpression: 'subject = :subject',
        ExpressionAttributeValues: { ':subject': { S: subject } },
        ...(from && { ExclusiveStartKey: from }),
      });
      const { Items = [], LastEvaluatedKey } = await client.send(query);
      const rows = Items.map((item) => toSession(item).rowKey);
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
function holds(row: Session | undefined, written: Partial<Session>): boolean {
  return (
    row !== undefined &&
    row.revokedAt === undefined &&
    Object.entries(toItem(written)).every(
      ([name, value]) => JSON.stringify(toItem(row)[name]) === JSON.stringify(value),
    )
  );
}
