import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, vi } from 'vitest';
import { secretsManager } from '../../../functions/core/keys/secrets-manager.ts';
import { type Wire, wires } from '../../admin/support.ts';
import {
  type SecretsManagerStandIn,
  secretsManagerStandIn,
} from '../../support/secrets-manager.ts';
import { type Held, material, type World } from '../../support/world.ts';
import { answers, delay, type Fault, faults, typed } from './faults.ts';
import {
  expectUnknown,
  type Faulty,
  test as plain,
  refresh,
  type Started,
  settled,
  start,
} from './lambda.ts';
import { type FaultProxy, type Happening, startProxy } from './proxy.ts';

/** Secrets Manager, and the wire to it. */
interface Vault {
  readonly manager: SecretsManagerStandIn;
  readonly proxy: FaultProxy;
}

const test = plain.extend<{ vault: Vault }>({
  vault: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's needs from this pattern
    async ({}, use) => {
      const manager = await secretsManagerStandIn();
      const proxy = await startProxy(manager.endpoint);
      vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', proxy.endpoint);
      await use({ manager, proxy });
      await proxy.down();
      manager.close();
    },
    { scope: 'file' },
  ],
});

/** A secret as it is answered, whatever is asked for. */
const holds = (secret: object): Happening =>
  answers(200, JSON.stringify({ CreatedDate: 1_700_000_000.123, ...secret }));

/** What goes wrong on every way to AWS, and what Secrets Manager alone gets wrong. */
const troubles: readonly Pick<Fault, 'what' | 'happens'>[] = [
  ...faults,
  { what: 'a secret too short', happens: holds({ SecretString: 'short' }) },
  { what: 'a secret that is binary', happens: holds({ SecretBinary: 'c2VjcmV0'.repeat(8) }) },
  { what: 'no secret', happens: answers(200, '{}') },
  { what: 'a role that may not', happens: answers(400, typed('AccessDeniedException')) },
  { what: 'a secret that was deleted', happens: answers(400, typed('ResourceNotFoundException')) },
  { what: 'a key of its own that is off', happens: answers(400, typed('DecryptionFailure')) },
];

/** A Lambda whose keys are in the vault, and a client of it; the lane is the name of its secrets. */
interface Client {
  readonly lane: string;
  readonly wire: Wire;
  readonly held: Held;
  /** Starts the Lambda, which at once begins to read. */
  readonly start: () => Started;
}

async function client(world: World, faulty: Faulty, vault: Vault, wire: Wire): Promise<Client> {
  const lane = randomUUID();
  vault.manager.secrets.set(`${lane}/root`, material.root);
  vault.manager.secrets.set(`${lane}/signing`, material.signing ?? '');
  const ids = { root: `${lane}/root`, signing: `${lane}/signing` };
  const { SESSION_TABLE } = faulty.env;
  const env = { SESSION_TABLE, SESSION_SECRETS: JSON.stringify({ [wire.name]: ids }) };
  const held = await world.open(wire.contract, { sessionId: randomUUID() });
  return { lane, wire, held, start: () => start(wire, env) };
}

// `faulty` tells the SDK where to ask.
test('a version is read with its id and the second it was created in', async ({
  faulty: _,
  vault,
}) => {
  const lane = randomUUID();
  vault.proxy.plan(lane, () => holds({ SecretString: 'text', VersionId: 'id' }));
  expect(await secretsManager({})(lane, 'AWSPREVIOUS')).toEqual({
    id: 'id',
    text: 'text',
    createdAt: 1_700_000_000,
  });
});

const cases = troubles.map((trouble) => ({ trouble }));

/** It has both secrets; the other contracts' keys come the same way. */
const signs = wires.filter(({ name }) => name === 's360');

describe.concurrent('a Lambda that starts', () => {
  test.for(cases)(
    'says so while its keys meet $trouble.what, and no longer',
    async ({ trouble }, { world, faulty, vault }) => {
      await Promise.all(
        signs.map(async (wire) => {
          const { lane, held, ...lambda } = await client(world, faulty, vault, wire);
          vault.proxy.plan(lane, () => trouble.happens);
          const started = lambda.start();
          expectUnknown(wire, await refresh(started, held));
          expectUnknown(wire, await refresh(started, held));
          vault.proxy.heal(lane);
          expect((await refresh(started, held)).status).toBe(200);
        }),
      );
      expect(faulty.unhandled).toEqual([]);
    },
  );

  test('waits for keys that come slowly', async ({ world, faulty, vault }) => {
    await Promise.all(
      signs.map(async (wire) => {
        const { lane, held, ...lambda } = await client(world, faulty, vault, wire);
        vault.proxy.plan(lane, () => delay);
        expect((await settled(lambda.start(), held)).status).toBe(200);
      }),
    );
  });
});

describe('a warm Lambda that reads its keys again', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test.for(cases)(
    'serves for nine minutes with those it has, meeting $trouble.what',
    async ({ trouble }, { world, faulty, vault }) => {
      const clients = await Promise.all(
        signs.map(async (wire) => {
          const { start: begin, ...kept } = await client(world, faulty, vault, wire);
          const started = begin();
          expect((await settled(started, kept.held)).status).toBe(200);
          return { ...kept, started };
        }),
      );
      const began = Date.now();
      // The clock alone is moved: timers and sockets are real.
      const minutesOn = (minutes: number) =>
        vi.useFakeTimers({ toFake: ['Date'], now: began + minutes * 60_000 });
      const each = (check: (client: (typeof clients)[number]) => Promise<void>) =>
        Promise.all(clients.map(check));
      const granted = async ({ started, held }: (typeof clients)[number]) =>
        expect((await settled(started, held)).status).toBe(200);

      for (const { lane } of clients) vault.proxy.plan(lane, () => trouble.happens);
      minutesOn(5.5);
      await each(granted);
      minutesOn(8.5);
      await each(granted);
      minutesOn(9.5);
      await each(async ({ wire, started, held }) =>
        expectUnknown(wire, await refresh(started, held)),
      );
      for (const { lane } of clients) vault.proxy.heal(lane);
      await each(granted);
      expect(faulty.unhandled).toEqual([]);
    },
  );
});
