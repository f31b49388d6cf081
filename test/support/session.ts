import { createSecretKey } from 'node:crypto';
import { type AttributeValue, type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { type Policy, timesAtOpening } from '../../functions/core/session/policy.ts';
import { digest, secret } from '../../functions/core/session/secret.ts';
import {
  type Claims,
  type LoggedInSession,
  type RowKey,
  rowKey,
  type Secret,
  type Session,
  type SessionId,
  sessionId,
} from '../../functions/core/session/session.ts';
import { type EpochSeconds, epochSeconds } from '../../functions/core/time.ts';

/** The second in which epoch seconds get a tenth digit: compared as texts, its neighbours sort wrongly. */
export const now = epochSeconds(1_000_000_000);

/** A policy whose refresh writes, and one whose refresh reads. */
export const sliding: Policy = { idle: 1800, lifetime: 43_200, rotation: 'fixed' };
export const reading: Policy = { idle: { token: 930 }, lifetime: 86_400, rotation: 'fixed' };

/** A text as a secret. */
export const secretOf = (text: string): Secret => made(secret(text), text);

/** A text as a session id. */
export const sessionIdOf = (text: string): SessionId => made(sessionId(text), text);

function made<Value>(value: Value | undefined, text: string): Value {
  if (value === undefined) throw new Error(`${JSON.stringify(text)} is neither id nor secret`);
  return value;
}

/** The key of a contract's row. */
export const rowOf = (contract: string, id: string): RowKey => rowKey(contract, sessionIdOf(id));

/** A text as claims. Their form is not checked. */
export const claimsOf = (text: string): Claims => text as Claims;

const digestKey = createSecretKey(new Uint8Array(32).fill(7));

/** A session that was opened now, without a login. */
export function anonymous(row: RowKey, opened: EpochSeconds = now): Session {
  return { rowKey: row, ...timesAtOpening(sliding, opened) };
}

/** A logged-in session that was opened now. */
export function loggedIn(row: RowKey, opened: EpochSeconds = now): LoggedInSession {
  return {
    ...anonymous(row, opened),
    subject: 'eos#somebody',
    secret: digest(digestKey, row, secretOf('the right one')),
    claims: claimsOf('{"b":1,"a":2}'),
  };
}

/** A row, or a part of it, as DynamoDB writes it. */
export const toItem = (session: Partial<Session>) => marshall(session);

/** A row's item with all its attributes, as DynamoDB writes it. */
export async function itemOf(
  { client, table: TableName }: { readonly client: DynamoDBClient; readonly table: string },
  row: RowKey,
): Promise<Record<string, AttributeValue> | undefined> {
  const Key = marshall({ rowKey: row });
  return (await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }))).Item;
}
