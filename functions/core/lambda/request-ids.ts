import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { header } from './request.ts';

/** The ids of a request and of its api key. */
export interface RequestIds {
  /**
   * Always a UUID: API Gateway's id of the request, or a new one if a client set that id to
   * something else.
   */
  readonly gateway: string;
  /** API Gateway's extended id, which no client can set. */
  readonly extended?: string;
  /** The client's own id (`X-Request-Id`) if it is valid, else the gateway's id. */
  readonly client: string;
  /** The id of the api key, if the contract requires one. */
  readonly apiKey?: string;
}

/**
 * The ids of a request. An id of an unexpected form is replaced or left out, so every id is safe to
 * log.
 */
export function requestIds(event: APIGatewayProxyEvent): RequestIds {
  const context: Partial<APIGatewayProxyEvent['requestContext']> = event.requestContext ?? {};
  const gateway = matching(context.requestId, uuid) ?? randomUUID();
  const extended = matching(context.extendedRequestId, token);
  const client = matching(header(event, 'x-request-id'), sane) ?? gateway;
  const apiKey = matching(context.identity?.apiKeyId, token);
  return { gateway, ...(extended && { extended }), client, ...(apiKey && { apiKey }) };
}

function matching(text: string | null | undefined, pattern: RegExp): string | undefined {
  return typeof text === 'string' && pattern.test(text) ? text : undefined;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const sane = /^[A-Za-z0-9._:-]{1,128}$/;
/** Base64 with its padding. */
const token = /^[A-Za-z0-9+/_-]{1,64}={0,2}$/;
