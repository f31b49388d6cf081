import { type AttributeValue, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { test as base, inject } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import type { Answer } from '../../functions/session-admin/command.ts';
import {
  type Held,
  makeWorld,
  type StoredWorld,
  type WireAnswer,
  type WireCall,
  type World,
} from '../support/world.ts';

/** A contract as its client uses it, and what a row of it looks like from outside. */
export interface Wire {
  readonly name: string;
  readonly contract: Contract;
  /** The names of what `open` and `login` answer, in their order. */
  readonly holds: readonly string[];
  /** The secret in what the client holds. */
  readonly secret: (held: Held) => string;
  readonly call: (held: Held) => WireCall;
  /** The status and the code that a client reads when it has been logged out. */
  readonly loggedOut: readonly [status: number, code: string];
}

/** All three of them: as names for tables, too. */
export const wires: readonly Wire[] = [
  {
    name: 'eos',
    contract: eos,
    holds: ['contract', 'sessionId', 'secureCode', 'expireTime', 'expiresIn', 'expiresAt'],
    secret: ({ secureCode }) => secureCode,
    call: ({ sessionId, secureCode }) => ({
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ sessionId, secureCode }).toString(),
    }),
    loggedOut: [403, '3-2'],
  },
  {
    name: 's360',
    contract: s360,
    holds: ['contract', 'sessionId', 'sessionToken', 'accessToken', 'expiresIn', 'expiresAt'],
    secret: ({ sessionToken }) => sessionToken,
    call: ({ sessionId, sessionToken }) => ({
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ sessionToken, sessionId }),
    }),
    loggedOut: [401, 'ESB-IDP-E0004'],
  },
  {
    name: 'ccstore',
    contract: ccstore,
    holds: ['contract', 'sessionId', 'accessToken', 'expiresIn', 'expiresAt'],
    secret: ({ accessToken }) => payload(accessToken).sec,
    call: ({ accessToken }) => ({ headers: { Authorization: `Bearer ${accessToken}` } }),
    loggedOut: [401, '90004'],
  },
];

/** Refreshes as the client does that holds this. */
export function refresh(world: World, { contract, call }: Wire, held: Held): Promise<WireAnswer> {
  return world.post(contract, call(held));
}

/** The claims of a JWT, in either alphabet. */
// biome-ignore lint/suspicious/noExplicitAny: a test looks into a token without knowing its shape
export function payload(token: string): any {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64').toString());
}

/** Every attribute that the table has of a session, those too that no code of ours reads. */
export async function item(
  { client, table }: StoredWorld,
  contract: string,
  id: string,
): Promise<Record<string, AttributeValue> | undefined> {
  const Key = { rowKey: { S: `${contract}#${id}` } };
  const get = new GetItemCommand({ TableName: table, Key, ConsistentRead: true });
  return (await client.send(get)).Item;
}

/** The result of a command that did what it was told. */
export function done<Result = Record<string, unknown>>(answer: Answer): Result {
  if (answer.outcome !== 'done') throw new Error(`not done: ${JSON.stringify(answer)}`);
  return answer.result as Result;
}

/** Makes the engine answer every query in pages of so many rows. */
export function inPagesOf(limit: number, { client }: StoredWorld): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      ({ input, ...args }) =>
        next({
          ...args,
          input: commandName === 'QueryCommand' ? { ...input, Limit: limit } : input,
        }),
    { step: 'initialize' },
  );
}

/** `test` with one world for all tests of a file: for those that ask its table for nothing. */
export const sharedTest = base.extend<{ world: StoredWorld }>({
  world: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's needs from this pattern
    async ({}, use) => {
      const world = await makeWorld(inject('embedded'));
      await use(world);
      await world.close();
    },
    { scope: 'file' },
  ],
});
