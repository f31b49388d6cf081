import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamoDBTable } from '../../functions/core/session/table.ts';
import type { WorldTest } from '../support/world.ts';

/** The fault of one request, and what another client does before this one gets its error. */
interface Fate {
  /** `request`: cut before the engine has it. `answer`: cut after the engine has done it. `none`: no fault. */
  readonly lose: 'request' | 'answer' | 'none';
  readonly meanwhile?: () => Promise<unknown>;
}

/**
 * `test` with a failing wire, too: the world's table at its end, with the SDK's own retries; the
 * fates of the next requests, in turn; and the number of requests. Without a fate, a request passes.
 */
export const wired = (test: WorldTest) =>
  test.extend('wire', ({ world }) => {
    const { region, credentials, requestHandler: below } = world.client.config;
    const fates: Fate[] = [];
    let requests = 0;
    const handle: typeof below.handle = async (request, options) => {
      const stopped = options && 'abortSignal' in options && options.abortSignal?.aborted;
      if (!stopped) requests += 1;
      const { lose, meanwhile } = fates.shift() ?? { lose: 'none' };
      const asked = lose === 'request' ? undefined : below.handle(request, options);
      if (lose === 'answer') await asked;
      await meanwhile?.();
      if (asked && lose === 'none') return asked;
      throw Object.assign(new Error(lose), { code: 'ECONNRESET' });
    };
    const { endpoint } = world;
    const over = { endpoint, region, credentials, requestHandler: { handle }, maxAttempts: 3 };
    const table = dynamoDBTable(new DynamoDBClient(over), world.table);
    return { table, fates, requests: () => requests };
  });
