import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  request,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { onTestFinished } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import type { Fault } from '../../functions/core/contract/fault.ts';
import {
  type RefreshLambda,
  refreshHandler,
  type Services,
} from '../../functions/core/lambda/refresh-handler.ts';
import { systemTimer } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { demoApiKey } from '../../local/demo.ts';
import { type GatewaySettings, gateway, type Route } from '../../local/gateway.ts';
import { listener } from '../../local/listener.ts';
import { documented } from '../support/documented.ts';
import type { World } from '../support/world.ts';

/** A gateway that listens on a free port until its test ends. */
export interface Served {
  readonly port: number;
  readonly server: Server;
}

/** Puts a gateway in front of handlers, and whatever goes before it; it knows the demo's api key. */
export async function serve(
  routes: readonly Route[],
  before = (apis: RequestListener) => apis,
): Promise<Served> {
  const server = createServer(
    before(listener(gateway({ routes, apiKeys: new Set([demoApiKey]) }))),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  return { server, port: (server.address() as AddressInfo).port };
}

/** What a contract's handler runs on in a world. */
export function servicesOf(world: World, contract: Contract): Services {
  return {
    table: world.rows,
    keys: async () => world.keys(contract),
    clock: () => world.now,
    timer: systemTimer,
    policy: contract.policy,
    write: (record) => world.records.push(record),
  };
}

/** The real handlers of all contracts over a world's table. */
export function realRoutes(world: World, more: Partial<Services> = {}): readonly Route[] {
  return contracts.map((contract) => {
    const services = { ...servicesOf(world, contract), ...more };
    return { contract, handler: documented(contract, refreshHandler(contract, services)) };
  });
}

/** All contracts' routes with the same Lambda behind each. */
export function routesTo(handler: RefreshLambda): readonly Route[] {
  return contracts.map((contract) => ({ contract, handler }));
}

/** Lambdas that write down what they are called with. */
export function recorder() {
  const events: APIGatewayProxyEvent[] = [];
  const contexts: Context[] = [];
  const routes = routesTo(async (event, context) => {
    events.push(event);
    contexts.push(context);
    return recorded;
  });
  return { routes, events, contexts };
}

/** What a recorder's Lambdas answer. */
export const recorded: APIGatewayProxyResult = {
  statusCode: 202,
  headers: { 'X-Request-Id': 'of the Lambda', 'Cache-Control': 'no-store' },
  body: '{"recorded":"نعم"}',
};

/** A request as it leaves the client: header names in the case given, a list is sent line by line. */
export interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Uint8Array;
}

/** An answer as it reached the client. */
export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends a request over a connection of its own. */
export function send({ port }: Pick<Served, 'port'>, sent: Sent): Promise<Got> {
  const { method = 'POST', path, headers = {}, body = '' } = sent;
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, method, path, headers, agent: false })
      .once('error', reject)
      .once('response', (response) => {
        const { statusCode: status = 0, headers } = response;
        text(response).then((text) => resolve({ status, headers, text }), reject);
      })
      .end(body);
  });
}

/** Asks a gateway that knows the demo's api key, without a socket. */
export async function ask(
  routes: readonly Route[],
  { method = 'POST', path, headers = {}, body = '' }: Sent,
  more: Partial<GatewaySettings> = {},
): Promise<Got> {
  const rawHeaders = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().flatMap((value) => [name, value]),
  );
  const request = { method, target: path, rawHeaders, body: String(body), sourceIp: '127.0.0.1' };
  const answers = gateway({ routes, apiKeys: new Set([demoApiKey]), ...more });
  const answer = await answers(request);
  return { status: answer.statusCode, headers: lower(answer.headers), text: answer.body };
}

/** Headers as Node's client gives them. */
function lower(headers: Readonly<Record<string, unknown>> = {}): Record<string, string> {
  const own = Object.entries(headers);
  return Object.fromEntries(own.map(([name, value]) => [name.toLowerCase(), String(value)]));
}

/** A session of `eos`, and the request that refreshes it. */
export async function refreshOf(world: World): Promise<Sent> {
  const { sessionId } = await world.open(eos, { secret: '20004007594' });
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return { path: eos.path, headers, body: `sessionId=${sessionId}&secureCode=20004007594` };
}

export const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A contract's own refusal as API Gateway gives it, under the id that it gave the request. */
export function refusal(contract: Contract, fault: Fault, answer: Got, client?: string): Got {
  const requestId = String(answer.headers['x-amzn-requestid']);
  const { status, body, headers } = contract.refuse(fault, requestId);
  return {
    status,
    text: body,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-amzn-requestid': requestId,
      ...(client !== undefined && { 'x-request-id': client }),
      ...lower(headers),
    },
  };
}
