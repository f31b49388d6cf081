import type { APIGatewayProxyResult } from 'aws-lambda';
import type { RequestIds } from './request-id.ts';

/** What a contract answers: a status, the very text of the body, and headers of its own. */
export interface Reply {
  readonly status: number;
  /** JSON, compact, never empty. */
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A reply whose body is a value, written in the order of its keys. */
export function reply(status: number, body: object, headers?: Reply['headers']): Reply {
  return { status, body: JSON.stringify(body), ...(headers && { headers }) };
}

/** The reply as a Lambda behind API Gateway gives it. Nobody may keep an answer (RFC 9111, 5.2.2.5). */
export function respond({ status, body, headers }: Reply, ids: RequestIds): APIGatewayProxyResult {
  return {
    statusCode: status,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Request-Id': ids.client,
      ...headers,
    },
    body,
    isBase64Encoded: false,
  };
}
