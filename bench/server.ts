import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sampled } from '../local/demo.ts';
import type { Effort } from './effort.ts';
import { median, quantile } from './numbers.ts';
import { turned } from './rounds.ts';
import type { Stage } from './stage.ts';
import type { Found } from './table.ts';

const connections = [1, 32];

/** Refreshes a second, and how long one takes, through the server of `npm start` on the same table. */
export async function server(
  { env, measured }: Stage,
  { rounds, requests }: Pick<Effort, 'rounds' | 'requests'>,
): Promise<Found> {
  const { origin, stop } = await started(env);
  const runs = await Promise.all(
    sampled.flatMap(({ name, path }) =>
      connections.map(async (lanes) => {
        const { event } = await measured(name);
        const sent = { url: origin + path, ...(event as Sent) };
        return { name, lanes, sent, perSecond: [] as number[], ms: [] as number[] };
      }),
    ),
  );
  try {
    for (let round = 0; round < Math.ceil(rounds / 5) + 1; round += 1)
      for (const { lanes, sent, perSecond, ms } of turned(runs, round)) {
        const { seconds, each } = await load(sent, lanes, requests);
        if (round === 0) continue;
        perSecond.push(requests / seconds);
        ms.push(...each);
      }
  } finally {
    await stop();
  }
  const rows = runs.map(({ name, lanes, perSecond, ms }) => ({
    contract: name,
    connections: lanes,
    'refreshes/s': median(perSecond),
    'p50 ms': median(ms),
    'p99 ms': quantile(ms, 0.99),
  }));
  const note =
    'The server, its client and DynamoDB Local share this machine; keep-alive connections.';
  const most = Math.max(...connections);
  const busy = rows.filter((row) => row.connections === most);
  return {
    tables: [{ title: 'Through `npm start`', note, rows }],
    figures: [
      {
        figure: `refreshes/s of \`npm start\`, ${most} connections`,
        ...Object.fromEntries(busy.map((row) => [row.contract, row['refreshes/s']])),
      },
    ],
  };
}

interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** Sends so many requests over so many connections. */
async function load(sent: Sent & { readonly url: string }, lanes: number, requests: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: lanes });
  const each: number[] = [];
  let left = requests;
  const began = performance.now();
  const lane = async () => {
    while (left-- > 0) {
      const asked = performance.now();
      await post(sent, agent);
      each.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  agent.destroy();
  return { seconds: (performance.now() - began) / 1000, each };
}

/** @throws Error where the answer is not 200 */
async function post({ url, headers, body }: Sent & { readonly url: string }, agent: Agent) {
  const asked = request(url, { method: 'POST', agent, headers }).end(body ?? undefined);
  const [answer] = await once(asked, 'response');
  await once(answer.resume(), 'end');
  if (answer.statusCode !== 200) throw new Error(`${url} answered ${answer.statusCode}`);
}

/** Starts the server on a free port and the table of the benches. */
async function started(env: Stage['env']) {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../local/server.ts')], {
    env: { ...env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  let origin = '';
  for await (const line of lines) {
    origin = /listens on (http:\S+),/.exec(line)?.[1] ?? '';
    if (origin) break;
  }
  child.stdout.resume();
  return {
    origin,
    async stop() {
      child.kill();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
