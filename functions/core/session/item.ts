import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { RowKey, Session } from './session.ts';

/** A row as DynamoDB says it. */
export type Item = Record<string, AttributeValue>;

/** The row as an item. What is absent stays absent: the index holds only rows with a subject. */
export function toItem(session: Partial<Session>): Item {
  const item: Item = {};
  for (const [name, type] of Object.entries(attributes)) {
    const value = session[name as keyof Session];
    if (value !== undefined)
      item[name] = type === 'N' ? { N: String(value) } : { S: String(value) };
  }
  return item;
}

/** The item as a row. */
export function toSession(item: Item): Session {
  const row: Record<string, unknown> = {};
  for (const [name, type] of Object.entries(attributes)) {
    const value = item[name];
    if (value !== undefined) row[name] = type === 'N' ? Number(value.N) : value.S;
  }
  return row as unknown as Session;
}

/**
 * The row that a write was answered with.
 * @throws where it was answered with another or none: then nobody knows what was written
 */
export function writtenRow(row: RowKey, { Attributes, $metadata }: Written): Session {
  if (Attributes?.rowKey?.S === row) return toSession(Attributes);
  throw notAnswered('a write was answered without its row', $metadata);
}

/** The error of an answer that is not DynamoDB's; by `$metadata` faultOf in core/edge knows that AWS failed. */
export function notAnswered(message: string, $metadata: object): Error {
  return Object.assign(new Error(message), { $metadata });
}

/** What writes answer. */
interface Written {
  readonly Attributes?: Item | undefined;
  readonly $metadata: object;
}

/** The key of a row. */
export function keyOf(row: RowKey): Item {
  return { rowKey: { S: row } };
}

const attributes = {
  rowKey: 'S',
  subject: 'S',
  secret: 'S',
  generation: 'N',
  secretFamily: 'S',
  issuedLifetime: 'N',
  graceUntil: 'N',
  tokenLifetime: 'N',
  claims: 'S',
  claimsVersion: 'S',
  openedAt: 'N',
  refreshedAt: 'N',
  idleUntil: 'N',
  endsAt: 'N',
  revokedAt: 'N',
  purgeAt: 'N',
} as const satisfies Record<keyof Session, 'S' | 'N'>;
