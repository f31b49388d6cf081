import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamoDBTable, type Table } from '../../functions/core/session/table.ts';
import { type Exchange, error, startProxy } from '../properties/faults/proxy.ts';
import type { WorldTest } from '../support/world.ts';

/** The fault of one request, and what another client does before this one gets its error. */
export interface Fate {
  /**
   * `request`: cut before the engine has it. `answer`: cut after the engine has done it. `held`: never
   * answered. Anything else is the name of the error that is answered without asking the engine.
   */
  readonly lose: 'request' | 'answer' | 'held' | `${string}Exception`;
  readonly meanwhile?: () => Promise<unknown>;
}

/** A failing wire between a table and the world's engine. Without a fate, a request passes. */
export interface Wire {
  /** The world's table at the end of this wire, with the SDK's own retries. */
  readonly table: Table;
  /** The faults of the next requests, in turn. */
  readonly fates: Fate[];
  /** The number of requests. */
  requests(): number;
}

/** `test` with a wire, too. */
export function wired(test: WorldTest) {
  return test.extend<{ wire: Wire }>({
    wire: async ({ world }, use) => {
      const engine = await world.client.config.endpoint?.();
      if (!engine) throw new Error('the world has no engine');
      const proxy = await startProxy(`${engine.protocol}//${engine.hostname}:${engine.port}`);
      const fates: Fate[] = [];
      proxy.plan(world.table, () => {
        const fate = fates.shift();
        return fate && ((exchange) => suffer(fate, exchange));
      });
      const client = new DynamoDBClient({
        endpoint: proxy.endpoint,
        region: 'local',
        credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
        maxAttempts: 3,
      });
      const table = dynamoDBTable(client, world.table);
      await use({ table, fates, requests: () => proxy.seen(world.table) });
      client.destroy();
      proxy.close();
    },
  });
}

async function suffer({ lose, meanwhile }: Fate, exchange: Exchange): Promise<void> {
  if (lose === 'answer') await exchange.ask();
  await meanwhile?.();
  if (lose.endsWith('Exception')) error(lose)(exchange);
  else if (lose !== 'held') exchange.request.socket.destroy();
}
