import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { Contract } from '../../../functions/core/contract/contract.ts';

/**
 * What must never be written, each to be recognised. Their signs are such that a URL, a form and JSON
 * would write them differently.
 */
export const marks = {
  sessionId: 'mark-id-7Qw3',
  secret: 'mark-secret-Zk81~+/=',
  guess: 'mark guess "Lp09"',
  apiKey: 'markapikeyH6dR2uYt5b9rnknaj87k',
  subject: 'mark subject Oy55',
  rootKey: 'mark-root-key-0123456789-abcdefghijklmnopqrstuvwxyz',
  signingKey: 'mark-signing-key-0123456789-abcdefghijklmnopqrstuvwxyz',
  /** A JSON error quotes the beginning of what it can't read. */
  shortKey: 'mk-Qz7',
  query: 'mark-query-Vb12',
  header: 'mark-header Gt43',
  message: 'mark message Ux77',
  claims: {
    eos: '{"profile":{"name":"mark-claim-Ns28"},"mobilityApps":{"system":[],"user":[]}}',
    s360: '{"user":{"name":"mark-claim-Ns28"},"app":{},"sso":{"externalSystemId":"a","authorityType":"SELF"}}',
    ccstore: '{"name":"mark-claim-Ns28"}',
  } as Readonly<Record<string, string>>,
};

/** What the client of a session holds. */
export interface Holding {
  readonly sessionId: string;
  readonly secureCode?: string;
  readonly sessionToken?: string;
  readonly accessToken?: string;
}

/** A request as its client sends it. */
export interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** The request that refreshes a session. */
export function callOf({ body }: Contract, held: Holding): Sent {
  if (body === 'none')
    return { headers: { Authorization: `Bearer ${held.accessToken}` }, body: null };
  const { sessionId, secureCode, sessionToken } = held;
  return {
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ sessionId, secureCode, sessionToken }),
  };
}

/** The event of a request, with something secret wherever API Gateway puts anything of a client's. */
export function requestWith(contract: Contract, { headers, body }: Sent): APIGatewayProxyEvent {
  const all = {
    ...headers,
    api_key: marks.apiKey,
    'X-Request-Id': marks.header,
    Cookie: marks.header,
  };
  return {
    resource: contract.path,
    path: contract.path,
    httpMethod: 'POST',
    headers: all,
    multiValueHeaders: {},
    queryStringParameters: { q: marks.query },
    multiValueQueryStringParameters: { q: [marks.query] },
    pathParameters: null,
    stageVariables: null,
    body,
    isBase64Encoded: false,
    requestContext: {
      requestId: marks.header,
      extendedRequestId: marks.header,
      identity: { apiKey: marks.apiKey, apiKeyId: 'a1b2c3', userAgent: marks.header },
    } as APIGatewayProxyEvent['requestContext'],
  };
}

/** Errors that say too much, in each place where one can. */
export function leakyErrors(): readonly unknown[] {
  const { message } = marks;
  const framed = new Error(`a\n    at ${message} (b.ts:1:1)`);
  return [
    new Error(message),
    new TypeError(`a\n${message}`),
    framed,
    Object.assign(new Error('a'), { name: message }),
    Object.assign(new Error('a'), { code: message }),
    Object.assign(new Error(message), { code: 'ECONNREFUSED' }),
    Object.assign(new Error(message), { name: 'TimeoutError', token: message }),
    Object.assign(new Error(message), { $metadata: { requestId: message, httpStatusCode: 500 } }),
    new Error('a', { cause: new Error(message, { cause: framed }) }),
    new AggregateError([framed], message),
    message,
    { message, stack: `\n    at ${message}` },
  ];
}
