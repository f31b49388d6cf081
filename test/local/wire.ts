import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { onTestFinished } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import { type RefreshLambda, refreshHandler } from '../../functions/core/lambda/refresh-handler.ts';
import { eos } from '../../functions/eos/contract.ts';
import { demoApiKey } from '../../local/demo.ts';
import { gateway, type Route } from '../../local/gateway.ts';
import { listener } from '../../local/listener.ts';
import { documented } from '../support/documented.ts';
import type { World } from '../support/world.ts';

export type Served = Awaited<ReturnType<typeof serve>>;

/**
 * Puts a gateway in front of handlers, and whatever goes before it, on a free port until the test ends.
 * It knows the demo's api key.
 */
export async function serve(routes: readonly Route[], before = (apis: RequestListener) => apis) {
  const apis = listener(gateway({ routes, apiKeys: new Set([demoApiKey]) }));
  const server = createServer(before(apis)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close().closeAllConnections());
  return { server, port: (server.address() as AddressInfo).port };
}

/** The real handlers of all contracts over a world's table. */
export function realRoutes({ services }: World): readonly Route[] {
  return contracts.map((contract) => {
    const handler = documented(contract, refreshHandler(contract, services(contract)));
    return { contract, handler };
  });
}

/** All contracts' routes with the same Lambda behind each. */
export function routesTo(handler: RefreshLambda): readonly Route[] {
  return contracts.map((contract) => ({ contract, handler }));
}

/** Lambdas that write down what they are called with. */
export function recorder() {
  const calls: { event: APIGatewayProxyEvent; context: Context }[] = [];
  const routes = routesTo(async (event, context) => {
    calls.push({ event, context });
    return recorded;
  });
  return { routes, calls };
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

/** Sends a request over a connection of its own. */
export async function send(
  { port }: Pick<Served, 'port'>,
  { method = 'POST', path, headers = {}, body = '' }: Sent,
) {
  const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false }).end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const { statusCode: status = 0, headers: got } = response;
  return { status, headers: got, text: await text(response) };
}

/** A bare connection, until its test ends. */
export function connected({ port }: Pick<Served, 'port'>): Socket {
  const client = connect(port, '127.0.0.1').on('error', () => undefined);
  onTestFinished(() => void client.destroy());
  return client;
}

/** A session of `eos`, and the request that refreshes it. */
export async function refreshOf(world: World): Promise<Sent> {
  const { sessionId } = await world.open(eos, { secret: '20004007594' });
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return { path: eos.path, headers, body: `sessionId=${sessionId}&secureCode=20004007594` };
}
