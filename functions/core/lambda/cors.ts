import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { exposedHeaders } from '../contract/cors.ts';
import type { RecordedEvent } from './record.ts';
import { header } from './request.ts';

/**
 * Lets pages of these origins read the answer (CORS, the Fetch standard). API Gateway answers the
 * preflight. No cookie is used, so credentials are not allowed.
 */
export function cors(
  origins: readonly string[],
): MiddlewareObj<RecordedEvent, APIGatewayProxyResult> {
  const mark = ({
    event,
    response,
  }: {
    event: RecordedEvent;
    response?: APIGatewayProxyResult | null | undefined;
  }) => {
    // Most stages allow no origin. In that case the header is not read.
    const origin = origins.length > 0 ? header(event, 'origin') : undefined;
    if (!response || origin === undefined || !origins.includes(origin)) return;
    response.headers = {
      ...response.headers,
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Expose-Headers': exposedHeaders,
      Vary: 'Origin',
    };
  };
  return { after: mark, onError: mark };
}
