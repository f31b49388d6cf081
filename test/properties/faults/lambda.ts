import { randomUUID } from 'node:crypto';
import { expect, inject, vi } from 'vitest';
import { contracts } from '../../../functions/contracts.ts';
import type { Env } from '../../../functions/core/env.ts';
import type { RequestRecord } from '../../../functions/core/lambda/record.ts';
import { refreshHandler, type Services } from '../../../functions/core/lambda/refresh-handler.ts';
import { services } from '../../../functions/core/lambda/services.ts';
import { later, systemClock } from '../../../functions/core/time.ts';
import { context } from '../../../local/proxy-event.ts';
import { sharedTest, type Wire } from '../../admin/support.ts';
import { documented } from '../../support/documented.ts';
import { apiGatewayEvent, type Held, material } from '../../support/world.ts';
import { type FaultProxy, startProxy } from './proxy.ts';

/** A world whose Lambdas reach its engine through a proxy, by the settings that they are deployed with. */
export interface Faulty {
  readonly proxy: FaultProxy;
  /** What they find in the environment beside the SDK's own variables. */
  readonly env: Env;
}

/** `test` with one such world for all tests of a file. Its sessions were opened a minute ago. */
export const test = sharedTest.extend<{ faulty: Faulty }>({
  faulty: [
    async ({ world }, use) => {
      world.now = later(systemClock(), -60);
      const proxy = await startProxy(inject('embedded'));
      vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', proxy.endpoint);
      for (const name of ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
        vi.stubEnv(name, 'local');
      const keys = Object.fromEntries(contracts.map(({ name }) => [name, material]));
      const env = { SESSION_TABLE: world.table, SESSION_KEYS: JSON.stringify(keys) };
      await use({ proxy, env });
      vi.unstubAllEnvs();
      proxy.close();
    },
    { scope: 'file' },
  ],
});

export type Started = ReturnType<typeof start>;

/** A contract's Lambda as its entry point starts it, and the records that it writes. */
export function start(wire: Wire, env: Env, other: Partial<Services> = {}) {
  const { contract } = wire;
  const records: RequestRecord[] = [];
  const write = (record: RequestRecord) => records.push(record);
  const all = { ...services(contract, env), write, ...other };
  const lambda = documented(contract, refreshHandler(contract, all));
  return { wire, records, services: all, lambda };
}

/** Refreshes as the contract's client does, five seconds before the Lambda is ended. */
export async function refresh({ wire: { contract, call }, lambda }: Started, held: Held) {
  const id = randomUUID();
  const event = apiGatewayEvent(contract, { ...call(held), requestId: id });
  const { statusCode: status, body, headers } = await lambda(event, context(id));
  return { id, status, body, retryAfter: headers?.['Retry-After'] };
}

/** Refreshes again while nobody knows, as a client does: a busy machine is a fault, too. */
export async function settled(started: Started, held: Held) {
  let answer = await refresh(started, held);
  for (let tries = 0; tries < 5 && answer.retryAfter !== undefined; tries += 1) {
    expectUnknown(started.wire, answer);
    answer = await refresh(started, held);
  }
  return answer;
}

/** Whether the contract says, in its own words, that nobody knows, and when to ask again. */
export function expectUnknown(
  { contract }: Wire,
  answer: Awaited<ReturnType<typeof refresh>>,
): void {
  const possible = (['unavailable', 'timed-out'] as const).map((reason) => {
    const { status, body } = contract.refuse(reason, answer.id);
    return { id: answer.id, status, body, retryAfter: '1' };
  });
  expect(possible).toContainEqual(answer);
}
