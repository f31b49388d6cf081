import type { APIGatewayProxyResult } from 'aws-lambda';
import { allowedHeaders, gatewayCorsHeaders } from '../functions/core/contract/cors.ts';

/**
 * The answer to a preflight request, as the method that CDK's `addCorsPreflight` deploys gives it: the
 * request's own origin where it is allowed, else the first one that is.
 */
export function preflight(
  origins: readonly string[],
  origin: string | undefined,
): APIGatewayProxyResult {
  return {
    statusCode: 204,
    body: '',
    headers: {
      'Access-Control-Allow-Origin': origins.find((one) => one === origin) ?? origins[0] ?? '',
      'Access-Control-Allow-Headers': allowedHeaders.join(','),
      'Access-Control-Allow-Methods': 'POST',
      Vary: 'Origin',
    },
  };
}

/** The CORS headers of the gateway's own answers; none where no origin is allowed. */
export function gatewayCors(origins: readonly string[]): Readonly<Record<string, string>> {
  return origins.length > 0 ? gatewayCorsHeaders : {};
}
