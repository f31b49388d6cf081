import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { header } from './wire-request.ts';

/** The two names of a request. */
export interface RequestIds {
  /** Always a UUID: API Gateway's id of the request, where that is one (a client can set it). */
  readonly gateway: string;
  /** What the client calls its request (`X-Request-Id`), where that is sane; else the gateway's id. */
  readonly client: string;
}

/** The ids of a request: taken where they can be shown and logged as they are, made where not. */
export function requestIds(event: APIGatewayProxyEvent): RequestIds {
  const given = event.requestContext?.requestId;
  const gateway = uuid.test(given ?? '') ? given : randomUUID();
  const named = header(event, 'x-request-id');
  return { gateway, client: named !== undefined && sane.test(named) ? named : gateway };
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const sane = /^[A-Za-z0-9._:-]{1,128}$/;
