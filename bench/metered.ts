import { once } from 'node:events';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer, json } from 'node:stream/consumers';

/** One storage request: what was asked, and what DynamoDB would charge for it. */
export interface Charge {
  readonly action: string;
  readonly units: number;
}

/** Stands between a handler and DynamoDB Local, which does not look at signatures, and reads the meter. */
export interface Meter {
  readonly endpoint: string;
  /** Every request that was answered. */
  readonly charges: Charge[];
  close(): void;
}

/** Asks for `ConsumedCapacity` in the handler's place: its own requests stay as they are. */
export async function metered(endpoint: string): Promise<Meter> {
  const charges: Charge[] = [];
  const server = createServer(async (asked, answer) => {
    const body = { ...Object(await json(asked)), ReturnConsumedCapacity: 'TOTAL' };
    const { 'content-length': _, host: __, ...headers } = asked.headers;
    const onward = forward(endpoint, { method: 'POST', headers }).end(JSON.stringify(body));
    const [reply] = await once(onward, 'response');
    const bytes = await buffer(reply);
    const { ConsumedCapacity } = JSON.parse(bytes.toString());
    const [, action = ''] = String(asked.headers['x-amz-target']).split('.');
    charges.push({ action, units: ConsumedCapacity?.CapacityUnits ?? 0 });
    answer
      .writeHead(reply.statusCode, {
        'Content-Type': 'application/x-amz-json-1.0',
        'x-amzn-requestid': reply.headers['x-amzn-requestid'],
      })
      .end(bytes);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    charges,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
