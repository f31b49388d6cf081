import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { prime } from '../../../functions/core/lambda/prime.ts';
import type { RequestRecord } from '../../../functions/core/lambda/record.ts';
import { refreshHandler, type Services } from '../../../functions/core/lambda/refresh-handler.ts';
import { services } from '../../../functions/core/lambda/services.ts';
import { start } from '../../../functions/core/lambda/start.ts';
import { item, type Wire, wires } from '../../admin/support.ts';
import { capturedOutput } from '../../support/output.ts';
import type { StoredWorld as World } from '../../support/world.ts';
import { expectUnknown, type Faulty, refresh, settled, test } from './lambda.ts';

/** What a Lambda that primes itself has, with something broken, and what it writes. */
function parts({ contract }: Wire, { env }: Faulty, broken: Partial<Services> = {}) {
  const records: RequestRecord[] = [];
  const write = (record: RequestRecord) => records.push(record);
  return { records, all: { ...services(contract, env), write, ...broken } };
}

/** A table with a bug. */
const broken = { update: bug, put: bug, get: bug, bySubject: bug };

function bug(): never {
  throw new TypeError('a bug');
}

const priming = (world: World, { name }: Wire) => item(world, name, '#priming');

describe.for(wires)('priming $name', (wire) => {
  const { contract } = wire;

  test.for([
    { what: 'the contract’s policy', policy: contract.policy },
    ...(contract.rotates
      ? [{ what: 'rotation', policy: { ...contract.policy, rotation: { grace: 10 } } }]
      : []),
  ])(
    'grants a refresh by one storage request, and writes nothing: $what',
    async ({ policy }, { world, faulty }) => {
      const { all, records } = parts(wire, faulty, { policy });
      const output = capturedOutput();
      faulty.proxy.plan('#priming', () => undefined);
      expect(await prime(contract, all)).toEqual({ primed: true, primedMs: expect.any(Number) });
      expect(faulty.proxy.seen('#priming')).toBe(1);
      expect(await priming(world, wire)).toBeUndefined();
      expect([records, output.lines()]).toEqual([[], []]);
    },
  );

  test('is told on the line of the first request alone', async ({ world, faulty }) => {
    const { all, records } = parts(wire, faulty);
    const primed = await prime(contract, all);
    const lambda = refreshHandler(contract, { ...all, priming: primed });
    const held = await world.open(contract, { sessionId: randomUUID() });
    const started = { wire, lambda, records };
    for (const _ of [1, 2]) expect((await settled(started, held)).status).toBe(200);
    expect(records[0]).toMatchObject({ coldStart: true, primed: true, storageRequests: 1 });
    expect(records.at(-1)).not.toHaveProperty('primed');
  });

  test.for([
    {
      what: 'storage refuses connections',
      begin: ({ proxy }: Faulty) => proxy.down(),
      end: ({ proxy }: Faulty) => proxy.up(),
    },
    {
      what: 'storage never answers',
      begin: ({ proxy, env }: Faulty) => proxy.plan(`${env.SESSION_TABLE}`, () => () => undefined),
      end: ({ proxy, env }: Faulty) => proxy.heal(`${env.SESSION_TABLE}`),
    },
  ])(
    'fails no start while $what, whose first answer is the contract’s',
    async (trouble, { world, faulty }) => {
      const held = await world.open(contract, { sessionId: randomUUID() });
      const { all, records } = parts(wire, faulty);
      faulty.proxy.heal('#priming');
      await trouble.begin(faulty);
      const primed = await prime(contract, all);
      expect(primed.primed).toBe(false);
      const started = {
        wire,
        lambda: refreshHandler(contract, { ...all, priming: primed }),
        records,
      };
      expectUnknown(wire, await refresh(started, held));
      await trouble.end(faulty);
      expect((await settled(started, held)).status).toBe(200);
      expect(faulty.unhandled).toEqual([]);
    },
  );

  test.for([
    { what: 'keys cannot be read', broken: { keys: () => Promise.reject(new Error('no')) } },
    { what: 'keys never come', broken: { keys: () => new Promise<never>(() => undefined) } },
    { what: 'the table throws', broken: { table: broken } },
  ])('fails no start where $what', async ({ broken }, { faulty }) => {
    const { all } = parts(wire, faulty, broken);
    expect(await prime(contract, all)).toMatchObject({ primed: false });
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
      await start(contract, { ...faulty.env, PRIME: variable });
      expect(faulty.proxy.seen('#priming')).toBe(requests);
    },
  );
});
