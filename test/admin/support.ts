import { test as base, inject } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { rowKey, type SessionId } from '../../functions/core/session/session.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import type { Answer } from '../../functions/session-admin/command.ts';
import { demoApiKey } from '../../local/demo.ts';
import { requestOf } from '../../local/explorer/request.js';
import { requestTemplate } from '../../local/request-template.ts';
import { itemOf } from '../support/session.ts';
import {
  type Held,
  makeWorld,
  type StoredWorld,
  type WireAnswer,
  type WireCall,
  type World,
} from '../support/world.ts';

/** All three contracts as their clients use them: as names for tables, too. */
export const wires: readonly Wire[] = [
  wireOf(eos, ['secureCode', 'expireTime'], ({ secureCode }) => secureCode),
  wireOf(s360, ['sessionToken', 'accessToken'], ({ sessionToken }) => sessionToken),
  wireOf(ccstore, ['accessToken'], ({ accessToken }) => payload(accessToken).sec),
];

export type Wire = ReturnType<typeof wireOf>;

function wireOf(contract: Contract, own: readonly string[], secret: (held: Held) => string) {
  const template = requestTemplate(contract, demoApiKey);
  return {
    name: contract.name,
    contract,
    /** The names of what `open` and `login` answer, in their order. */
    holds: ['contract', 'sessionId', ...own, 'expiresIn', 'expiresAt'],
    /** The secret in what the client holds. */
    secret,
    call: (held: Held): WireCall => requestOf(template, { ...held }),
  };
}

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
export const item = (world: StoredWorld, contract: string, id: string) =>
  itemOf(world, rowKey(contract, id as SessionId));

/** The result of a command that did what it was told. */
export function done<Result = Record<string, unknown>>(answer: Answer): Result {
  if (answer.outcome !== 'done') throw new Error(`not done: ${JSON.stringify(answer)}`);
  return answer.result as Result;
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
