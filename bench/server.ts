import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { median, turned } from './numbers.ts';
import type { Stage } from './stage.ts';
import type { Found } from './table.ts';

const connections = 32;

/** Refreshes a second through the server of `npm start`, on the same table. */
export async function server({ env, contracts }: Stage, requests: number): Promise<Found> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../local/server.ts')], {
    env: { ...env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [greeting] = await once(createInterface({ input: child.stdout }), 'line');
  const [origin = ''] = /http:[^\s,]+/.exec(greeting) ?? [];
  const perSecond: Record<string, number[]> = {};
  try {
    for (const round of [0, 1, 2, 3, 4])
      for (const { name, event } of turned(contracts, round)) {
        const rate = await load(origin, event as APIGatewayProxyEvent, requests);
        // The first round warms the server up.
        if (round > 0) perSecond[name] = [...(perSecond[name] ?? []), rate];
      }
  } finally {
    child.kill();
  }
  const medians = Object.entries(perSecond).map(([name, rates]) => [name, median(rates)]);
  const figure = `refreshes/s of \`npm start\`, ${connections} connections`;
  return { tables: [], figures: [{ figure, ...Object.fromEntries(medians) }] };
}

/**
 * Sends so many requests. Returns how many were answered in a second.
 * @throws Error if an answer is not 200
 */
async function load(origin: string, event: APIGatewayProxyEvent, requests: number) {
  const { headers, body, requestContext } = event;
  const url = origin + requestContext.path;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const began = performance.now();
  let left = requests;
  const lane = async () => {
    while (left-- > 0) {
      const sent = request(url, { method: 'POST', agent, headers }).end(body ?? undefined);
      const [answer] = await once(sent, 'response');
      await once(answer.resume(), 'end');
      if (answer.statusCode !== 200) throw new Error(`${url} answered ${answer.statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
  agent.destroy();
  return (1000 * requests) / (performance.now() - began);
}
