import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  DynamoDBServiceException,
} from '@aws-sdk/client-dynamodb';
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

/** DynamoDB did not answer, refused to, or something else answered in its place. A retry is safe. */
export class StorageUnavailable extends Error {
  override readonly name: string = 'StorageUnavailable';
}

/** DynamoDB did not answer in time, or the caller's signal ended the request. A retry is safe. */
export class StorageTimedOut extends StorageUnavailable {
  override readonly name = 'StorageTimedOut';
}

/** A conditional update of one row. `set` and `conditions` are DynamoDB expressions. */
export interface Write {
  readonly rowKey: RowKey;
  readonly set: readonly string[];
  readonly conditions: readonly string[];
  readonly values: Readonly<Record<string, string | number>>;
}

/** The row after a write; or the row that refused it, nothing where there is none. */
export type Written =
  | { readonly outcome: 'written'; readonly item: Item }
  | {
      readonly outcome: 'refused';
      readonly item: Item | undefined;
      /** Whether the SDK sent it more than once: then the row may be the work of this very write. */
      readonly retried: boolean;
    };

/** How a request is made. */
export interface RequestOptions {
  /** Ends the request, and the wait between two tries. It may have been carried out all the same. */
  readonly signal?: AbortSignal | undefined;
  /** Is given every request, and gives its answer on. */
  readonly watch?: Watch | undefined;
}

/** Watches a storage request. */
export type Watch = <Answer>(request: Promise<Answer>) => Promise<Answer>;

/** One page of an index, and the key where the next begins. */
export interface Page {
  readonly rowKeys: readonly RowKey[];
  readonly next?: Item;
}

/**
 * The table of sessions. Every call is one storage request.
 * @throws StorageUnavailable, or its subclass StorageTimedOut, where DynamoDB gives no answer; other
 * errors are bugs
 */
export interface Table {
  /** Writes if the conditions hold. The refused write brings the row that tells why: no second read. */
  update(write: Write, options?: RequestOptions): Promise<Written>;
  /** Writes a new item, or an item over another where `replace` is set. */
  put(item: { readonly rowKey: RowKey }, replace?: 'replace'): Promise<Written>;
  /** Reads an item, strongly consistent: a revocation that has returned is seen. */
  get(rowKey: RowKey, options?: RequestOptions): Promise<Item | undefined>;
  /** A page of the keys that the index `bySubject` has for a subject. AWS fills the index late. */
  bySubject(subject: string, from?: Item): Promise<Page>;
}

/** The table of that name. */
export function dynamoDBTable(client: DynamoDBClient, name: string): Table {
  const documents = DynamoDBDocumentClient.from(client, {
    // Absent attributes stay absent, so the index has no empty keys.
    marshallOptions: { removeUndefinedValues: true },
  });

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
      return conditional(answered(documents.send(command, ending(signal)), watch), (answer) => {
        if (answer.Attributes?.rowKey === rowKey) return answer.Attributes;
        throw new StorageUnavailable('the answer to a write has no row');
      });
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
      return conditional(answered(documents.send(command)), () => ({ ...item }));
    },

    async get(rowKey, { signal, watch } = {}) {
      const command = new GetCommand({ TableName: name, Key: { rowKey }, ConsistentRead: true });
      const { Item } = await answered(documents.send(command, ending(signal)), watch);
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
      const { Items = [], LastEvaluatedKey } = await answered(documents.send(command));
      const rowKeys = Items.map(({ rowKey }) => rowKey as RowKey);
      return LastEvaluatedKey ? { rowKeys, next: LastEvaluatedKey } : { rowKeys };
    },
  };
}

interface Answer {
  readonly $metadata: { readonly requestId?: string | undefined };
}

/** A refusal is an answer, and brings the item, which stays marshalled (aws-sdk-js-v3#6723). */
async function conditional<Output extends Answer>(
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

/** DynamoDB's answer. A 200 without its request id comes from something in between, and means nothing. */
async function answered<Output extends Answer>(
  request: Promise<Output>,
  watch: Watch = (watched) => watched,
): Promise<Output> {
  try {
    const answer = await watch(request);
    if (answer.$metadata.requestId !== undefined) return answer;
  } catch (error) {
    throw storageError(error);
  }
  throw new StorageUnavailable('an answer has no request id of DynamoDB');
}

function ending(signal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {};
}

/**
 * What an error of the SDK means to a client. DynamoDB that does not answer, or refuses to, is an outage; a
 * request that DynamoDB calls invalid is a bug, and so is everything that this function does not know.
 */
function storageError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ConditionalCheckFailedException) return error;
  if (timeouts.has(error.name)) return new StorageTimedOut(error.name, { cause: error });
  if (bugs.has(error.name)) return error;
  const unavailable =
    error instanceof DynamoDBServiceException ||
    error.name === 'CredentialsProviderError' ||
    '$metadata' in error ||
    ('code' in error && connectionErrors.has(String(error.code)));
  return unavailable ? new StorageUnavailable(error.name, { cause: error }) : error;
}

/** The names that the SDK gives to its own timeout and to an aborted request. It has no classes for them. */
const timeouts = new Set(['TimeoutError', 'AbortError', 'RequestTimeout']);

const bugs = new Set(['ValidationException', 'SerializationException']);

/** Node's codes of a connection that fails. */
const connectionErrors = new Set([
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
