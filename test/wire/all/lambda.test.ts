import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  DynamoDBClient,
  InternalServerError,
  ProvisionedThroughputExceededException,
} from '@aws-sdk/client-dynamodb';
import { describe, expect } from 'vitest';
import { ccstore } from '../../../functions/ccstore/contract.ts';
import { contracts } from '../../../functions/contracts.ts';
import type { Contract } from '../../../functions/core/contract/contract.ts';
import { KeysUnavailable } from '../../../functions/core/keys/keys.ts';
import type { RequestRecord } from '../../../functions/core/lambda/record.ts';
import { refreshHandler, type Services } from '../../../functions/core/lambda/refresh-handler.ts';
import { services as servicesIn } from '../../../functions/core/lambda/services.ts';
import { rowKey, type SessionId, sessionHash } from '../../../functions/core/session/session.ts';
import { dynamoDBTable } from '../../../functions/core/session/table.ts';
import { systemTimer } from '../../../functions/core/time.ts';
import { eos } from '../../../functions/eos/contract.ts';
import { s360 } from '../../../functions/s360/contract.ts';
import { context } from '../../../local/proxy-event.ts';
import { documented } from '../../support/documented.ts';
import {
  apiGatewayEvent,
  type Held,
  type World as MemoryWorld,
  material,
  test as memoryTest,
  storedTest as test,
  type WireCall,
  type StoredWorld as World,
} from '../../support/world.ts';
import { ownCall } from './situations.ts';

const secret = 'hunter2-in-a-message';

const clients = [
  {
    name: 'eos',
    contract: eos,
    call: ({ sessionId, secureCode }: Held): WireCall => ({
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: `sessionId=${sessionId}&secureCode=${secureCode}`,
    }),
    answers: {
      failed: (_: string) => '{"message":"Internal error","code":"9-1"}',
      unavailable: (_: string) => '{"message":"Unavailable","code":"9-2"}',
      'timed-out': (_: string) => '{"message":"Timed out","code":"9-3"}',
    },
  },
  {
    name: 's360',
    contract: s360,
    call: ({ sessionId, sessionToken }: Held): WireCall => ({
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ sessionId, sessionToken }),
    }),
    answers: {
      failed: (id: string) =>
        `{"status":500,"esbUUID":"${id}","desc":{"en":"Unknown Error","ar":"خطأ غير معروف","code":"ESB-IDP-E0500"}}`,
      unavailable: (id: string) =>
        `{"status":503,"esbUUID":"${id}","desc":{"en":"Service Unavailable","ar":"الخدمة غير متاحة","code":"APIMServiceUnavailable"}}`,
      'timed-out': (id: string) =>
        `{"status":504,"esbUUID":"${id}","desc":{"en":"Gateway Timeout","ar":"انتهت مهلة البوابة","code":"APIMGatewayTimeout"}}`,
    },
  },
  {
    name: 'ccstore',
    contract: ccstore,
    call: ({ accessToken }: Held): WireCall => ({
      headers: { Authorization: `Bearer ${accessToken}` },
    }),
    answers: {
      failed: (_: string) =>
        '{"message":"Something went wrong.","status":"500","errorCode":"90500","type":"https://www.rfc-editor.org/rfc/rfc9110#section-15.6.1","devMessage":"A bug. Its log line has the id in X-Request-Id."}',
      unavailable: (_: string) =>
        '{"message":"Please try again in a moment.","status":"503","errorCode":"90503","type":"https://www.rfc-editor.org/rfc/rfc9110#section-15.6.4","devMessage":"Storage or keys did not answer; a retry is safe."}',
      'timed-out': (_: string) =>
        '{"message":"Please try again in a moment.","status":"504","errorCode":"90504","type":"https://www.rfc-editor.org/rfc/rfc9110#section-15.6.5","devMessage":"The answer took too long; a retry is answered as the first request was."}',
    },
  },
];

const failures = [
  {
    what: 'throttles',
    fault: 'unavailable',
    status: 503,
    error: () => new ProvisionedThroughputExceededException({ $metadata: {}, message: secret }),
  },
  {
    what: 'is broken',
    fault: 'unavailable',
    status: 503,
    error: () => new InternalServerError({ $metadata: {}, message: secret }),
  },
  {
    what: 'is not there',
    fault: 'unavailable',
    status: 503,
    error: () => Object.assign(new Error(secret), { code: 'ECONNREFUSED' }),
  },
  {
    what: 'takes too long',
    fault: 'timed-out',
    status: 504,
    error: () => Object.assign(new Error(secret), { name: 'TimeoutError' }),
  },
  { what: 'meets a bug', fault: 'failed', status: 500, error: () => new TypeError(secret) },
] as const;

/** Lets no storage request through: each throws, as if the wire had. */
function cutWire({ client }: World, error: () => Error): void {
  const cut = () => async (): Promise<never> => {
    throw error();
  };
  client.middlewareStack.add(cut, { step: 'initialize', name: 'cut' });
}

function mendWire({ client }: World): void {
  client.middlewareStack.remove('cut');
}

describe.for(clients)('$name, where storage', ({ name, contract, call, answers }) => {
  test.for(failures)(
    '$what, answers $status in its own words and changes nothing',
    async ({ fault, status, error }, { world }) => {
      const held = await world.open(contract);
      const before = await world.row(contract, held.sessionId);
      const requestId = randomUUID();
      const { headers, ...rest } = call(held);
      const request = { ...rest, requestId, headers: { ...headers, 'x-request-id': 'trace-7' } };

      cutWire(world, error);
      const answer = await world.post(contract, request);
      mendWire(world);

      expect({ status: answer.status, text: answer.text }).toEqual({
        status,
        text: answers[fault](requestId),
      });
      const retried = fault === 'failed' ? {} : { 'Retry-After': '1' };
      const mashery =
        name === 's360' && fault === 'timed-out'
          ? { 'X-Mashery-Error-Code': 'ERR_504_GATEWAY_TIMEOUT' }
          : {};
      expect(answer.headers).toEqual({
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': 'no-store',
        'X-Request-Id': 'trace-7',
        ...retried,
        ...mashery,
      });
      expect(await world.row(contract, held.sessionId)).toEqual(before);
      expect((await world.post(contract, request)).status).toBe(200);
    },
  );

  test.for(failures)(
    '$what, leaves a record that quotes nothing',
    async ({ fault, error }, { world }) => {
      const held = await world.open(contract);
      cutWire(world, error);
      await world.post(contract, call(held));
      mendWire(world);

      expect(world.records).toHaveLength(1);
      const [record] = world.records;
      expect(Object.keys(record ?? {}).sort()).toEqual([
        'clientRequestId',
        'coldStart',
        'contract',
        'error',
        'outcome',
        'requestId',
        'session',
        'status',
        'storageMs',
        'storageRequests',
        'totalMs',
      ]);
      expect(record?.outcome).toBe(fault);
      const { name } = error();
      expect([record?.error?.name, record?.error?.cause?.name]).toContain(name);
      const frames = [record?.error, record?.error?.cause].map((one) => one?.at.join());
      expect(frames.join()).toContain('lambda.test.ts');
      const written = JSON.stringify(world.records);
      for (const hidden of [secret, held.secureCode, held.sessionToken, held.accessToken])
        if (hidden) expect(written).not.toContain(hidden);
    },
  );
});

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

const origins = ['https://shop.example', 'https://www.shop.example'];

/** The handler of eos whose answers pages of these origins may read. */
function handlerOf({ rows, keys, now }: MemoryWorld, broken = false) {
  return refreshHandler(eos, {
    table: broken ? { ...rows, update: () => Promise.reject(new Error('broken')) } : rows,
    keys: async () => keys(eos),
    clock: () => now,
    timer: systemTimer,
    policy: eos.policy,
    origins,
    write: () => undefined,
  });
}

function asked(origin: string | undefined, query?: Record<string, string[]>) {
  return apiGatewayEvent(eos, {
    ...(origin !== undefined && { headers: { oRiGiN: origin } }),
    ...(query && { query }),
  });
}

describe('a contract with allowed origins', () => {
  memoryTest('lets their pages read a grant, a refusal and a fault', async ({ world }) => {
    const { sessionId, secureCode } = await world.open(eos);
    const query = { sessionId: [sessionId], secureCode: [secureCode] };
    for (const origin of origins) {
      const answers = [
        await handlerOf(world)(asked(origin, query), context('a')),
        await handlerOf(world)(asked(origin), context('a')),
        await handlerOf(world, true)(asked(origin, query), context('a')),
      ];
      expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 403, 500]);
      for (const { headers } of answers)
        expect(headers).toMatchObject({
          'Access-Control-Allow-Origin': origin,
          'Access-Control-Expose-Headers': 'X-Request-Id, Retry-After, Date',
          Vary: 'Origin',
          'Cache-Control': 'no-store',
        });
    }
  });

  memoryTest.for([
    undefined,
    '',
    'null',
    'https://evil.example',
    'https://shop.example.evil.example',
  ])('lets no page of %s read anything', async (origin, { world }) => {
    const { headers } = await handlerOf(world)(asked(origin), context('a'));
    expect(JSON.stringify(headers)).not.toContain('Access-Control');
  });

  memoryTest('has them from ALLOWED_ORIGINS, and none without', () => {
    const env = { SESSION_TABLE: 'sessions', SESSION_KEYS: JSON.stringify({ eos: material }) };
    const allowed = { ...env, ALLOWED_ORIGINS: origins.join(' ') };
    expect(servicesIn(eos, allowed).origins).toEqual(origins);
    expect(servicesIn(eos, env).origins).toEqual([]);
  });
});

const recorded = [
  {
    name: 'eos',
    contract: eos,
    call: ({ sessionId, secureCode }: Held): WireCall => ({
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: `sessionId=${sessionId}&secureCode=${secureCode}`,
    }),
  },
  {
    name: 's360',
    contract: s360,
    call: ({ sessionId, sessionToken }: Held): WireCall => ({
      headers: { 'Content-Type': 'application/json', api_key: '5k5a9rnknaj87kthytganapc' },
      body: JSON.stringify({ sessionId, sessionToken }),
    }),
  },
  {
    name: 'ccstore',
    contract: ccstore,
    call: ({ accessToken }: Held): WireCall => ({
      headers: { Authorization: `Bearer ${accessToken}` },
    }),
  },
];

describe.for(recorded)('the record of a request to $name', ({ contract, name, call }) => {
  memoryTest(
    'names the request, the outcome and the session’s hash, and nothing else',
    async ({ world }) => {
      const held = await world.open(contract);
      const requestId = randomUUID();
      const { headers, ...rest } = call(held);
      const answer = await world.post(contract, {
        ...rest,
        headers: { ...headers, 'X-Request-Id': 'trace-7' },
        query: { utm: ['queried'] },
        requestId,
      });
      expect(answer.status).toBe(200);
      expect(world.records).toEqual([
        {
          contract: name,
          requestId,
          clientRequestId: 'trace-7',
          coldStart: true,
          outcome: 'refreshed',
          status: 200,
          storageRequests: 1,
          storageMs: expect.any(Number),
          totalMs: expect.any(Number),
          session: sessionHash(world.keys(contract).log, rowKey(name, held.sessionId as SessionId)),
        },
      ]);
      const written = JSON.stringify(world.records);
      for (const secret of [held.secureCode, held.sessionToken, held.accessToken, held.sessionId])
        if (secret) expect(written).not.toContain(secret);
    },
  );

  memoryTest('names why it was refused, once', async ({ world }) => {
    const held = await world.open(contract);
    await world.run('revoke', { contract: name, sessionId: held.sessionId });
    await world.post(contract, call(held));
    expect(world.records.map(({ outcome }) => outcome)).toEqual(['revoked']);
    expect(world.records[0]).toHaveProperty('session');
  });

  memoryTest('names no session where the request holds no credential', async ({ world }) => {
    await world.post(contract, {});
    expect(world.records.map(({ outcome }) => outcome)).toEqual(['malformed-request']);
    expect(world.records[0]).not.toHaveProperty('session');
  });
});
