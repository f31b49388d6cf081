import { randomUUID } from 'node:crypto';
import { expect, inject, vi } from 'vitest';
import { contracts } from '../../../functions/contracts.ts';
import type { Env } from '../../../functions/core/env.ts';
import type { RequestRecord } from '../../../functions/core/lambda/record.ts';
import {
  type RefreshLambda,
  refreshHandler,
  type Services,
} from '../../../functions/core/lambda/refresh-handler.ts';
import { services } from '../../../functions/core/lambda/services.ts';
import { later, systemClock } from '../../../functions/core/time.ts';
import { context } from '../../../local/proxy-event.ts';
import { item, sharedTest, type Wire } from '../../admin/support.ts';
import { documented } from '../../support/documented.ts';
import {
  apiGatewayEvent,
  type Held,
  material,
  type StoredWorld as World,
} from '../../support/world.ts';
import { type FaultProxy, startProxy } from './proxy.ts';

/** A world whose Lambdas reach its engine through a proxy, by the settings that they are deployed with. */
export interface Faulty {
  readonly proxy: FaultProxy;
  /** What they find in the environment beside the SDK's own variables. */
  readonly env: Env;
  /** What nobody caught. */
  readonly unhandled: readonly unknown[];
}

/** `test` with one such world for all tests of a file. Its sessions were opened a minute ago. */
export const test = sharedTest.extend<{ faulty: Faulty }>({
  faulty: [
    async ({ world }, use) => {
      world.now = later(systemClock(), -60);
      const proxy = await startProxy(inject('embedded'));
      vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', proxy.endpoint);
      vi.stubEnv('AWS_REGION', 'local');
      vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
      const unhandled: unknown[] = [];
      const keep = (reason: unknown) => unhandled.push(reason);
      process.on('unhandledRejection', keep);
      const keys = Object.fromEntries(contracts.map(({ name }) => [name, material]));
      await use({
        proxy,
        env: { SESSION_TABLE: world.table, SESSION_KEYS: JSON.stringify(keys) },
        unhandled,
      });
      process.off('unhandledRejection', keep);
      vi.unstubAllEnvs();
      await proxy.down();
    },
    { scope: 'file' },
  ],
});

/** A Lambda that has just started, and the records that it writes. */
export interface Started {
  readonly wire: Wire;
  readonly lambda: RefreshLambda;
  readonly records: RequestRecord[];
}

/** What a Lambda is made of, with something broken, and the records that it writes. */
export function parts({ contract }: Wire, env: Env, broken: Partial<Services> = {}) {
  const records: RequestRecord[] = [];
  const write = (record: RequestRecord) => records.push(record);
  return { records, all: { ...services(contract, env), write, ...broken } };
}

/** Starts a contract's Lambda as its entry point does. */
export function start(wire: Wire, env: Env): Started {
  const { all, records } = parts(wire, env);
  const { contract } = wire;
  return { wire, lambda: documented(contract, refreshHandler(contract, all)), records };
}

/** An answer, and the id of the request that it answers. */
export interface Answer {
  readonly id: string;
  readonly status: number;
  readonly body: string;
  readonly retryAfter: unknown;
}

/** Refreshes as the contract's client does, five seconds before the Lambda is ended. */
export async function refresh({ wire, lambda }: Started, held: Held): Promise<Answer> {
  const id = randomUUID();
  const event = apiGatewayEvent(wire.contract, { ...wire.call(held), requestId: id });
  const { statusCode: status, body, headers } = await lambda(event, context(id));
  return { id, status, body, retryAfter: headers?.['Retry-After'] };
}

/** Refreshes again while nobody knows, as a client does: a busy machine is a fault, too. */
export async function settled(started: Started, held: Held): Promise<Answer> {
  let answer = await refresh(started, held);
  for (let tries = 0; tries < 5 && answer.retryAfter !== undefined; tries += 1) {
    expectUnknown(started.wire, answer);
    answer = await refresh(started, held);
  }
  return answer;
}

/** Whether the contract says, in its own words, that nobody knows, and when to ask again. */
export function expectUnknown({ contract }: Wire, { id, ...answer }: Answer): void {
  const possible = (['unavailable', 'timed-out'] as const).map((reason) => {
    const { status, body } = contract.refuse(reason, id);
    return { status, body, retryAfter: '1' };
  });
  expect(possible).toContainEqual(answer);
}

type Row = Awaited<ReturnType<typeof item>>;

/** Whether a row is what it was, or that refreshed; answers which. */
export async function rowAfter(
  world: World,
  { contract }: Wire,
  { sessionId }: Held,
  before: Row,
): Promise<'as before' | 'refreshed'> {
  const after = await item(world, contract.name, sessionId);
  if (JSON.stringify(after) === JSON.stringify(before)) return 'as before';
  const { idle } = contract.policy;
  const at = Number(after?.refreshedAt?.N);
  expect(at).toBeGreaterThan(Number(before?.refreshedAt?.N));
  expect(after).toEqual({
    ...before,
    refreshedAt: { N: String(at) },
    idleUntil: { N: String(at + Number(idle)) },
  });
  return 'refreshed';
}
