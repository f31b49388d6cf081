import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** One request that came to the proxy, and whose answer is not yet given. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Lets the service do what was asked. Only what is then sent reaches the client. */
  ask(): Promise<ServiceAnswer>;
}

/** What a service answered. */
export interface ServiceAnswer {
  readonly status: number;
  readonly body: string;
}

/** What becomes of an exchange in place of its answer. */
export type Happening = (exchange: Exchange) => unknown;

/** What happens to the nth request (from 0) of a lane; nothing where it passes. */
export type Plan = (nth: number) => Happening | undefined;

/**
 * A proxy on real sockets before one of AWS's services. Requests belong to a lane by a word in their
 * body, so that many cases share a proxy, each with faults of its own.
 */
export interface FaultProxy {
  readonly endpoint: string;
  /** From now on this happens in a lane, whose requests are counted from 0 again. */
  plan(lane: string, plan: Plan): void;
  /** From now on everything in a lane passes. */
  heal(lane: string): void;
  /** How many requests came in a lane since its plan. */
  seen(lane: string): number;
  /** Stops to listen, and cuts what is connected. */
  down(): Promise<void>;
  /** Listens again, where it did. */
  up(): Promise<void>;
}

/** Starts a proxy before a service. */
export async function startProxy(service: string): Promise<FaultProxy> {
  const lanes = new Map<string, { plan: Plan; seen: number }>();
  const server = createServer(async (request, response) => {
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    const [, lane] = [...lanes].find(([word]) => body.includes(word)) ?? [];
    const happening = lane?.plan(lane.seen++) ?? pass;
    await happening({ request, response, ask: () => forward(service, request, body) });
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    plan: (lane, plan) => lanes.set(lane, { plan, seen: 0 }),
    heal: (lane) => lanes.delete(lane),
    seen: (lane) => lanes.get(lane)?.seen ?? 0,
    async down() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
    async up() {
      await listen(port);
    },
  };
}

/** Gives an exchange its answer, as if there were no proxy. */
export const pass: Happening = async ({ response, ask }) => {
  const { status, body } = await ask();
  // The engine's own header, by which its answers are told from somebody else's.
  const named = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'passed-on' };
  response.writeHead(status, named).end(body);
};

async function forward(service: string, { headers }: IncomingMessage, body: string) {
  const passed = ['authorization', 'content-type', 'x-amz-date', 'x-amz-target'];
  const kept = passed.map((name): [string, string] => [name, String(headers[name])]);
  const answer = await fetch(service, { method: 'POST', headers: kept, body });
  return { status: answer.status, body: await answer.text() };
}
