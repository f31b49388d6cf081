import { randomUUID } from 'node:crypto';
import { refreshHandler } from '../../functions/core/edge/refresh-handler.ts';
import { services } from '../../functions/core/edge/services.ts';
import { type EpochSeconds, systemClock } from '../../functions/core/time.ts';
import { item, type Wire, wires } from '../session-admin/support.ts';
import { grace, type RotatingClient, rotatingClients } from '../support/rotating.ts';
import type { Held, World } from '../support/world.ts';
import type { Faulty, Started } from './lambda.ts';

/** A session whose secrets are replaced, its client, and a Lambda whose storage is behind the proxy. */
export interface Rotating extends Started {
  readonly client: RotatingClient;
  readonly sessionId: string;
  /** What the client was given at the opening. */
  readonly held: Held;
  /** The Lambda's clock. */
  now: EpochSeconds;
  item(): ReturnType<typeof item>;
}

const rotation = { rotation: { grace } };
const policies = JSON.stringify({ eos: rotation, ccstore: rotation });

/** Opens a session of every contract that can rotate, each with a Lambda of its own. */
export function openAll(world: World, faulty: Faulty): Promise<readonly Rotating[]> {
  return Promise.all(rotatingClients.map((client) => open(world, faulty, client)));
}

async function open(world: World, { env }: Faulty, client: RotatingClient): Promise<Rotating> {
  const { contract } = client;
  const sessionId = randomUUID();
  const held = await world.open(contract, { sessionId });
  const deployed = services(contract, { ...env, SESSION_POLICIES: policies });
  const records: Rotating['records'] = [];
  const rotating: Rotating = {
    client,
    sessionId,
    held,
    now: systemClock(),
    wire: wireOf(client),
    records,
    lambda: refreshHandler(contract, {
      ...deployed,
      clock: () => rotating.now,
      write: (record) => records.push(record),
    }),
    item: () => item(world, contract.name, sessionId),
  };
  return rotating;
}

function wireOf({ contract }: RotatingClient): Wire {
  const wire = wires.find(({ name }) => name === contract.name);
  if (!wire) throw new Error(`${contract.name} has no wire`);
  return wire;
}
