import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/** A request to the proxy that is not answered yet. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Passes the request to the service. The client gets only what the fault then sends. */
  ask(): Promise<ServiceAnswer>;
}

/** What a service answered. */
export interface ServiceAnswer {
  readonly status: number;
  readonly body: string;
}

/** Handles an exchange instead of passing its answer on. */
export type Happening = (exchange: Exchange) => unknown;

/** The fault of the nth request (from 0) of a lane; `undefined` if the request passes. */
export type Plan = (nth: number) => Happening | undefined;

/**
 * A proxy on real sockets before one of AWS's services. Requests belong to a lane by a word in their
 * body, so that many cases share a proxy, each with faults of its own.
 */
export interface FaultProxy {
  readonly endpoint: string;
  /** Sets the faults of a lane, and counts its requests from 0 again. */
  plan(lane: string, plan: Plan): void;
  /** Removes the faults of a lane. */
  heal(lane: string): void;
  /** The number of requests in a lane since `plan`. */
  seen(lane: string): number;
  /** Stops listening and closes all connections. */
  down(): Promise<void>;
  /** Listens again on the same port. */
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
    try {
      await happening({ request, response, ask: () => forward(service, request, body) });
    } catch (error) {
      // Without an answer, the client would wait until the test times out.
      cut(request);
      throw error;
    }
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

/** Passes the answer of the service on unchanged. */
export const pass: Happening = async ({ response, ask }) => {
  const { status, body } = await ask();
  // An answer without this header of the engine is not from DynamoDB.
  const named = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'passed-on' };
  response.writeHead(status, named).end(body);
};

async function forward(service: string, { headers }: IncomingMessage, body: string) {
  const passed = ['authorization', 'content-type', 'x-amz-date', 'x-amz-target'];
  const kept = passed.map((name): [string, string] => [name, String(headers[name])]);
  const answer = await fetch(service, { method: 'POST', headers: kept, body });
  return { status: answer.status, body: await answer.text() };
}

/** A failure of an AWS service, or of the connection to it. */
export interface Fault {
  readonly what: string;
  /** Whether the SDK retries after this fault. The client then does not notice one or two of them. */
  readonly retried: boolean;
  readonly happens: Happening;
}

/** Answers with this, without passing the request to the service. */
export function answers(status: number, body: string): Happening {
  return ({ response }) =>
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(body);
}

/** Answers with an error in the form of AWS's JSON protocols. */
export function error(name: string, namespace = 'com.amazonaws.dynamodb.v20120810'): Happening {
  return answers(400, JSON.stringify({ __type: `${namespace}#${name}`, message: 'No.' }));
}

/** A slow answer that arrives before the timeout. */
export const delay: Happening = async (exchange) => {
  await sleep(300);
  await pass(exchange);
};

const page = '<!doctype html><title>Sign in to this network</title>';

/** Answers that are not from DynamoDB, and errors after which DynamoDB has done nothing. */
export const badAnswers: readonly Fault[] = [
  { what: 'a failure', retried: true, happens: answers(500, '{"__type":"InternalServerError"}') },
  { what: 'a failure without a word', retried: true, happens: answers(500, '') },
  { what: 'a failure in HTML', retried: true, happens: answers(502, page) },
  { what: 'throttling', retried: true, happens: error('ThrottlingException') },
  {
    what: 'a table over its throughput',
    retried: true,
    happens: error('ProvisionedThroughputExceededException'),
  },
  { what: 'JSON that breaks off', retried: false, happens: answers(200, '{"Attributes":{"rowK') },
  { what: 'a page of somebody else’s', retried: false, happens: answers(200, page) },
  { what: 'an answer of somebody else’s', retried: false, happens: answers(200, '{}') },
  {
    what: 'something that is not HTTP',
    retried: false,
    happens: ({ request }) => request.socket.end('SSH-2.0-OpenSSH_9.6\r\n\r\n'),
  },
];

/** Connections that fail. If the answer fails, the service has done the request. */
export const badConnections = [
  { what: 'a request that is lost', retried: true, happens: ({ request }) => cut(request) },
  {
    what: 'an answer that is lost',
    retried: true,
    async happens({ request, ask }) {
      await ask();
      cut(request);
    },
  },
  { what: 'a request that is never answered', retried: true, happens: () => undefined },
  { what: 'an answer that never comes', retried: true, happens: ({ ask }) => ask() },
  { what: 'an answer that stops half-way', retried: true, happens: (exchange) => half(exchange) },
  {
    what: 'an answer that is cut half-way',
    retried: true,
    async happens(exchange) {
      await half(exchange);
      // The client must read what was written before the connection ends.
      await sleep(20);
      cut(exchange.request);
    },
  },
] as const satisfies readonly Fault[];

/** All faults except an address where nobody listens. */
export const faults: readonly Fault[] = [...badConnections, ...badAnswers];

/** The fault of this name. */
export function fault(what: (typeof badConnections)[number]['what']): Fault {
  const found = badConnections.find((one) => one.what === what);
  if (!found) throw new Error(`there is no fault ${what}`);
  return found;
}

function cut({ socket }: IncomingMessage): void {
  socket.destroy();
}

/** Passes the request to the service, and sends the beginning of the answer. */
const half: Happening = async ({ response, ask }) => {
  const { status, body } = await ask();
  const length = Buffer.byteLength(body) + 10;
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': length });
  response.write(body.slice(0, 5));
};
