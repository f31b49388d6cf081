import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { KeysUnavailable } from '../../../functions/core/keys/keys.ts';
import { faultOf } from '../../../functions/core/lambda/errors.ts';
import { prime } from '../../../functions/core/lambda/prime.ts';
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

describe('faultOf', () => {
  const ended = new AbortController();

  /** An answer, or what the SDK does with it; the fault is `unavailable` unless it is named. */
  interface Row {
    readonly what: string;
    readonly happens?: Happening;
    readonly fault?: ReturnType<typeof faultOf>;
    readonly endpoint?: string;
    readonly requestTimeout?: number;
  }

  test.for<Row>([
    ...badAnswers,
    { what: 'a throttled account', happens: error('RequestLimitExceeded') },
    { what: 'an absent table', happens: error('ResourceNotFoundException') },
    { what: 'a missing right', happens: error('AccessDeniedException', `${coral}.service`) },
    { what: 'expired credentials', happens: error('ExpiredTokenException', coral) },
    fault('an answer that is cut half-way'),
    { what: 'a port where nobody listens', endpoint: 'http://127.0.0.1:1' },
    { what: 'a name that leads nowhere', endpoint: 'http://nowhere.invalid' },
    { what: 'an answer that never comes', fault: 'timed-out', requestTimeout: 50 },
    { what: 'a request ended early', fault: 'timed-out', happens: () => ended.abort() },
    { what: 'an invalid request', fault: 'failed', happens: error('ValidationException', coral) },
    { what: 'unreadable', fault: 'failed', happens: error('SerializationException', coral) },
  ])('tells an error of the real SDK: $what', async (row, { faulty: { proxy, env } }) => {
    const { happens = () => undefined, endpoint = proxy.endpoint, requestTimeout = 30_000 } = row;
    const lane = randomUUID();
    proxy.plan(lane, () => happens);
    const requestHandler = { requestTimeout, throwOnRequestTimeout: true };
    const client = new DynamoDBClient({ ...local, endpoint, requestHandler });
    const { signal } = row.what === 'a request ended early' ? ended : new AbortController();
    const asked = dynamoDBTable(client, `${env.SESSION_TABLE}`).get(rowOf('eos', lane), { signal });
    const thrown: unknown = await asked.catch((reason) => reason).finally(() => client.destroy());
    expect(faultOf(thrown)).toBe(row.fault ?? 'unavailable');
    // Every other error would be a failure of ours as well.
    if (row.fault === 'failed') expect(thrown).toHaveProperty('$metadata');
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
  const { contract } = wire;
  const loggedOut = contract.refuse('revoked', '').status;
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
  for (const [lane, status, got] of [
    [sessionId, 200, answer],
    [endedId, loggedOut, refusal],
  ] as const) {
    // On a busy machine a try that meets no fault can time out as well.
    const busy = proxy.seen(lane) > met.length + 1;
    if (spared && !(busy && got.status !== status)) expect(got.status).toBe(status);
    else expectUnknown(wire, got);
  }
  expect(proxy.seen(sessionId)).toBeLessThanOrEqual(all);
  await rowAfter(world, wire, held, before);

  for (const lane of [sessionId, endedId]) proxy.heal(lane);
  expect((await settled(started, held)).status).toBe(200);
  expect((await settled(started, ended)).status).toBe(loggedOut);
  const moves = typeof contract.policy.idle === 'number';
  expect(await rowAfter(world, wire, held, before)).toBe(moves ? 'refreshed' : 'as before');
  expect(await item(world, contract.name, endedId)).toEqual(tombstone);
  // Every request has a record of what became of it, and none of a bug.
  const known = ['refreshed', 'revoked', 'unavailable', 'timed-out'];
  expect(started.records.length).toBeGreaterThanOrEqual(4);
  for (const { outcome } of started.records) expect(known).toContain(outcome);
}

describe('priming', () => {
  const [eos] = kinds as [Wire];

  test.for(
    wires.flatMap((wire) => {
      const { policy, rotates } = wire.contract;
      const rotating = { ...policy, rotation: { grace: 10 } };
      const policies = [
        { how: 'its own policy', policy },
        { how: 'rotation', policy: rotating },
      ];
      return policies.slice(0, rotates ? 2 : 1).map((row) => ({ ...row, wire, name: wire.name }));
    }),
  )(
    'of $name grants a refresh by one storage request, and leaves no trace: $how',
    async ({ wire, policy }, { world, faulty: { proxy, env } }) => {
      const { all, records } = parts(wire, env, { policy });
      const output = capturedOutput();
      proxy.plan('#priming', () => undefined);
      expect(await prime(wire.contract, all)).toEqual({
        primed: true,
        primedMs: expect.any(Number),
      });
      expect(proxy.seen('#priming')).toBe(1);
      expect(await item(world, wire.contract.name, '#priming')).toBeUndefined();
      expect([records, output.lines()]).toEqual([[], []]);
      proxy.heal('#priming');
    },
  );

  test('is told on the line of the first request alone', async ({ world, faulty: { env } }) => {
    const { started, primed, held } = await primedLambda(world, env, eos);
    expect(primed).toBe(true);
    for (const _ of [1, 2]) expect((await settled(started, held)).status).toBe(200);
    const { records } = started;
    expect(records[0]).toMatchObject({ coldStart: true, primed: true, storageRequests: 1 });
    expect(records.at(-1)).not.toHaveProperty('primed');
  });

  test.for([fault('a request that is never answered'), fault('a request that is lost')])(
    'fails no start while storage meets $what',
    async ({ happens }, { world, faulty: { proxy, env, unhandled } }) => {
      proxy.plan(world.table, () => happens);
      const lambdas = await Promise.all(kinds.map((wire) => primedLambda(world, env, wire)));
      for (const { started, primed, held } of lambdas) {
        expect(primed).toBe(false);
        expectUnknown(started.wire, await refresh(started, held));
      }
      proxy.heal(world.table);
      for (const { started, held } of lambdas)
        expect((await settled(started, held)).status).toBe(200);
      expect(unhandled).toEqual([]);
    },
  );

  const bug = () => {
    throw new TypeError('a bug');
  };

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

  test('asks storage for nothing unless PRIME is on', async ({ faulty: { proxy, env } }) => {
    for (const PRIME of ['off', undefined, 'on']) {
      proxy.plan('#priming', () => undefined);
      await startFrom(eos.contract, { ...env, PRIME });
      expect(proxy.seen('#priming')).toBe(PRIME === 'on' ? 1 : 0);
    }
  });
});

/** A session, and a Lambda that has primed itself. */
async function primedLambda(world: World, env: Faulty['env'], wire: Wire) {
  const held = await world.open(wire.contract, { sessionId: randomUUID() });
  const priming = await prime(wire.contract, parts(wire, env).all);
  return { started: start(wire, env, { priming }), primed: priming.primed, held };
}
