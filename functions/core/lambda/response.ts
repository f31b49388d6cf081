import type { APIGatewayProxyResult } from 'aws-lambda';
import type { Reply } from '../contract/reply.ts';
import type { RequestIds } from './request-ids.ts';

/**
 * Converts a reply to the answer of a Lambda behind API Gateway. Caches must not store it (RFC
 * 9111, 5.2.2.5).
 */
export function response({ status, body, headers }: Reply, ids: RequestIds): APIGatewayProxyResult {
  return {
    statusCode: status,
    headers: {
      ...(body !== '' && { 'Content-Type': 'application/json; charset=utf-8' }),
      'Cache-Control': 'no-store',
      'X-Request-Id': ids.client,
      ...headers,
    },
    body,
    isBase64Encoded: false,
  };
}
