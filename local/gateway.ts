// The file is over 150 lines so that the whole way of a request through API Gateway is read in one
// place.

import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyResult } from 'aws-lambda';
import type { Contract } from '../functions/core/contract/contract.ts';
import type { Fault } from '../functions/core/contract/fault.ts';
import type { RefreshLambda } from '../functions/core/lambda/refresh-handler.ts';
import { gatewayCors, preflight } from './cors.ts';
import { type ClientRequest, context, proxyEvent } from './proxy-event.ts';
import type { Simulate } from './simulations.ts';

/** A contract, the Lambda that serves it, and what `X-Local-Simulate` puts in the Lambda's place. */
export interface Route {
  readonly contract: Contract;
  readonly handler: RefreshLambda;
  readonly simulate?: Simulate;
}

/** What the gateway is set up with. */
export interface GatewaySettings {
  readonly routes: readonly Route[];
  readonly apiKeys: ReadonlySet<string>;
  /** Origins whose pages may read the answers (CORS); none where it is absent. */
  readonly origins?: readonly string[];
  /** Is told of every request that the gateway answers itself. */
  readonly tell?: (refusal: GatewayRefusal) => void;
}

/** A request that API Gateway answered itself. */
export interface GatewayRefusal {
  readonly contract: string;
  readonly requestId: string;
  readonly fault: Fault;
  readonly status: number;
}

/** Answers a request. */
export type Gateway = (request: ClientRequest) => Promise<APIGatewayProxyResult>;

/**
 * Plays API Gateway's part in front of the handlers: routes, the `api_key` header, CORS, the proxy event
 * as AWS builds it, and API Gateway's own answers from the contracts' refuse tables. Each contract has an
 * API whose stage is the first segment of its path. There is no throttling, quota or timeout.
 */
export function gateway(settings: GatewaySettings): Gateway {
  return async (request) => {
    const requestId = randomUUID();
    const answer = await answerTo(request, requestId, settings);
    return { ...answer, headers: { ...answer.headers, 'x-amzn-RequestId': requestId } };
  };
}

async function answerTo(
  request: ClientRequest,
  requestId: string,
  { routes, apiKeys, origins = [], tell }: GatewaySettings,
): Promise<APIGatewayProxyResult> {
  const [path = '', query = ''] = splitOnce(request.target, '?');
  const route = routes.find(({ contract }) => stageOf(path) === stageOf(contract.path));
  if (!route) return notFound(routes, origins);
  const { contract } = route;

  const refuse = (fault: Fault): APIGatewayProxyResult => {
    const { status, body, headers } = contract.refuse(fault, requestId);
    tell?.({ contract: contract.name, requestId, fault, status });
    // As infra/gateway-faults.ts deploys it: the client's own id, and none where it sent none.
    const client = header(request, 'x-request-id');
    const own = { ...noStore, ...headers, ...gatewayCors(origins) };
    return answer(status, body, {
      ...own,
      ...(client !== undefined && { 'X-Request-Id': client }),
    });
  };
  if (path !== contract.path) return refuse('unknown-route');
  if (request.method === 'OPTIONS' && origins.length > 0)
    return preflight(origins, header(request, 'origin'));
  if (request.method !== 'POST') return refuse('unknown-route');
  if (contract.apiKey === 'required' && !apiKeys.has(header(request, 'api_key') ?? ''))
    return refuse('unknown-client');
  if (request.body === undefined) return refuse('too-large');
  // A contract that reads no body reads no query either: a broken one is not malformed there.
  const values = decodedQuery(query) ?? (contract.body === 'none' ? new Map() : undefined);
  if (values === undefined) return refuse('malformed-request');

  const asked = header(request, 'x-local-simulate');
  const simulated = asked === undefined ? undefined : route.simulate?.(asked);
  if (simulated?.problem) return answer(400, JSON.stringify({ message: simulated.problem }), {});
  if (simulated?.fault) return refuse(simulated.fault);
  const handler = simulated?.handler ?? route.handler;
  const parts = { path, stage: stageOf(path) ?? '', query: values, body: request.body, requestId };
  const event = proxyEvent(request, parts);
  return (await invoke(handler, event, context(requestId))) ?? refuse('unavailable');
}

const noStore = { 'Cache-Control': 'no-store' };

function answer(
  statusCode: number,
  body: string,
  headers: Readonly<Record<string, string>>,
): APIGatewayProxyResult {
  return { statusCode, body, headers: { 'Content-Type': 'application/json', ...headers } };
}

/** The Lambda's answer; nothing where it throws or gives what API Gateway calls a malformed answer. */
async function invoke(
  handler: RefreshLambda,
  ...call: Parameters<RefreshLambda>
): Promise<APIGatewayProxyResult | undefined> {
  try {
    const result: APIGatewayProxyResult | undefined = await handler(...call);
    return Number.isInteger(result?.statusCode) ? result : undefined;
  } catch {
    return undefined;
  }
}

/** The first segment of a path: the stage of the API that it belongs to. */
function stageOf(path: string): string | undefined {
  return path.split('/')[1];
}

/** The last value of a header, as AWS takes it. */
function header({ rawHeaders }: ClientRequest, name: string): string | undefined {
  const at = rawHeaders.findLastIndex(
    (text, index) => index % 2 === 0 && text.toLowerCase() === name,
  );
  return at < 0 ? undefined : rawHeaders[at + 1];
}

/** The answer where no API is. On AWS every API has its own host; here one port has them all. */
function notFound(routes: readonly Route[], origins: readonly string[]): APIGatewayProxyResult {
  const known = routes.map(({ contract }) => `POST ${contract.path}`);
  const body = JSON.stringify({ message: 'Not found', routes: known });
  return answer(404, body, { ...noStore, ...gatewayCors(origins) });
}

/** The query's values by name, as AWS decodes them; nothing where an escape is broken. */
function decodedQuery(query: string): Map<string, string[]> | undefined {
  const values = new Map<string, string[]>();
  try {
    for (const pair of query.split('&').filter((pair) => pair !== '')) {
      const [name, value = ''] = splitOnce(pair, '=').map((text) =>
        decodeURIComponent(text.replaceAll('+', ' ')),
      );
      values.set(name ?? '', [...(values.get(name ?? '') ?? []), value]);
    }
    return values;
  } catch {
    return undefined;
  }
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
