import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { KeysUnavailable } from '../../functions/core/keys/keys.ts';
import type { RequestRecord } from '../../functions/core/lambda/record.ts';
import { refreshHandler, type Services } from '../../functions/core/lambda/refresh-handler.ts';
import { dynamoDBTable } from '../../functions/core/session/table.ts';
import { systemTimer } from '../../functions/core/time.ts';
import { context } from '../../local/proxy-event.ts';
import { documented } from '../support/documented.ts';
import {
  apiGatewayEvent,
  storedTest as test,
  type StoredWorld as World,
} from '../support/world.ts';
import { ownCall } from '../wire/all/situations.ts';

const each = contracts.map((contract) => ({ name: contract.name, contract }));

/** A world's own services, but those that are broken. */
function services(world: World, contract: Contract, broken: Partial<Services>): Services {
  return {
    table: world.rows,
    keys: async () => world.keys(contract),
    clock: () => world.now,
    timer: systemTimer,
    policy: contract.policy,
    write: (record: RequestRecord) => world.records.push(structuredClone(record)),
    ...broken,
  };
}

describe.for(each)('$name, whose keys', ({ contract }) => {
  test.for([
    {
      what: 'cannot be had just now',
      error: new KeysUnavailable(new Error('hunter2')),
      fault: 'unavailable' as const,
    },
    { what: 'meet a bug', error: new Error('hunter2'), fault: 'failed' as const },
  ])(
    '$what, answers so without a storage request, and asks again for the next',
    async ({ error, fault }, { world }) => {
      const { call } = await ownCall(world, contract);
      let asked = 0;
      const keys = async () => {
        asked += 1;
        if (asked === 1) throw error;
        return world.keys(contract);
      };
      const handler = documented(
        contract,
        refreshHandler(contract, services(world, contract, { keys })),
      );
      const id = randomUUID();
      const event = apiGatewayEvent(contract, { ...call, requestId: id });
      world.requests.length = 0;

      const first = await handler(event, context(id));
      const { status, body } = contract.refuse(fault, id);
      expect([first.statusCode, first.body]).toEqual([status, body]);
      expect(world.requests).toEqual([]);
      expect((await handler(event, context(id))).statusCode).toBe(200);
      expect(world.records.map(({ outcome }) => outcome)).toEqual([fault, 'refreshed']);
      expect(JSON.stringify(world.records)).not.toContain('hunter2');
    },
  );
});

interface Silence {
  readonly client: DynamoDBClient;
  /** The requests that came, and got no answer. */
  readonly asked: IncomingMessage[];
}

const silentTest = test.extend<{ silence: Silence }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's needs from this pattern
  silence: async ({}, use) => {
    const asked: IncomingMessage[] = [];
    const server = createServer((request) => asked.push(request)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = new DynamoDBClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'local',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    await use({ client, asked });
    client.destroy();
    server.close().closeAllConnections();
  },
});

describe.for(each)('$name before a storage that never answers', ({ contract }) => {
  silentTest('says in time that it timed out, and hangs up', async ({ world, silence }) => {
    const { call, sessionId } = await ownCall(world, contract);
    const before = await world.row(contract, sessionId);
    const table = dynamoDBTable(silence.client, world.table);
    const handler = documented(
      contract,
      refreshHandler(contract, services(world, contract, { table })),
    );
    const id = randomUUID();
    // Half a second of it is kept to answer in; in the rest the SDK has long asked.
    const ending = { ...context(id), getRemainingTimeInMillis: () => 1500 };
    const event = apiGatewayEvent(contract, { ...call, requestId: id });

    const { statusCode, body, headers } = await handler(event, ending);
    const refused = contract.refuse('timed-out', id);
    expect([statusCode, body]).toEqual([504, refused.body]);
    expect(headers).toMatchObject({ ...refused.headers, 'Retry-After': '1' });
    expect(world.records.map(({ outcome }) => outcome)).toEqual(['timed-out']);

    const [request] = silence.asked;
    expect(silence.asked).toHaveLength(1);
    if (request && !request.socket.destroyed) await once(request.socket, 'close');
    expect(await world.row(contract, sessionId)).toEqual(before);
  });
});
