import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { CompactSign } from 'jose';

const { SESSION_TABLE: TableName, FLOOR_ROW: rowKey, FLOOR_SECRET: secret } = process.env;
const documents = DynamoDBDocumentClient.from(new DynamoDBClient());

// Read while the module loads, as the contracts' keys are.
const key = signingKey();

async function signingKey() {
  const { FLOOR_KEY, FLOOR_SECRET_ID: SecretId } = process.env;
  const text = SecretId
    ? (await new SecretsManagerClient().send(new GetSecretValueCommand({ SecretId }))).SecretString
    : FLOOR_KEY;
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  return crypto.subtle.importKey('raw', new TextEncoder().encode(text), algorithm, false, ['sign']);
}

/**
 * The least that a refresh can be with the usual packages: one conditional update of one row, and one
 * HS256 signature. It reads no request, judges nothing, writes no record. At a start it reads one secret.
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
    .sign(await key);
  return { statusCode: 200, body };
}
