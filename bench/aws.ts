import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect, createServer as createFront, type Socket } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { secretsManagerStandIn } from '../test/support/stand-ins.ts';

/** One request that a handler sent: what it asked, when, and the units that DynamoDB charges. */
export interface Asked {
  readonly action: string;
  readonly units: number;
  readonly beganMs: number;
  readonly endedMs: number;
}

/** AWS as a Lambda sees it: DynamoDB and Secrets Manager over TLS, some milliseconds away. */
export interface Aws {
  /** What the SDK must find in the environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: Map<string, string>;
  /** The network's round trip, in milliseconds. One more passes while a connection opens. */
  roundTripMs: number;
  /** What was counted since the last `reset`. */
  readonly counted: { connections: number; handshakes: number; requests: Asked[] };
  reset(): void;
  close(): void;
}

/**
 * Stands before DynamoDB Local, which does not check signatures, and a stand-in for Secrets Manager. `openssl`
 * makes its certificate for this run alone. It asks for `ConsumedCapacity` in the handler's place.
 */
export async function aws(folder: string, dynamoDB: string): Promise<Aws> {
  const manager = await secretsManagerStandIn();
  const server = createServer(certificate(folder), async (request, response) => {
    const beganMs = performance.now();
    const [service = '', action = ''] = String(request.headers['x-amz-target']).split('.');
    const endpoint = service.startsWith('DynamoDB') ? dynamoDB : manager.endpoint;
    const { status, headers, body } = await passedOn(request, endpoint);
    const units = Object(JSON.parse(body)).ConsumedCapacity?.CapacityUnits ?? 0;
    // For its sender, a request begins and ends a part of the round trip away.
    const seen = { beganMs: beganMs - here.roundTripMs, endedMs: performance.now() };
    here.counted.requests.push({ action, units, ...seen });
    response.writeHead(status, headers).end(body);
  });
  server.on('secureConnection', () => {
    here.counted.handshakes += 1;
  });
  const inner = await listening(server);
  const front = createFront({ noDelay: true }, (client) => {
    here.counted.connections += 1;
    const service = connect({ port: inner, host: '127.0.0.1', noDelay: true });
    // TCP's own handshake is a round trip before the first byte.
    relay(client, service, here.roundTripMs, 0);
    relay(service, client, here.roundTripMs, here.roundTripMs);
  });
  const endpoint = `https://127.0.0.1:${await listening(front)}`;
  const here: Aws = {
    env: {
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint,
      NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem'),
    },
    secrets: manager.secrets,
    roundTripMs: 0,
    counted: { connections: 0, handshakes: 0, requests: [] },
    reset: () => Object.assign(here.counted, { connections: 0, handshakes: 0, requests: [] }),
    close() {
      front.close();
      server.close();
      server.closeAllConnections();
      manager.close();
    },
  };
  return here;
}

/** How many of the requests had to wait for one another. */
export function inSeries(requests: readonly Asked[]): number {
  let [count, end] = [0, 0];
  for (const { beganMs, endedMs } of requests.toSorted((a, b) => a.endedMs - b.endedMs))
    if (beganMs >= end) [count, end] = [count + 1, endedMs];
  return count;
}

/** The answer of an endpoint to a request. */
async function passedOn(request: IncomingMessage, endpoint: string) {
  const body = JSON.stringify({ ...Object(await json(request)), ReturnConsumedCapacity: 'TOTAL' });
  const {
    'x-amz-target': target = '',
    'content-type': type = '',
    authorization = '',
  } = request.headers;
  const headers = { 'X-Amz-Target': String(target), 'Content-Type': type, authorization };
  const answer = await fetch(endpoint, { method: 'POST', headers, body });
  const named = ['content-type', 'x-amzn-requestid'].map((name) => [
    name,
    answer.headers.get(name),
  ]);
  return {
    status: answer.status,
    headers: Object.fromEntries(named.filter(([, value]) => value !== null)),
    body: await answer.text(),
  };
}

function certificate(folder: string) {
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(folder, name)) as [string, string];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const name = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const words = ['req', '-x509', ...kind, ...name, '-keyout', key, '-out', cert];
  execFileSync('openssl', words, { stdio: 'pipe' });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

async function listening(server: ReturnType<typeof createFront>): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

/** Passes bytes on, the first ones and all others each after some milliseconds, and the end after them. */
function relay(from: Socket, to: Socket, firstMs: number, eachMs: number): void {
  let turn: Promise<unknown> = Promise.resolve();
  let delay = firstMs;
  from.on('data', (chunk) => {
    const due = performance.now() + delay;
    delay = eachMs;
    turn = turn.then(async () => {
      const left = due - performance.now();
      if (left > 0) await sleep(left);
      if (!to.destroyed) to.write(chunk);
    });
  });
  from.on('close', () => turn.then(() => to.destroy()));
  from.on('error', () => from.destroy());
}
