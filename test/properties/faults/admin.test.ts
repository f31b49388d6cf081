import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { eos } from '../../../functions/eos/contract.ts';
import type { Answer } from '../../../functions/session-admin/command.ts';
import { commands } from '../../../functions/session-admin/commands.ts';
import type { Input } from '../../../functions/session-admin/fields.ts';
import { adminServices } from '../../../functions/session-admin/services.ts';
import { item } from '../../admin/support.ts';
import type { StoredWorld as World } from '../../support/world.ts';
import { type Faulty, test } from './lambda.ts';
import { type Fault, fault } from './proxy.ts';

/** A command as an operator gives it, and what is then true of the table. */
interface Order {
  readonly what: keyof typeof commands;
  /** How many requests it makes, where nothing fails. */
  readonly requests: number;
  readonly before: (world: World, lane: string) => Promise<unknown>;
  readonly input: (lane: string) => Input;
  /** What it may be refused for when it is given again, since the first time did it unseen. */
  readonly already?: string;
  /** Whether the table has what a command promises that says it is done. */
  readonly isDone: (rows: Rows, lane: string) => boolean;
}

type Rows = readonly Awaited<ReturnType<typeof item>>[];

const ids = (lane: string) => [`${lane}-1`, `${lane}-2`];
const session = (lane: string) => ({ contract: 'eos', sessionId: `${lane}-1` });
const input = (lane: string) => ({ ...session(lane), subject: lane, secret: '20004007594' });
const isDone: Order['isDone'] = ([row], lane) => row?.subject?.S === `eos#${lane}`;
const ended = (count: number) => (rows: Rows) =>
  rows.filter((row) => row?.revokedAt !== undefined).length === count;

const nothing = async () => undefined;
const anonymous: Order['before'] = (world, lane) =>
  world.run('open', { ...session(lane), anonymous: true });
const both: Order['before'] = (world, lane) =>
  Promise.all(ids(lane).map((sessionId) => world.open(eos, { sessionId, subject: lane })));

const orders: readonly Order[] = [
  { what: 'open', requests: 1, before: nothing, input, already: 'id-taken', isDone },
  { what: 'login', requests: 1, before: anonymous, input, already: 'logged-in', isDone },
  { what: 'revoke', requests: 1, before: both, input: session, isDone: ended(1) },
  {
    ...{ what: 'revoke-all', before: both, isDone: ended(2) },
    // A query, both sessions, and two queries that find nothing new.
    requests: 5,
    input: (lane) => ({ contract: 'eos', subject: lane }),
  },
];

/** To a command, a request is done or not, and the SDK sends it again or not. */
const faults: readonly Fault[] = [
  fault('a request that is lost'),
  fault('an answer that is lost'),
  fault('an answer of somebody else’s'),
];

describe.concurrent.for(orders)('session-admin $what over a wire that fails', (order) => {
  test.for(faults)('tells the truth through $what', async (met, { world, faulty }) => {
    for (let at = 0; at < order.requests; at += 1)
      for (const tries of met.retried ? [1, 3] : [1])
        await tell(world, faulty, order, (nth) => nth >= at && nth < at + tries && met);
  });
});

/** Gives an order some of whose requests meet a fault, and again after it. */
async function tell(
  world: World,
  { env, proxy }: Faulty,
  order: Order,
  faultOf: (nth: number) => Fault | false,
): Promise<void> {
  const lane = randomUUID();
  const rows = () => Promise.all(ids(lane).map((id) => item(world, 'eos', id)));
  await order.before(world, lane);
  const before = await rows();
  const services = { ...adminServices(env), wait: async () => undefined };
  const give = (): Promise<Answer | 'threw'> =>
    commands[order.what](order.input(lane), services).catch(() => 'threw');
  const already = order.already && { outcome: 'refused', reason: order.already };

  proxy.plan(lane, (nth) => (faultOf(nth) || undefined)?.happens);
  const told = await give();
  const first = await rows();
  const did = order.isDone(first, lane);
  if (told !== 'threw') expect([told.outcome, did]).toEqual(['done', true]);
  // One of two sessions is neither before nor after; and what was given up may still arrive.
  else if (order.requests === 1 && !order.isDone(await rows(), lane)) expect(first).toEqual(before);

  proxy.heal(lane);
  let again = await give();
  // A busy machine may be a fault of its own.
  for (let more = 0; again === 'threw' && more < 5; more += 1) again = await give();
  if (again === 'threw' || again.outcome !== 'done') expect(again).toEqual(already);
  const last = await rows();
  expect(order.isDone(last, lane)).toBe(true);
  if (did) expect(last).toEqual(first);
}
