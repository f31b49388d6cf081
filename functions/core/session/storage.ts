import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type Item, toSession } from './row.ts';
import type { RowKey, Session } from './session.ts';

/** Storage did not answer, or something that is not DynamoDB answered in its place. */
export class StorageUnanswered extends Error {
  override readonly name = 'StorageUnanswered';
}

/** The document client over a client: absent attributes stay absent, so the index has no empty keys. */
export function documents(client: DynamoDBClient): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}

/**
 * DynamoDB's answer to a request.
 * @throws StorageUnanswered where it lacks the request id that DynamoDB gives every answer: a 200 of
 * something in between means neither "written" nor "no such row"
 */
export async function answered<
  Answer extends { readonly $metadata: { readonly requestId?: string } },
>(asked: Promise<Answer>): Promise<Answer> {
  const answer = await asked;
  if (answer.$metadata.requestId !== undefined) return answer;
  throw new StorageUnanswered('an answer has no request id of DynamoDB');
}

/**
 * The item that a write was answered with.
 * @throws StorageUnanswered where the answer has another item or none: nobody knows what was written
 */
export function writtenItem(
  row: RowKey,
  { Attributes }: { readonly Attributes?: Item | undefined },
): Item {
  if (Attributes?.rowKey === row) return Attributes;
  throw new StorageUnanswered('the answer to a write has no row');
}

/**
 * The row that a write was answered with.
 * @throws StorageUnanswered where there is none, DamagedRow where it is not one of ours
 */
export function writtenRow(
  row: RowKey,
  answer: { readonly Attributes?: Item | undefined },
): Session {
  return toSession(writtenItem(row, answer));
}
