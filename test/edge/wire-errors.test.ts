import { randomUUID } from 'node:crypto';
import {
  InternalServerError,
  ProvisionedThroughputExceededException,
} from '@aws-sdk/client-dynamodb';
import { describe, expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import {
  type Held,
  storedTest as test,
  type WireCall,
  type StoredWorld as World,
} from '../support/world.ts';

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
      expect(frames.join()).toContain('wire-errors.test.ts');
      const written = JSON.stringify(world.records);
      for (const hidden of [secret, held.secureCode, held.sessionToken, held.accessToken])
        if (hidden) expect(written).not.toContain(hidden);
    },
  );
});
