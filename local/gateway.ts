import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { APIGatewayProxyResult } from 'aws-lambda';
import type { Contract } from '../functions/core/contract/contract.ts';
import type { Fault } from '../functions/core/contract/fault.ts';
import type { Reply } from '../functions/core/contract/reply.ts';
import type { RefreshLambda } from '../functions/core/lambda/refresh-handler.ts';
import { response as lambdaResponse } from '../functions/core/lambda/response.ts';
import { context, proxyEvent } from './proxy-event.ts';

/** A contract and the Lambda that speaks it. */
export interface Route {
  readonly contract: Contract;
  readonly handler: RefreshLambda;
}

/** A request that API Gateway answered itself. */
export interface GatewayRefusal {
  readonly contract: string;
  readonly requestId: string;
  readonly fault: Fault;
  readonly status: number;
}

/**
 * Plays API Gateway's part in front of the handlers: routes, the `api_key` header, the proxy event as
 * AWS builds it, and API Gateway's own answers from the contracts' refuse tables. Each contract has
 * the API whose stage is the first segment of its path. No throttling, quota or timeout. `tell` hears of
 * what no Lambda was asked.
 */
export function gateway(
  routes: readonly Route[],
  apiKeys: ReadonlySet<string>,
  tell: (refusal: GatewayRefusal) => void = () => undefined,
): RequestListener {
  return (request, response) => {
    answer(routes, apiKeys, request, tell).then(
      (result) => send(response, result),
      () => response.destroy(),
    );
  };
}

async function answer(
  routes: readonly Route[],
  apiKeys: ReadonlySet<string>,
  request: IncomingMessage,
  tell: (refusal: GatewayRefusal) => void,
): Promise<APIGatewayProxyResult> {
  const requestId = randomUUID();
  const [path = '', query = ''] = splitOnce(request.url ?? '', '?');
  const route = routes.find(({ contract }) => stageOf(path) === stageOf(contract.path));
  // It is read to its end even where nobody wants it: a client that is still sending reads no answer.
  const body = await bodyOf(request);
  if (!route) return nowhere(routes, requestId);

  const refuse = (fault: Fault) => {
    const reply = route.contract.refuse(fault, requestId);
    tell({ contract: route.contract.name, requestId, fault, status: reply.status });
    return byGateway(reply, request, requestId);
  };
  if (path !== route.contract.path || request.method !== 'POST') return refuse('unknown-route');
  if (route.contract.apiKey === 'required' && !knows(apiKeys, request))
    return refuse('unknown-client');
  if (body === undefined) return refuse('too-large');
  // To a contract that reads no body no query counts either, and so none is malformed.
  const values = decodedQuery(query) ?? (route.contract.body === 'none' ? new Map() : undefined);
  if (values === undefined) return refuse('malformed-request');
  const parts = { path, stage: stageOf(path) ?? '', query: values, body, requestId };
  const result = await invoke(route, proxyEvent(request, parts), context(requestId));
  if (!result) return refuse('unavailable');
  return marked(result, requestId);
}

/** The Lambda's answer; nothing where it throws, or answers what API Gateway calls malformed. */
async function invoke(
  { handler }: Route,
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

/** What a token authorizer lets through, and then the usage plan knows. */
function knows(apiKeys: ReadonlySet<string>, { headers }: IncomingMessage): boolean {
  return typeof headers.api_key === 'string' && apiKeys.has(headers.api_key);
}

/** An answer that the Lambda never sees. It echoes the client's own id as it was sent. */
function byGateway(reply: Reply, { headers }: IncomingMessage, requestId: string) {
  const client = String(headers['x-request-id'] ?? requestId);
  return marked(lambdaResponse(reply, { gateway: requestId, client }), requestId);
}

/** Every answer has API Gateway's own id of the request. */
function marked(result: APIGatewayProxyResult, requestId: string): APIGatewayProxyResult {
  return { ...result, headers: { ...result.headers, 'x-amzn-RequestId': requestId } };
}

/** On AWS every API has a host of its own; on this port there is also a place that is no API's. */
function nowhere(routes: readonly Route[], requestId: string): APIGatewayProxyResult {
  const here = routes.map(({ contract }) => `POST ${contract.path}`);
  const body = JSON.stringify({ message: 'Not found', routes: here });
  return lambdaResponse({ status: 404, body }, { gateway: requestId, client: requestId });
}

const mostBytes = 10 * 1024 * 1024;

/** The body, or nothing where it is over API Gateway's 10 MB. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= mostBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  return bytes > mostBytes ? undefined : Buffer.concat(chunks).toString('utf8');
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

function send(
  response: ServerResponse,
  { statusCode, headers, body }: APIGatewayProxyResult,
): void {
  response.writeHead(statusCode, headers as Record<string, string>).end(body);
}
