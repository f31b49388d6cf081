import { describe, expect } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { operationOf } from '../support/openapi.ts';
import { test, type WireCall } from '../support/world.ts';
import { ownCall, written } from './own-call.ts';

const each = contracts.map((contract) => ({ name: contract.name, contract }));

const bodies = each.flatMap(({ name, contract }) =>
  Object.entries(operationOf(contract).requestBody.content).flatMap(([type, { examples }]) =>
    Object.entries(examples).map(([what, example]) => ({ name, contract, type, what, example })),
  ),
);

describe.for(bodies)('the request $what of $name', ({ contract, type, example }) => {
  const [outcome] = example['x-outcomes'];

  test('comes to what it says', async ({ world }) => {
    const { call } = await ownCall(world, contract);
    const headers = { ...call.headers, 'Content-Type': type };
    const answer = await world.post(contract, { headers, body: written(type, example) });
    expect(world.records.map(({ outcome }) => outcome)).toEqual([outcome]);
    expect(answer.status === 200).toBe(outcome === 'refreshed');
  });

  test('comes to the same with every parameter', async ({ world }) => {
    const { call } = await ownCall(world, contract);
    const parameters = parametersOf(contract);
    const headers = { ...call.headers, 'Content-Type': type, ...parameters.headers };
    const body = written(type, example);
    const answer = await world.post(contract, { headers, query: parameters.query, body });
    expect(world.records.map(({ outcome }) => outcome)).toEqual([outcome]);
    expect(answer.headers['X-Request-Id']).toBe(parameters.headers['X-Request-Id']);
  });
});

describe.for(each)('the requests of $name', ({ contract }) => {
  test('have one that refreshes for every media type', () => {
    const contents = Object.entries(operationOf(contract).requestBody.content);
    for (const [type, { examples }] of contents) {
      const outcomes = Object.values(examples).flatMap((one) => one['x-outcomes']);
      expect([type, outcomes]).toEqual([type, expect.arrayContaining(['refreshed'])]);
    }
  });

  test('need no body where the document asks for none', async ({ world }) => {
    const { call } = await ownCall(world, contract);
    const { query } = parametersOf(contract);
    const { required } = operationOf(contract).requestBody;
    const { status } = await world.post(contract, { ...call, query, body: null });
    expect(status === 200).toBe(!required);
  });
});

/** The document's examples of its parameters, by where they are. */
function parametersOf(contract: Contract) {
  const { parameters } = operationOf(contract);
  const of = (place: 'query' | 'header') => parameters.filter((one) => one.in === place);
  const headers = of('header').map(({ name, example }) => [name, example]);
  const query = of('query').map(({ name, example }) => [name, [example]]);
  return {
    headers: Object.fromEntries(headers) as Record<string, string>,
    query: Object.fromEntries(query) as NonNullable<WireCall['query']>,
  };
}
