import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { AdminServices, Answer } from '../../../functions/session-admin/command.ts';
import { commands } from '../../../functions/session-admin/commands.ts';
import { adminServices } from '../../../functions/session-admin/services.ts';
import { item, type Wire, wires } from '../../admin/support.ts';
import type { StoredWorld as World } from '../../support/world.ts';
import { answers, type Fault, faults } from './faults.ts';
import { type Faulty, test } from './lambda.ts';

/** What a command may be told of a wire that fails: what it did, or that it does not know. */
type Told = Answer | 'threw';

/** A command as an operator gives it, and what is then true of the table. */
interface Order {
  readonly what: string;
  /** How many requests it makes, where nothing fails. */
  readonly requests: number;
  /** Whose sessions it is given for; those of `eos` by default. */
  readonly contracts?: (wire: Wire) => boolean;
  readonly before: (world: World, wire: Wire, lane: string) => Promise<unknown>;
  readonly give: (services: AdminServices, wire: Wire, lane: string) => Promise<Answer>;
  /** What it may be refused for when it is given again, since the first time did it unseen. */
  readonly already?: string;
  /** Whether the table has what a command promises that says it is done. */
  readonly isDone: (world: World, wire: Wire, lane: string) => Promise<boolean>;
}

const secret = '20004007594';
const ids = (lane: string) => [`${lane}-1`, `${lane}-2`];

async function rows(world: World, { name }: Wire, lane: string) {
  return Promise.all(ids(lane).map((id) => item(world, name, id)));
}

async function openBoth(world: World, { contract }: Wire, lane: string): Promise<void> {
  for (const sessionId of ids(lane)) await world.open(contract, { sessionId, subject: lane });
}

const session = ({ name }: Wire, lane: string) => ({ contract: name, sessionId: `${lane}-1` });

const orders: readonly Order[] = [
  {
    what: 'open',
    requests: 1,
    before: async () => undefined,
    give: (services, wire, lane) =>
      commands.open({ ...session(wire, lane), subject: lane, secret }, services),
    already: 'id-taken',
    isDone: async (world, wire, lane) =>
      (await item(world, wire.name, `${lane}-1`))?.subject?.S === `${wire.name}#${lane}`,
  },
  {
    what: 'login',
    requests: 1,
    before: (world, { name }, lane) =>
      world.run('open', { contract: name, sessionId: `${lane}-1`, anonymous: true }),
    give: (services, wire, lane) =>
      commands.login({ ...session(wire, lane), subject: lane, secret }, services),
    already: 'logged-in',
    isDone: async (world, wire, lane) =>
      (await item(world, wire.name, `${lane}-1`))?.subject?.S === `${wire.name}#${lane}`,
  },
  {
    what: 'revoke',
    requests: 1,
    before: openBoth,
    give: (services, wire, lane) => commands.revoke(session(wire, lane), services),
    isDone: async (world, wire, lane) =>
      (await item(world, wire.name, `${lane}-1`))?.revokedAt !== undefined,
  },
  {
    what: 'revoke-all',
    // A query, both sessions, and two queries that find nothing new.
    requests: 5,
    contracts: ({ name }) => name === 's360',
    before: openBoth,
    give: (services, { name }, lane) =>
      commands['revoke-all']({ contract: name, subject: lane }, services),
    isDone: async (world, wire, lane) =>
      (await rows(world, wire, lane)).every((row) => row?.revokedAt !== undefined),
  },
];

const cases = faults.map((fault) => ({ fault }));

describe.concurrent.for(orders)('session-admin $what over a wire that fails', (order) => {
  test.for(cases)('tells the truth through $fault.what', async ({ fault }, { world, faulty }) => {
    const places = Array.from({ length: order.requests }, (_, at) => at);
    await Promise.all(
      places
        .flatMap((at) => [1, 3].map((tries) => ({ at, tries })))
        .flatMap((place) =>
          wires
            .filter(order.contracts ?? (({ name }) => name === 'eos'))
            .map((wire) => tell(world, faulty, wire, order, fault, place)),
        ),
    );
    expect(faulty.unhandled).toEqual([]);
  });
});

describe('session-admin revoke', () => {
  test('does not call done what was answered with nothing', async ({ world, faulty }) => {
    const nothing = { what: '', retried: false, happens: answers(200, '{}') };
    const order = orders.find(({ what }) => what === 'revoke');
    const [wire] = wires;
    if (order && wire) await tell(world, faulty, wire, order, nothing, { at: 0, tries: 1 });
  });
});

/** Gives an order into the fault, and again after it. */
async function tell(
  world: World,
  { env, proxy }: Faulty,
  wire: Wire,
  order: Order,
  fault: Fault,
  { at, tries }: { readonly at: number; readonly tries: number },
): Promise<void> {
  const lane = randomUUID();
  await order.before(world, wire, lane);
  const before = await rows(world, wire, lane);
  const services = { ...adminServices(env), wait: async () => undefined };
  const give = (): Promise<Told> => order.give(services, wire, lane).catch(() => 'threw');
  const already = order.already && { outcome: 'refused', reason: order.already };

  proxy.plan(lane, (nth) => (nth >= at && nth < at + tries ? fault.happens : undefined));
  const told = await give();
  const isDone = () => order.isDone(world, wire, lane);
  const did = await isDone();
  const first = await rows(world, wire, lane);
  if (told !== 'threw') expect([told.outcome, did]).toEqual(['done', true]);
  // One of two sessions is neither before nor after; and what was given up may still arrive.
  else if (order.requests === 1 && !(await isDone())) expect(first).toEqual(before);

  proxy.heal(lane);
  let again = await give();
  // A busy machine may be a fault of its own.
  for (let tries = 0; again === 'threw' && tries < 5; tries += 1) again = await give();
  expect([already, 'done']).toContainEqual(
    again !== 'threw' && again.outcome === 'done' ? 'done' : again,
  );
  expect(await isDone()).toBe(true);
  if (did) expect(await rows(world, wire, lane)).toEqual(first);
}
