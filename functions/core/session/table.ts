// The only file in core/session that calls the SDK. It is over 150 lines because it has every
// request to the table and the meaning of every error of the SDK.

import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Item } from './row.ts';
import type { RowKey } from './session.ts';

/** DynamoDB did not answer or refused to, or the answer is not from DynamoDB. A retry is safe. */
export class StorageUnavailable extends Error {
  override readonly name: string = 'StorageUnavailable';
}

/** DynamoDB did not answer in time, or the caller's signal aborted the request. A retry is safe. */
export class StorageTimedOut extends StorageUnavailable {
  override readonly name = 'StorageTimedOut';
}

/** A conditional update of one row, in DynamoDB expressions. All `conditions` must hold. */
export interface Write {
  readonly rowKey: RowKey;
  readonly set: readonly string[];
  readonly conditions: readonly string[];
  readonly values: Readonly<Record<string, string | number>>;
}

/** The row after a write, or the row that refused the write (`undefined` if there is no row). */
export type Written =
  | { readonly outcome: 'written'; readonly item: Item }
  | {
      readonly outcome: 'refused';
      readonly item: Item | undefined;
      /** Whether the SDK sent the write more than once. Then the row can come from this write. */
      readonly retried: boolean;
    };

/** How a request is made. */
export interface RequestOptions {
  /** Aborts the request and the wait before a retry. The write is perhaps done all the same. */
  readonly signal?: AbortSignal | undefined;
  /** Is called with the promise of each request, and must return its answer. */
  readonly watch?: Watch | undefined;
}

/** Watches a storage request. */
export type Watch = <Answer>(request: Promise<Answer>) => Promise<Answer>;

/** One page of an index, and the key at which the next page begins. */
export interface Page {
  readonly rowKeys: readonly RowKey[];
  readonly next?: Item;
}

/**
 * The table of sessions. Every call is one storage request.
 * @throws StorageUnavailable, or its subclass StorageTimedOut, if DynamoDB does not answer or
 * refuses to; every other error is a bug
 */
export interface Table {
  /** Writes if the conditions hold. A refused write brings the row that explains the refusal. */
  update(write: Write, options?: RequestOptions): Promise<Written>;
  /** Writes a new item. With `replace`, it writes over an item that is there. */
  put(item: { readonly rowKey: RowKey }, replace?: 'replace'): Promise<Written>;
  /** Reads an item, strongly consistent: it sees every write that has returned. */
  get(rowKey: RowKey, options?: RequestOptions): Promise<Item | undefined>;
  /** A page of the row keys of a subject in the index `bySubject`. AWS updates the index late. */
  bySubject(subject: string, from?: Item): Promise<Page>;
}

/** The table of this name. */
export function dynamoDBTable(client: DynamoDBClient, name: string): Table {
  const documents = DynamoDBDocumentClient.from(client);

  return {
    update({ rowKey, set, conditions, values }, { signal, watch } = {}) {
      const command = new UpdateCommand({
        TableName: name,
        Key: { rowKey },
        UpdateExpression: `SET ${set.join(', ')}`,
        ConditionExpression: conditions.join(' AND '),
        ExpressionAttributeValues: values,
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      return written(
        answerOf(documents.send(command, signal && { abortSignal: signal }), watch),
        (answer) => {
          if (answer.Attributes?.rowKey === rowKey) return answer.Attributes;
          throw new StorageUnavailable('the answer to a write has no row of its key');
        },
      );
    },

    put(item, replace) {
      const command = new PutCommand({
        TableName: name,
        Item: item,
        ...(!replace && {
          ConditionExpression: 'attribute_not_exists(rowKey)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      });
      return written(answerOf(documents.send(command)), () => ({ ...item }));
    },

    async get(rowKey, { signal, watch } = {}) {
      const command = new GetCommand({ TableName: name, Key: { rowKey }, ConsistentRead: true });
      const { Item } = await answerOf(
        documents.send(command, signal && { abortSignal: signal }),
        watch,
      );
      return Item;
    },

    async bySubject(subject, from) {
      const command = new QueryCommand({
        TableName: name,
        IndexName: 'bySubject',
        KeyConditionExpression: 'subject = :subject',
        ExpressionAttributeValues: { ':subject': subject },
        ...(from && { ExclusiveStartKey: from }),
      });
      const { Items = [], LastEvaluatedKey } = await answerOf(documents.send(command));
      const rowKeys = Items.map(({ rowKey }) => rowKey as RowKey);
      return LastEvaluatedKey ? { rowKeys, next: LastEvaluatedKey } : { rowKeys };
    },
  };
}

interface Answer {
  readonly $metadata: { readonly requestId?: string | undefined };
}

/** The result of a write. A refused write brings its item marshalled (aws-sdk-js-v3#6723). */
async function written<Output extends Answer>(
  request: Promise<Output>,
  itemOf: (answer: Output) => Item,
): Promise<Written> {
  try {
    return { outcome: 'written', item: itemOf(await request) };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const retried = (error.$metadata.attempts ?? 1) > 1;
    return { outcome: 'refused', item: error.Item && unmarshall(error.Item), retried };
  }
}

/**
 * The answer of DynamoDB. A 200 without a request id is not from DynamoDB, so DynamoDB perhaps did
 * nothing: it counts as unavailable.
 */
async function answerOf<Output extends Answer>(
  request: Promise<Output>,
  watch: Watch = (watched) => watched,
): Promise<Output> {
  try {
    const answer = await watch(request);
    if (answer.$metadata.requestId !== undefined) return answer;
  } catch (error) {
    throw storageError(error);
  }
  throw new StorageUnavailable('the answer has no request id of DynamoDB');
}

/**
 * Maps an error of the SDK. These are an outage: an answer of DynamoDB or of a service before it, which the
 * SDK's `$metadata` tells; missing credentials; a failed connection. An error in `bugs`, or of any
 * other kind, is a bug and stays as it is.
 */
function storageError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ConditionalCheckFailedException) return error;
  const { name, code }: NodeJS.ErrnoException = error;
  if (timeouts.has(name)) return new StorageTimedOut(name, { cause: error });
  if (bugs.has(name)) return error;
  const unavailable =
    name === 'CredentialsProviderError' || '$metadata' in error || connectionErrors.has(code);
  return unavailable ? new StorageUnavailable(name, { cause: error }) : error;
}

/** The names of the SDK's errors for a timeout and an aborted request. They have no classes. */
const timeouts = new Set(['TimeoutError', 'AbortError', 'RequestTimeout']);

const bugs = new Set(['ValidationException', 'SerializationException']);

/** Node's codes for a connection that fails. */
const connectionErrors = new Set<unknown>([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);
