import { type AttributeValue, type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { RowKey, Session } from '../../functions/core/session/session.ts';

/** A row, or a part of it, as DynamoDB writes it. */
export function toItem(session: Partial<Session>): Record<string, AttributeValue> {
  return marshall(session);
}

/** The key of a row, as DynamoDB writes it. */
export function keyOf(row: RowKey): Record<string, AttributeValue> {
  return marshall({ rowKey: row });
}

/** A row's item with all its attributes, as DynamoDB writes it. */
export async function itemOf(
  { client, table }: { readonly client: DynamoDBClient; readonly table: string },
  row: RowKey,
): Promise<Record<string, AttributeValue> | undefined> {
  const get = new GetItemCommand({ TableName: table, Key: keyOf(row), ConsistentRead: true });
  return (await client.send(get)).Item;
}
