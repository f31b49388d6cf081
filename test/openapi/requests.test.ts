import { describe, expect } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/edge/contract.ts';
import { type Example, operationOf } from '../support/openapi.ts';
import { test, type WireCall, type World } from '../support/world.ts';

const each = contracts.map((contract) => ({ name: contract.name, contract }));

const bodies = each.flatMap(({ name, contract }) =>
  Object.entries(operationOf(contract).requestBody.content).flatMap(([type, { examples }]) =>
    Object.entries(examples).map(([what, example]) => ({ name, contract, type, what, example })),
  ),
);

describe.for(bodies)('the request $what of $name', ({ contract, type, example }) => {
  const [outcome] = example['x-outcomes'];

  test('comes to what it says', async ({ world }) => {
    const bearer = await opened(world, contract);
    const headers = { ...bearer, 'Content-Type': type };
    const answer = await world.post(contract, { headers, body: written(type, example) });
    expect(world.records.map(({ outcome }) => outcome)).toEqual([outcome]);
    expect(answer.status === 200).toBe(outcome === 'refreshed');
  });

  test('comes to the same with every parameter', async ({ world }) => {
    const bearer = await opened(world, contract);
    const { headers, query } = parametersOf(contract);
    const body = written(type, example);
    const call = { headers: { ...bearer, 'Content-Type': type, ...headers }, query, body };
    const answer = await world.post(contract, call);
    expect(world.records.map(({ outcome }) => outcome)).toEqual([outcome]);
    expect(answer.headers['X-Request-Id']).toBe(headers['X-Request-Id']);
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
    const headers = await opened(world, contract);
    const { query } = parametersOf(contract);
    const { requestBody } = operationOf(contract);
    const { status } = await world.post(contract, { headers, query });
    expect(status === 200).toBe(!('required' in requestBody && requestBody.required));
  });
});

/** The examples' own sessions, and what a client sends beside the examples. */
async function opened(world: World, contract: Contract): Promise<Readonly<Record<string, string>>> {
  const { content } = operationOf(contract).requestBody;
  const valid = Object.values(content)
    .flatMap(({ examples }) => Object.values(examples))
    .find((example) => example['x-outcomes'].includes('refreshed'));
  const { sessionId, secureCode, sessionToken } = (valid?.value ?? {}) as Record<string, string>;
  const secret = secureCode ?? sessionToken;
  const held = await world.open(contract, sessionId && secret ? { sessionId, secret } : {});
  return held.accessToken && contract.body === 'none'
    ? { Authorization: `Bearer ${held.accessToken}` }
    : {};
}

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

/** An example as it goes over the wire. */
function written(type: string, { value }: Example): string {
  return type === 'application/x-www-form-urlencoded'
    ? new URLSearchParams({ ...value }).toString()
    : JSON.stringify(value);
}
