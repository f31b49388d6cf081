import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { listening } from '../../support/stand-ins.ts';

/** Handles a request to the proxy instead of passing the answer on. */
export type Happening = (exchange: {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Passes the request to the service. The client gets only what the fault then sends. */
  ask(): Promise<{ readonly status: number; readonly body: string }>;
}) => unknown;

/** The fault of the nth request (from 0) of a lane; `undefined` if the request passes. */
type Plan = (nth: number) => Happening | undefined;

export type FaultProxy = Awaited<ReturnType<typeof startProxy>>;

/**
 * Starts a proxy on real sockets before one of AWS's services. Requests belong to a lane by a word in
 * their body, so that many cases share a proxy, each with faults of its own.
 */
export async function startProxy(service: string) {
  const lanes = new Map<string, { plan: Plan; seen: number }>();
  const server = await listening(async (request, response) => {
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    const [, lane] = [...lanes].find(([word]) => body.includes(word)) ?? [];
    const happening = lane?.plan(lane.seen++) ?? pass;
    const exchange = { request, response, ask: () => forward(service, request, body) };
    try {
      await happening(exchange);
    } catch (error) {
      // Without an answer, the client would wait until the test times out.
      cut(exchange);
      throw error;
    }
  });
  return {
    ...server,
    /** Sets the faults of a lane, and counts its requests from 0 again. */
    plan: (lane: string, plan: Plan) => lanes.set(lane, { plan, seen: 0 }),
    /** Removes the faults of a lane. */
    heal: (lane: string) => lanes.delete(lane),
    /** The number of requests in a lane since `plan`. */
    seen: (lane: string) => lanes.get(lane)?.seen ?? 0,
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
  const kept = Object.fromEntries(passed.map((name) => [name, String(headers[name])]));
  const answer = await fetch(service, { method: 'POST', headers: kept, body });
  return { status: answer.status, body: await answer.text() };
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

/** Passes the request to the service, and sends the beginning of the answer. */
const half: Happening = async ({ response, ask }) => {
  const { status, body } = await ask();
  const length = Buffer.byteLength(body) + 10;
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': length });
  response.write(body.slice(0, 5));
};

const cut: Happening = ({ request }) => request.socket.destroy();

/** A failure of an AWS service, or of the connection to it. */
export interface Fault {
  readonly what: string;
  /** Whether the SDK retries after this fault. The client then does not notice one or two of them. */
  readonly retried: boolean;
  readonly happens: Happening;
}

function those(retried: boolean, happenings: Readonly<Record<string, Happening>>): Fault[] {
  return Object.entries(happenings).map(([what, happens]) => ({ what, retried, happens }));
}

const page = '<!doctype html><title>Sign in to this network</title>';

/**
 * Every fault. If a connection fails at the answer, the service has done the request. After an error, and
 * where somebody else answers, it has not.
 */
export const faults: readonly Fault[] = [
  ...those(true, {
    'a request that is lost': cut,
    'an answer that is lost': ({ ask, ...rest }) => ask().then(() => cut({ ask, ...rest })),
    'a request that is never answered': () => undefined,
    'an answer that never comes': ({ ask }) => ask(),
    'an answer that stops half-way': half,
    async 'an answer that is cut half-way'(exchange) {
      await half(exchange);
      // The client must read what was written before the connection ends.
      await sleep(20);
      cut(exchange);
    },
  }),
  ...those(true, {
    'a failure': answers(500, '{"__type":"InternalServerError"}'),
    'a failure without a word': answers(500, ''),
    'a failure in HTML': answers(502, page),
    throttling: error('ThrottlingException'),
    'a table over its throughput': error('ProvisionedThroughputExceededException'),
  }),
  ...those(false, {
    'an absent table': error('ResourceNotFoundException'),
    'a missing right': error('AccessDeniedException', 'com.amazon.coral.service'),
    'JSON that breaks off': answers(200, '{"Attributes":{"rowK'),
    'a page of somebody else’s': answers(200, page),
    'an answer of somebody else’s': answers(200, '{}'),
    'something that is not HTTP': ({ request }) =>
      request.socket.end('SSH-2.0-OpenSSH_9.6\r\n\r\n'),
  }),
];

/** The fault of this name. */
export function fault(what: string): Fault {
  const found = faults.find((one) => one.what === what);
  if (!found) throw new Error(`there is no fault ${what}`);
  return found;
}
