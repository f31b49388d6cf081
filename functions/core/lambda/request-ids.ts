import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { header } from './request.ts';

/** The names of a request, and of the key that it came with. */
export interface RequestIds {
  /** Always a UUID: API Gateway's id of the request, where that is one (a client can set it). */
  readonly gateway: string;
  /** API Gateway's extended id, which no client can set. */
  readonly extended?: string;
  /** What the client calls its request (`X-Request-Id`), where that is sane; else the gateway's id. */
  readonly client: string;
  /** The id of the api key, where the contract asks for one. */
  readonly apiKey?: string;
}

/** The ids of a request: taken where they can be shown and logged as they are, made where not. */
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
/** Base64, its padding included. */
const token = /^[A-Za-z0-9+/_-]{1,64}={0,2}$/;
