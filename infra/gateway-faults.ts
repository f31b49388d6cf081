import { type GatewayResponseOptions, ResponseType } from 'aws-cdk-lib/aws-apigateway';
import type { Contract } from '../functions/core/contract/contract.ts';
import { gatewayCorsHeaders } from '../functions/core/contract/cors.ts';
import type { Fault } from '../functions/core/contract/fault.ts';
import type { Reply } from '../functions/core/contract/reply.ts';

/**
 * The fault that each of API Gateway's own responses stands for. AWS's own text is never used: for an
 * unknown path with a bearer token it repeats the token.
 */
export const gatewayFaults: readonly (readonly [ResponseType, Fault])[] = [
  // UNAUTHORIZED: the key is missing, and the authorizer was not called. It is answered like an unknown key.
  [ResponseType.UNAUTHORIZED, 'unknown-client'],
  [ResponseType.INVALID_API_KEY, 'unknown-client'],
  [ResponseType.ACCESS_DENIED, 'forbidden'],
  [ResponseType.WAF_FILTERED, 'forbidden'],
  // An unknown path, with or without a bearer token, causes any of these.
  [ResponseType.MISSING_AUTHENTICATION_TOKEN, 'unknown-route'],
  [ResponseType.RESOURCE_NOT_FOUND, 'unknown-route'],
  [ResponseType.INVALID_SIGNATURE, 'unknown-route'],
  [ResponseType.EXPIRED_TOKEN, 'unknown-route'],
  [ResponseType.DEFAULT_4XX, 'unknown-route'],
  [ResponseType.THROTTLED, 'over-rate'],
  [ResponseType.QUOTA_EXCEEDED, 'over-quota'],
  [ResponseType.REQUEST_TOO_LARGE, 'too-large'],
  [ResponseType.BAD_REQUEST_BODY, 'malformed-request'],
  [ResponseType.BAD_REQUEST_PARAMETERS, 'malformed-request'],
  [ResponseType.UNSUPPORTED_MEDIA_TYPE, 'malformed-request'],
  [ResponseType.INTEGRATION_TIMEOUT, 'timed-out'],
  [ResponseType.INTEGRATION_FAILURE, 'unavailable'],
  [ResponseType.AUTHORIZER_FAILURE, 'unavailable'],
  [ResponseType.AUTHORIZER_CONFIGURATION_ERROR, 'unavailable'],
  [ResponseType.API_CONFIGURATION_ERROR, 'unavailable'],
  [ResponseType.DEFAULT_5XX, 'unavailable'],
];

/** API Gateway's response of a type, in the contract's words. */
export function gatewayResponse(
  contract: Contract,
  type: ResponseType,
  fault: Fault,
  cors: boolean,
): GatewayResponseOptions {
  const reply = contract.refuse(fault, '$context.requestId');
  const fixed = Object.entries(fixedHeaders(reply, cors));
  return {
    type,
    statusCode: String(reply.status),
    templates: { 'application/json': reply.body },
    responseHeaders: {
      ...Object.fromEntries(fixed.map(([name, value]) => [name, `'${value}'`])),
      'X-Request-Id': 'method.request.header.X-Request-Id',
    },
  };
}

/** The headers of an answer that no Lambda gives, but those of the request. */
export function fixedHeaders({ headers }: Reply, cors: boolean): Readonly<Record<string, string>> {
  return { 'Cache-Control': 'no-store', ...headers, ...(cors && gatewayCorsHeaders) };
}
