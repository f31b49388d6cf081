import {
  InternalServerError,
  ProvisionedThroughputExceededException,
} from '@aws-sdk/client-dynamodb';
import { InternalServiceError } from '@aws-sdk/client-secrets-manager';
import { describe, expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { KeysUnavailable } from '../../functions/core/keys/keys.ts';
import { s360 } from '../../functions/s360/contract.ts';
import {
  type Held,
  storedTest as test,
  type WireCall,
  type StoredWorld as World,
} from '../support/world.ts';

const clients = [
  {
    contract: s360,
    call: ({ sessionId, sessionToken }: Held): WireCall => ({
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ sessionToken, sessionId }),
    }),
    code: (answer: { desc: { code: string } }) => answer.desc.code,
    codes: {
      unavailable: 'APIMServiceUnavailable',
      timedOut: 'APIMGatewayTimeout',
      failed: 'ESB-IDP-E0500',
    },
  },
  {
    contract: ccstore,
    call: ({ accessToken }: Held): WireCall => ({
      headers: { Authorization: `Bearer ${accessToken}` },
    }),
    code: (answer: { errorCode: string }) => answer.errorCode,
    codes: { unavailable: '90503', timedOut: '90504', failed: '90500' },
  },
] as const;

const metadata = { $metadata: {}, message: 'table sessions-of-ours' };

/** Lets every refresh of this world meet an error in place of its table. */
function cut(world: World, error: Error): void {
  world.client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName === 'UpdateItemCommand' || commandName === 'GetItemCommand') throw error;
        return next(args);
      },
    { step: 'initialize' },
  );
}

describe.for(clients)('POST $contract.path', ({ contract, call, code, codes }) => {
  test.for([
    { what: 'storage that fails', error: new InternalServerError(metadata) },
    {
      what: 'storage that throttles',
      error: new ProvisionedThroughputExceededException(metadata),
    },
    {
      what: 'storage that is not there',
      error: Object.assign(new Error('connect 10.0.0.1'), { code: 'ECONNREFUSED' }),
    },
  ])('answers $what with 503 and Retry-After', async ({ error }, { world }) => {
    const held = await world.open(contract);
    cut(world, error);
    const answer = await world.post(contract, call(held));
    expect(answer).toMatchObject({ status: 503, headers: { 'Retry-After': '1' } });
    expect(code(answer.json)).toBe(codes.unavailable);
    expect(answer.text).not.toContain(error.message);
  });

  test('answers keys that cannot be had with 503 and Retry-After, then refreshes with them', async ({
    world,
  }) => {
    const held = await world.open(contract);
    const { keys } = world;
    world.keys = () => {
      throw new KeysUnavailable(new InternalServiceError(metadata));
    };
    const answer = await world.post(contract, call(held));
    expect(answer).toMatchObject({ status: 503, headers: { 'Retry-After': '1' } });
    expect(code(answer.json)).toBe(codes.unavailable);
    world.keys = keys;
    expect((await world.post(contract, call(held))).status).toBe(200);
  });

  test('answers storage that takes too long with 504 and Retry-After', async ({ world }) => {
    const held = await world.open(contract);
    cut(world, Object.assign(new Error('late'), { name: 'TimeoutError' }));
    const answer = await world.post(contract, call(held));
    expect(answer).toMatchObject({ status: 504, headers: { 'Retry-After': '1' } });
    expect(code(answer.json)).toBe(codes.timedOut);
  });

  test('answers a bug with 500, and says nothing of it', async ({ world }) => {
    const held = await world.open(contract);
    cut(world, new TypeError("Cannot read properties of undefined (reading 'sessions-of-ours')"));
    const answer = await world.post(contract, call(held));
    expect(answer.status).toBe(500);
    expect(code(answer.json)).toBe(codes.failed);
    expect(answer.text).not.toContain('sessions-of-ours');
    expect(answer.headers).not.toHaveProperty('Retry-After');
  });
});
