import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { StoredWorld as World, WorldTest } from '../support/world.ts';

/** What becomes of one request on the wire, and what happens elsewhere before its client knows. */
export interface Fate {
  /**
   * `request`: cut before the engine has it. `answer`: cut after the engine has done it. `held`: never
   * answered. Anything else is the name of the error that is answered without asking the engine.
   */
  readonly lose: 'request' | 'answer' | 'held' | `${string}Exception`;
  readonly meanwhile?: () => Promise<unknown>;
}

/** A failing wire between a client and the world's engine. Without a fate, a request passes. */
export interface Wire {
  /** A client on this wire, with the SDK's own retries. */
  readonly client: DynamoDBClient;
  /** What becomes of the next requests, in turn. */
  readonly fates: Fate[];
  /** Every request that arrived: its operation, and the body as DynamoDB reads it. */
  readonly requests: { readonly operation: string; readonly body: Record<string, unknown> }[];
}

/** `test` with a wire, too. */
export function wired(test: WorldTest) {
  return test.extend<{ wire: Wire }>({
    wire: async ({ world }, use) => {
      const { wire, close } = await makeWire(world);
      await use(wire);
      await close();
    },
  });
}

async function makeWire(world: World): Promise<{ wire: Wire; close: () => Promise<void> }> {
  const upstream = await world.client.config.endpoint?.();
  if (!upstream) throw new Error('the world has no engine');
  const engine = `${upstream.protocol}//${upstream.hostname}:${upstream.port}`;
  const fates: Fate[] = [];
  const requests: Wire['requests'] = [];
  const server = createServer(async (request, response) => {
    const text = await textOf(request);
    const operation = String(request.headers['x-amz-target']).replace(/^.*\./, '');
    requests.push({ operation, body: JSON.parse(text) });
    const { lose, meanwhile } = fates.shift() ?? {};
    const answer = lose === undefined || lose === 'answer' ? await ask(engine, request, text) : '';
    await meanwhile?.();
    if (lose === undefined) send(response, answer);
    else if (lose.endsWith('Exception')) send(response, refusal(lose));
    else if (lose !== 'held') request.socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 3,
  });
  const close = async () => {
    client.destroy();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { wire: { client, fates, requests }, close };
}

interface EngineAnswer {
  readonly status: number;
  readonly body: string;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

async function ask(engine: string, { headers }: IncomingMessage, body: string) {
  const passed = ['authorization', 'content-type', 'x-amz-date', 'x-amz-target'];
  const kept = passed.map((name): [string, string] => [name, String(headers[name])]);
  const answer = await fetch(engine, { method: 'POST', headers: kept, body });
  return { status: answer.status, body: await answer.text() };
}

function refusal(name: string): EngineAnswer {
  const body = JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: '' });
  return { status: 400, body };
}

function send(response: ServerResponse, answer: EngineAnswer | ''): void {
  if (answer === '') return;
  response.writeHead(answer.status, {
    'content-type': 'application/x-amz-json-1.0',
    'x-amzn-requestid': 'passed-on',
  });
  response.end(answer.body);
}
