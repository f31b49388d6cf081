import { randomUUID } from 'node:crypto';
import { describe, expect, onTestFinished, vi } from 'vitest';
import { secretsManager } from '../../../functions/core/keys/secrets-manager.ts';
import { type Wire, wires } from '../../admin/support.ts';
import { type SecretsManagerStandIn, secretsManagerStandIn } from '../../support/stand-ins.ts';
import { material, type World } from '../../support/world.ts';
import { expectUnknown, type Faulty, test as plain, refresh, settled, start } from './lambda.ts';
import { answers, delay, error, fault, faults, type Happening, startProxy } from './proxy.ts';

/** Secrets Manager, and the wire to it. */
type Vault = Awaited<ReturnType<typeof vaultOn>>;

async function vaultOn(manager: SecretsManagerStandIn) {
  return { manager, proxy: await startProxy(manager.endpoint) };
}

const test = plain.extend<{ vault: Vault }>({
  vault: [
    // `faulty` tells the SDK who asks.
    async ({ faulty: _ }, use) => {
      const vault = await vaultOn(await secretsManagerStandIn());
      vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', vault.proxy.endpoint);
      await use(vault);
      for (const server of Object.values(vault)) server.close();
    },
    { scope: 'file' },
  ],
});

/** A secret as it is answered, whatever is asked for. */
const holds = (secret: object): Happening =>
  answers(200, JSON.stringify({ CreatedDate: 1_700_000_000.123, ...secret }));

/** It has both secrets; the other contracts' keys come the same way. */
const s360 = wires.find(({ name }) => name === 's360') as Wire;

/** A Lambda whose keys are in the vault, and what its client holds; the lane is the name of its secrets. */
async function begin(world: World, faulty: Faulty, { manager, proxy }: Vault, trouble?: Happening) {
  const lane = randomUUID();
  const ids = { root: `${lane}/root`, signing: `${lane}/signing` };
  manager.secrets.set(ids.root, material.root);
  manager.secrets.set(ids.signing, material.signing ?? '');
  const { SESSION_TABLE } = faulty.env;
  const env = { SESSION_TABLE, SESSION_SECRETS: JSON.stringify({ s360: ids }) };
  const held = await world.open(s360.contract, { sessionId: randomUUID() });
  if (trouble) proxy.plan(lane, () => trouble);
  return { lane, held, started: start(s360, env) };
}

test('a version is read with its id and the second it was created in', async ({ vault }) => {
  const lane = randomUUID();
  vault.proxy.plan(lane, () => holds({ SecretString: 'text', VersionId: 'id' }));
  const version = { id: 'id', text: 'text', createdAt: 1_700_000_000 };
  expect(await secretsManager({})(lane, 'AWSPREVIOUS')).toEqual(version);
});

describe.concurrent('a Lambda that starts', () => {
  test.for([
    ...faults,
    { what: 'a secret too short', happens: holds({ SecretString: 'short' }) },
    { what: 'a secret that is binary', happens: holds({ SecretBinary: 'c2VjcmV0'.repeat(8) }) },
    { what: 'a role that may not', happens: error('AccessDeniedException') },
    { what: 'a secret that was deleted', happens: error('ResourceNotFoundException') },
    { what: 'a key of its own that is off', happens: error('DecryptionFailure') },
  ])(
    'says so while its keys meet $what, and no longer',
    async ({ happens }, { world, faulty, vault }) => {
      const { lane, held, started } = await begin(world, faulty, vault, happens);
      expectUnknown(s360, await refresh(started, held));
      expectUnknown(s360, await refresh(started, held));
      vault.proxy.heal(lane);
      expect((await settled(started, held)).status).toBe(200);
      expect(faulty.unhandled).toEqual([]);
    },
  );

  test('waits for keys that come slowly', async ({ world, faulty, vault }) => {
    const { held, started } = await begin(world, faulty, vault, delay);
    expect((await settled(started, held)).status).toBe(200);
  });
});

// Which failures of a reading there are, the Lambdas that start have met.
test('a warm Lambda serves for nine minutes while its keys cannot be read again', async ({
  world,
  faulty,
  vault,
}) => {
  const { lane, held, started } = await begin(world, faulty, vault);
  const granted = async () => expect((await settled(started, held)).status).toBe(200);
  await granted();
  const began = Date.now();
  onTestFinished(() => void vi.useRealTimers());
  // The clock alone is moved: timers and sockets are real.
  const minutesOn = (minutes: number) =>
    vi.useFakeTimers({ toFake: ['Date'], now: began + minutes * 60_000 });

  vault.proxy.plan(lane, () => fault('an answer that never comes').happens);
  for (const minutes of [5.5, 8.5]) {
    minutesOn(minutes);
    await granted();
  }
  minutesOn(9.5);
  expectUnknown(s360, await refresh(started, held));
  vault.proxy.heal(lane);
  await granted();
  expect(faulty.unhandled).toEqual([]);
});
