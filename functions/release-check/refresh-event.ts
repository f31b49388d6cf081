import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { Contract } from '../core/contract/contract.ts';

/** The members of API Gateway's event that a refresh Lambda reads. */
export type ProxyEvent = Pick<
  APIGatewayProxyEvent,
  'headers' | 'multiValueQueryStringParameters' | 'body' | 'isBase64Encoded'
> & { readonly requestContext: { readonly requestId: string } };

/**
 * Makes the event of a client that refreshes a session with the credentials that `open` returned
 * (`held`). They are in the body, in the contract's format. If the contract reads no body, the
 * access token is the bearer token.
 */
export function refreshOf({ body: format }: Contract, held: object, requestId: string): ProxyEvent {
  const texts = Object.entries(held).filter(([, value]) => typeof value === 'string');
  const { header, value, body } = written[format](Object.fromEntries(texts));
  return {
    headers: { [header]: value },
    multiValueQueryStringParameters: null,
    body,
    isBase64Encoded: false,
    requestContext: { requestId },
  };
}

const written = {
  form: (held) => ({
    header: 'Content-Type',
    value: 'application/x-www-form-urlencoded',
    body: new URLSearchParams(held).toString(),
  }),
  json: (held) => ({
    header: 'Content-Type',
    value: 'application/json',
    body: JSON.stringify(held),
  }),
  none: ({ accessToken }) => ({
    header: 'Authorization',
    value: `Bearer ${accessToken}`,
    body: null,
  }),
} satisfies Record<
  Contract['body'],
  (held: Record<string, string>) => { header: string; value: string; body: string | null }
>;
