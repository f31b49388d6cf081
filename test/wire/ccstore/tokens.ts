import { ccstore } from '../../../functions/ccstore/contract.ts';
import type { WireAnswer, World } from '../../support/world.ts';

/** The document's example answer, as it is printed. */
export const sampleAnswer = `{
"access_token":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjE0MTQxNDk5NTYsInN1YiI6IjExMDU1OCIsImlzcyI6InN0b3JlZnJvbnRVSSIsImlhdCI6MTQxNDE0OTAyNn0=.B9qM0/VKpCNKvjCmOnUPv4RS7mkIDgKcP8RJPaVQGYU=",
"token_type":"bearer",
"expires_in":930
}`;

/** Its sample response payload: the same answer, printed a second time. */
export const samplePayload = `{ "access_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjE0MTQxNDk5NTYsInN1YiI6IjExMDU1OCIsImlzcyI6InN0b3JlZnJvbnRVSSIsImlhdCI6MTQxNDE0OTAyNn0=.B9qM0/VKpCNKvjCmOnUPv4RS7mkIDgKcP8RJPaVQGYU=", "token_type": "bearer", "expires_in": 930 }`;

/** Refreshes with a token, as a client with nothing more to say does. */
export function refresh(world: World, token: string): Promise<WireAnswer> {
  return world.post(ccstore, { headers: { Authorization: `Bearer ${token}` } });
}

/** A 401 of the error model. */
export function refused(errorCode: string) {
  return { status: 401, json: { status: '401', errorCode } };
}

/** The text of a token's payload, in either alphabet of base64. */
export function payloadOf(token: string): string {
  return Buffer.from(token.split('.')[1] ?? '', 'base64').toString();
}
