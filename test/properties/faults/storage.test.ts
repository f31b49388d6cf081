import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { KeysUnavailable } from '../../../functions/core/keys/keys.ts';
import { faultOf } from '../../../functions/core/lambda/errors.ts';
import { prime } from '../../../functions/core/lambda/prime.ts';
import { refreshHandler } from '../../../functions/core/lambda/refresh-handler.ts';
import { start as startFrom } from '../../../functions/core/lambda/start.ts';
import { dynamoDBTable, StorageUnavailable } from '../../../functions/core/session/table.ts';
import { item, type Wire, wires } from '../../admin/support.ts';
import { capturedOutput } from '../../support/output.ts';
import { rowOf } from '../../support/session.ts';
import type { StoredWorld as World } from '../../support/world.ts';
import {
  expectUnknown,
  type Faulty,
  parts,
  refresh,
  rowAfter,
  type Started,
  settled,
  start,
  test,
} from './lambda.ts';
import { badAnswers, delay, error, type Fault, fault, faults, type Happening } from './proxy.ts';

const effort = Number(process.env.EFFORT ?? 1);
const coral = 'com.amazon.coral';
const local = {
  region: 'local',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  maxAttempts: 1,
};

describe('faultOf an error of the real SDK', () => {
  /** What the table throws when a request meets this; `requestTimeout` is how long the SDK waits. */
  async function errorOf(
    { proxy, env }: Faulty,
    happens: Happening,
    {
      endpoint = proxy.endpoint,
      signal = new AbortController().signal,
      requestTimeout = 30_000,
    } = {},
  ): Promise<unknown> {
    const lane = randomUUID();
    proxy.plan(lane, () => happens);
    const requestHandler = { requestTimeout, throwOnRequestTimeout: true };
    const client = new DynamoDBClient({ ...local, endpoint, requestHandler });
    const asked = dynamoDBTable(client, `${env.SESSION_TABLE}`).get(rowOf('eos', lane), { signal });
    return asked.catch((reason) => reason).finally(() => client.destroy());
  }

  test.for([
    ...badAnswers,
    { what: 'a throttled account', happens: error('RequestLimitExceeded') },
    { what: 'an absent table', happens: error('ResourceNotFoundException') },
    { what: 'a missing right', happens: error('AccessDeniedException', `${coral}.service`) },
    { what: 'expired credentials', happens: error('ExpiredTokenException', coral) },
    fault('an answer that is cut half-way'),
  ])('calls $what unavailable', async ({ happens }, { faulty }) => {
    expect(faultOf(await errorOf(faulty, happens))).toBe('unavailable');
  });

  test.for([
    { what: 'a port where nobody listens', endpoint: 'http://127.0.0.1:1' },
    { what: 'a name that leads nowhere', endpoint: 'http://nowhere.invalid' },
  ])('calls $what unavailable', async ({ endpoint }, { faulty }) => {
    expect(faultOf(await errorOf(faulty, () => undefined, { endpoint }))).toBe('unavailable');
  });

  test('calls an answer that never comes, and a request that was ended early, timed out', async ({
    faulty,
  }) => {
    const late = await errorOf(faulty, () => undefined, { requestTimeout: 50 });
    const ended = new AbortController();
    const early = await errorOf(faulty, () => ended.abort(), { signal: ended.signal });
    expect(early).toMatchObject({ cause: { name: 'AbortError' } });
    expect([faultOf(late), faultOf(early)]).toEqual(['timed-out', 'timed-out']);
  });

  test.for([
    { what: 'invalid', happens: error('ValidationException', `${coral}.validate`) },
    { what: 'unreadable', happens: error('SerializationException', `${coral}.service`) },
  ])('calls a request that is $what a failure of ours', async ({ happens }, { faulty }) => {
    const thrown = await errorOf(faulty, happens);
    expect(thrown).toHaveProperty('$metadata');
    expect(faultOf(thrown)).toBe('failed');
  });

  const coded = (code: string) => Object.assign(new Error('of no concern'), { code });

  test.for([
    new TypeError('undefined is not a function'),
    new Error('unavailable'),
    new Error('TimeoutError: ETIMEDOUT'),
    coded('ERR_INVALID_ARG_TYPE'),
    ...['TimeoutError', undefined, null, { name: 'AbortError', $metadata: {} }],
  ])('calls everything else a failure of ours: %s', (thrown) => {
    expect(faultOf(thrown)).toBe('failed');
  });

  test('calls keys that cannot be had unavailable, whatever the reason', () => {
    expect(faultOf(new KeysUnavailable(new TypeError('a bug')))).toBe('unavailable');
  });

  test.for([
    ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EAI_AGAIN', 'EHOSTUNREACH'],
    ...['ENETUNREACH', 'ENOTFOUND', 'EPIPE', 'ETIMEDOUT'],
  ])('calls a wire that is down unavailable: %s', async (code) => {
    const requestHandler = { handle: () => Promise.reject(coded(code)) };
    const table = dynamoDBTable(new DynamoDBClient({ ...local, requestHandler }), 'sessions');
    const thrown: unknown = await table.get(rowOf('eos', 'a')).catch((reason) => reason);
    expect(thrown).toBeInstanceOf(StorageUnavailable);
    // The SDK calls a cut connection a timeout.
    expect(['unavailable', 'timed-out']).toContain(faultOf(thrown));
  });
});

/** A contract whose refresh writes, and one whose refresh reads: to storage, `s360` is `eos`. */
const kinds = wires.filter(({ name }) => name !== 's360');

/** Three is every try that the SDK makes. */
const all = 3;

// Up to twice more, since a busy machine is a fault beside the one that is meant.
describe.concurrent('a refresh, its storage behind a wire that fails', { retry: 2 }, () => {
  const mixture = fc.array(fc.constantFrom(...faults), { minLength: 2, maxLength: all });

  test.for(
    [
      ...faults.map((one) => [one, one, one]),
      ...faults.filter(({ retried }) => retried).map((one) => [one]),
      ...fc.sample(mixture, 4 * effort),
    ].map((met) => ({ met, what: met.map(({ what }) => what).join(', ') })),
  )('survives $what', async ({ met }, { world, faulty }) => {
    await Promise.all(kinds.map((wire) => survive(world, faulty, wire, met)));
    expect(faulty.unhandled).toEqual([]);
  });

  test('waits for a wire that is slow', async ({ world, faulty }) => {
    for (const wire of kinds) {
      const sessionId = randomUUID();
      const held = await world.open(wire.contract, { sessionId });
      faulty.proxy.plan(sessionId, () => delay);
      expect((await refresh(start(wire, faulty.env), held)).status).toBe(200);
    }
  });
});

/** A living and a revoked session in one warm Lambda, through the fault and after it. */
async function survive(
  world: World,
  { env, proxy }: Faulty,
  wire: Wire,
  met: readonly Fault[],
): Promise<void> {
  const { contract, loggedOut } = wire;
  const [sessionId, endedId] = [randomUUID(), randomUUID()];
  const held = await world.open(contract, { sessionId });
  const ended = await world.open(contract, { sessionId: endedId });
  await world.run('revoke', { contract: contract.name, sessionId: endedId });
  const before = await item(world, contract.name, sessionId);
  const tombstone = await item(world, contract.name, endedId);
  const started = start(wire, env);

  for (const lane of [sessionId, endedId]) proxy.plan(lane, (nth) => met[nth]?.happens);
  const [answer, refusal] = await Promise.all([refresh(started, held), refresh(started, ended)]);
  const spared = met.length < all && met.every(({ retried }) => retried);
  for (const { lane, status, got } of [
    { lane: sessionId, status: 200, got: answer },
    { lane: endedId, status: loggedOut[0], got: refusal },
  ]) {
    // On a busy machine a try that meets no fault can time out as well.
    const busy = proxy.seen(lane) > met.length + 1;
    if (spared && !(busy && got.status !== status)) expect(got.status).toBe(status);
    else expectUnknown(wire, got);
  }
  expect(proxy.seen(sessionId)).toBeLessThanOrEqual(all);
  await rowAfter(world, wire, held, before);

  for (const lane of [sessionId, endedId]) proxy.heal(lane);
  expect((await settled(started, held)).status).toBe(200);
  expect((await settled(started, ended)).status).toBe(loggedOut[0]);
  const moves = typeof contract.policy.idle === 'number';
  expect(await rowAfter(world, wire, held, before)).toBe(moves ? 'refreshed' : 'as before');
  expect(await item(world, contract.name, endedId)).toEqual(tombstone);
  // Every request has a record of what became of it, and none of a bug.
  const known = ['refreshed', 'revoked', 'unavailable', 'timed-out'];
  expect(started.records.length).toBeGreaterThanOrEqual(4);
  for (const { outcome } of started.records) expect(known).toContain(outcome);
}

describe.for(wires)('priming $name', (wire) => {
  const { contract } = wire;
  const policies = [
    { what: 'the contract’s policy', policy: contract.policy },
    { what: 'rotation', policy: { ...contract.policy, rotation: { grace: 10 } } },
  ];

  test.for(contract.rotates ? policies : policies.slice(0, 1))(
    'grants a refresh by one storage request, and writes nothing: $what',
    async ({ policy }, { world, faulty }) => {
      const { all, records } = parts(wire, faulty.env, { policy });
      const output = capturedOutput();
      faulty.proxy.plan('#priming', () => undefined);
      expect(await prime(contract, all)).toEqual({ primed: true, primedMs: expect.any(Number) });
      expect(faulty.proxy.seen('#priming')).toBe(1);
      expect(await item(world, contract.name, '#priming')).toBeUndefined();
      expect([records, output.lines()]).toEqual([[], []]);
    },
  );

  test('is told on the line of the first request alone', async ({ world, faulty }) => {
    const { started, primed, held } = await primedLambda(world, faulty, wire);
    expect(primed).toBe(true);
    for (const _ of [1, 2]) expect((await settled(started, held)).status).toBe(200);
    const { records } = started;
    expect(records[0]).toMatchObject({ coldStart: true, primed: true, storageRequests: 1 });
    expect(records.at(-1)).not.toHaveProperty('primed');
  });
});

describe('priming', () => {
  const [eos] = kinds as [Wire];
  const bug = () => {
    throw new TypeError('a bug');
  };

  test('fails no start while storage does not answer or refuses connections', async ({
    world,
    faulty,
  }) => {
    const { proxy, env, unhandled } = faulty;
    const table = `${env.SESSION_TABLE}`;
    const through = async () => {
      const lambdas = await Promise.all(kinds.map((wire) => primedLambda(world, faulty, wire)));
      return Promise.all(
        lambdas.map(async ({ started, primed, held }) => {
          expect(primed).toBe(false);
          expectUnknown(started.wire, await refresh(started, held));
          return { started, held };
        }),
      );
    };
    proxy.plan(table, () => () => undefined);
    const lambdas = await through();
    proxy.heal(table);
    await proxy.down();
    lambdas.push(...(await through()));
    await proxy.up();
    for (const { started, held } of lambdas)
      expect((await settled(started, held)).status).toBe(200);
    expect(unhandled).toEqual([]);
  });

  test.for([
    { what: 'keys cannot be read', broken: { keys: () => Promise.reject(new Error('no')) } },
    { what: 'keys never come', broken: { keys: () => new Promise<never>(() => undefined) } },
    {
      what: 'the table throws',
      broken: { table: { update: bug, put: bug, get: bug, bySubject: bug } },
    },
  ])('fails no start where $what', async ({ broken }, { faulty }) => {
    const { all } = parts(eos, faulty.env, broken);
    expect(await prime(eos.contract, all)).toMatchObject({ primed: false });
    expect(faulty.unhandled).toEqual([]);
  });

  test.for([
    { variable: 'on', requests: 1 },
    { variable: 'off', requests: 0 },
    { variable: undefined, requests: 0 },
  ])(
    'asks storage $requests times where PRIME is $variable',
    async ({ variable, requests }, { faulty }) => {
      faulty.proxy.plan('#priming', () => undefined);
      await startFrom(eos.contract, { ...faulty.env, PRIME: variable });
      expect(faulty.proxy.seen('#priming')).toBe(requests);
    },
  );
});

/** A session, and a Lambda that has primed itself. */
async function primedLambda(world: World, { env, proxy }: Faulty, wire: Wire) {
  const { contract } = wire;
  const held = await world.open(contract, { sessionId: randomUUID() });
  const { all, records } = parts(wire, env);
  proxy.heal('#priming');
  const priming = await prime(contract, all);
  const started: Started = { wire, lambda: refreshHandler(contract, { ...all, priming }), records };
  return { started, primed: priming.primed, held };
}
