import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, onTestFinished, vi } from 'vitest';
import { secretsManager } from '../../../functions/core/keys/secrets-manager.ts';
import { type Wire, wires } from '../../admin/support.ts';
import { secretsManagerStandIn } from '../../support/stand-ins.ts';
import { material, type World } from '../../support/world.ts';
import { expectUnknown, type Faulty, refresh, settled, start, test } from './lambda.ts';
import { answers, delay, error, fault, faults, type Happening, startProxy } from './proxy.ts';

const manager = await secretsManagerStandIn();
/** The wire to Secrets Manager. */
const proxy = await startProxy(manager.endpoint);
beforeAll(() => void vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', proxy.endpoint));
afterAll(() => {
  for (const server of [manager, proxy]) server.close();
});

/** A secret as it is answered, whatever is asked for. */
const holds = (secret: object): Happening =>
  answers(200, JSON.stringify({ CreatedDate: 1_700_000_000.123, ...secret }));

/** It has both secrets; the other contracts' keys come the same way. */
const s360 = wires.find(({ name }) => name === 's360') as Wire;

/** A Lambda whose keys are in Secrets Manager, and what its client holds; the lane is the name of its secrets. */
async function begin(world: World, faulty: Faulty, trouble?: Happening) {
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

test('a version is read with its id and the second it was created in', async ({ faulty: _ }) => {
  const lane = randomUUID();
  proxy.plan(lane, () => holds({ SecretString: 'text', VersionId: 'id' }));
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
  ])('says so while its keys meet $what, and no longer', async ({ happens }, { world, faulty }) => {
    const { lane, held, started } = await begin(world, faulty, happens);
    expectUnknown(s360, await refresh(started, held));
    expectUnknown(s360, await refresh(started, held));
    proxy.heal(lane);
    expect((await settled(started, held)).status).toBe(200);
  });

  test('waits for keys that come slowly', async ({ world, faulty }) => {
    const { held, started } = await begin(world, faulty, delay);
    expect((await settled(started, held)).status).toBe(200);
  });
});

// Which failures of a reading there are, the Lambdas that start have met.
test('a warm Lambda serves for nine minutes while its keys cannot be read again', async ({
  world,
  faulty,
}) => {
  const { lane, held, started } = await begin(world, faulty);
  const granted = async () => expect((await settled(started, held)).status).toBe(200);
  await granted();
  const began = Date.now();
  onTestFinished(() => void vi.useRealTimers());
  // The clock alone is moved: timers and sockets are real.
  const minutesOn = (minutes: number) =>
    vi.useFakeTimers({ toFake: ['Date'], now: began + minutes * 60_000 });

  proxy.plan(lane, () => fault('an answer that never comes').happens);
  for (const minutes of [5.5, 8.5]) {
    minutesOn(minutes);
    await granted();
  }
  minutesOn(9.5);
  expectUnknown(s360, await refresh(started, held));
  proxy.heal(lane);
  await granted();
});
