import { setTimeout as sleep } from 'node:timers/promises';
import { type Happening, pass } from './proxy.ts';

/** Something that goes wrong on the way to a service of AWS's, or there. */
export interface Fault {
  readonly what: string;
  /** Whether the SDK asks again, so that a fault of one try or two is not seen from outside. */
  readonly retried: boolean;
  readonly happens: Happening;
}

const page = '<!doctype html><title>Sign in to this network</title>';

/** Everything that we know to go wrong, but an address where nobody listens. */
export const faults: readonly Fault[] = [
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
  {
    what: 'an answer that never comes',
    retried: true,
    happens: ({ ask }) => ask(),
  },
  {
    what: 'an answer that stops half-way',
    retried: true,
    happens: async (exchange) => half(exchange),
  },
  {
    what: 'an answer that is cut half-way',
    retried: true,
    async happens(exchange) {
      await half(exchange);
      // A moment, so that what was written is read before the end is.
      await sleep(20);
      cut(exchange.request);
    },
  },
  { what: 'a failure', retried: true, happens: answers(500, typed('InternalServerError')) },
  { what: 'a failure in HTML', retried: true, happens: answers(502, page) },
  { what: 'throttling', retried: true, happens: answers(400, typed('ThrottlingException')) },
  {
    what: 'a table over its throughput',
    retried: true,
    happens: answers(400, typed('ProvisionedThroughputExceededException')),
  },
  { what: 'JSON that breaks off', retried: false, happens: answers(200, '{"Attributes":{"rowK') },
  { what: 'a page of somebody else’s', retried: false, happens: answers(200, page) },
  {
    what: 'something that is not HTTP',
    retried: false,
    happens: ({ request }) => request.socket.end('SSH-2.0-OpenSSH_9.6\r\n\r\n'),
  },
];

/** A wire that is slow, but not so slow that anything is given up. */
export const delay: Happening = async (exchange) => {
  await sleep(300);
  await pass(exchange);
};

/** Answers this, whatever was asked, and does nothing of it. */
export function answers(status: number, body: string): Happening {
  return ({ response }) =>
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(body);
}

/** An error as AWS's JSON protocols say it. */
export function typed(name: string): string {
  return JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'No.' });
}

const cut = ({ socket }: { readonly socket: { destroy(): unknown } }) => socket.destroy();

/** Does what was asked, and begins to say so. */
const half: Happening = async ({ response, ask }) => {
  const { status, body } = await ask();
  const length = Buffer.byteLength(body) + 10;
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': length });
  response.write(body.slice(0, 5));
};
