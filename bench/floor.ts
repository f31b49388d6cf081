import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { CompactSign } from 'jose';

const { SESSION_TABLE: TableName, FLOOR_ROW: rowKey, FLOOR_SECRET: secret } = process.env;
const documents = DynamoDBDocumentClient.from(new DynamoDBClient());
const key = await crypto.subtle.importKey(
  'raw',
  new TextEncoder().encode(process.env.FLOOR_KEY),
  { name: 'HMAC', hash: 'SHA-256' },
  false,
  ['sign'],
);

/**
 * The least that a refresh can be with the usual packages: one conditional update of one row, and one
 * HS256 signature. It reads no request, judges nothing, writes no record.
 */
export async function handler(): Promise<{ statusCode: number; body: string }> {
  const now = Math.floor(Date.now() / 1000);
  const { Attributes } = await documents.send(
    new UpdateCommand({
      TableName,
      Key: { rowKey },
      UpdateExpression: 'SET refreshedAt = :now, idleUntil = :idleUntil',
      ConditionExpression: 'secret = :secret AND endsAt > :now AND idleUntil > :now',
      ExpressionAttributeValues: { ':secret': secret, ':now': now, ':idleUntil': now + 1800 },
      ReturnValues: 'ALL_NEW',
    }),
  );
  const payload = JSON.stringify({ sub: Attributes?.subject, iat: now, exp: now + 1800 });
  const body = await new CompactSign(new TextEncoder().encode(payload))
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(key);
  return { statusCode: 200, body };
}
