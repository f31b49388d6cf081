import { createHmac } from 'node:crypto';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { material, type WireAnswer, type World } from '../../support/world.ts';

/** The document's example answer, as it is printed. */
export const sampleAnswer = `{
"access_token":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjE0MTQxNDk5NTYsInN1YiI6IjExMDU1OCIsImlzcyI6InN0b3JlZnJvbnRVSSIsImlhdCI6MTQxNDE0OTAyNn0=.B9qM0/VKpCNKvjCmOnUPv4RS7mkIDgKcP8RJPaVQGYU=",
"token_type":"bearer",
"expires_in":930
}`;

/** Its sample response payload: the same answer, printed a second time. */
export const samplePayload = `{ "access_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjE0MTQxNDk5NTYsInN1YiI6IjExMDU1OCIsImlzcyI6InN0b3JlZnJvbnRVSSIsImlhdCI6MTQxNDE0OTAyNn0=.B9qM0/VKpCNKvjCmOnUPv4RS7mkIDgKcP8RJPaVQGYU=", "token_type": "bearer", "expires_in": 930 }`;

/** The token in the sample answer. */
export const sampleToken: string = JSON.parse(sampleAnswer).access_token;

/** The claims in it: whose it is, when it was made, and when it ends. */
export const sample = { exp: 1414149956, sub: '110558', iss: 'storefrontUI', iat: 1414149026 };

/** Refreshes with a token, as a client with nothing more to say does. */
export function refresh(world: World, token: string): Promise<WireAnswer> {
  return world.post(ccstore, { headers: { Authorization: `Bearer ${token}` } });
}

/** A 401 of the error model. */
export function refused(errorCode: string) {
  return { status: 401, json: { status: '401', errorCode } };
}

/** A token over any text, signed as `ccstore` signs unless it says otherwise. */
export function signed(
  payload: string,
  { header = '{"alg":"HS256","typ":"JWT"}', key = material.signing ?? '' } = {},
): string {
  const input = `${Buffer.from(header).toString('base64')}.${Buffer.from(payload).toString('base64')}`;
  return `${input}.${createHmac('sha256', key).update(input).digest('base64')}`;
}

/**
 * The segments of a token, as they stand in it.
 * @throws Error where it has not exactly three
 */
export function segments(token: string) {
  const [header, payload, signature, ...more] = token.split('.');
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0)
    throw new Error('a token has three segments');
  return { header, payload, signature };
}

/** The text of a token's payload, in either alphabet of base64. */
export function payloadOf(token: string): string {
  return Buffer.from(segments(token).payload, 'base64').toString();
}
