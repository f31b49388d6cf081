import { describe, expect, test } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { contracts } from '../../functions/contracts.ts';
import type { Fault } from '../../functions/core/contract/fault.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { demoApiKey } from '../../local/demo.ts';
import { test as worldTest } from '../support/world.ts';
import { realRoutes, recorder, refreshOf, refusal, send, serve, uuid } from './wire.ts';

describe('a query with a broken escape', () => {
  test.for(
    [
      '?%',
      '?a=%',
      '?a=%zz',
      '?%2=1',
      '?a=%E0%A4',
      '?a=%FF',
      '?a=%ED%A0%80',
      '?a=1&b=%u0041',
    ].flatMap((query) => [eos, s360].map((contract) => ({ query, contract }))),
  )('$query is refused by $contract.name unseen', async ({ query, contract }) => {
    const { routes, events } = recorder();
    const path = contract.path + query;
    const answer = await send(await serve(routes), { path, headers: keyed });
    expect(answer).toEqual(refusal(contract, 'malformed-request', answer));
    expect(events).toEqual([]);
  });

  // "So only `Authorization` counts: any body …, any content type, any query."
  worldTest.for(['?grant_type=client_credentials', '?a=1&a=2', '?%', '?a=%zz'])(
    '%s is nothing to ccstore',
    async (query, { world }) => {
      const { accessToken } = await world.open(ccstore);
      const headers = { Authorization: `Bearer ${accessToken}` };
      const served = await serve(realRoutes(world));
      const answer = await send(served, { path: ccstore.path + query, headers });
      expect(answer.status).toBe(200);
    },
  );
});

describe('X-Request-Id', () => {
  test.for(
    [
      { what: 'an unknown route', fault: 'unknown-route', method: 'GET', query: '' },
      { what: 'a broken query', fault: 'malformed-request', method: 'POST', query: '?%' },
    ].flatMap((row) => [eos, s360].map((contract) => ({ ...row, contract }))),
  )('is echoed by $contract.name in the answer to $what', async (row) => {
    const { contract, fault, method, query } = row;
    const served = await serve(recorder().routes);
    const client = '45C25B96-2C83-4b2b-ab82-0a60ed24a4ee';
    const headers = { ...keyed, 'X-REQUEST-ID': client };
    const answer = await send(served, { method, path: contract.path + query, headers });
    expect(answer).toEqual(refusal(contract, fault as Fault, answer, client));
  });

  test('is echoed to an unknown client of s360, whose envelope has an id of the gateway', async () => {
    const served = await serve(recorder().routes);
    const headers = { 'x-request-id': 'mine' };
    const answer = await send(served, { path: s360.path, headers });
    expect(answer).toEqual(refusal(s360, 'unknown-client', answer, 'mine'));
    expect(JSON.parse(answer.text).esbUUID).toMatch(uuid);
  });

  worldTest('is echoed by the Lambda', async ({ world }) => {
    const refresh = await refreshOf(world);
    const headers = { ...refresh.headers, 'X-REQUEST-ID': 'mine' };
    const answer = await send(await serve(realRoutes(world)), { ...refresh, headers });
    expect(answer.status).toBe(200);
    expect(answer.headers['x-request-id']).toBe('mine');
  });

  test.for(contracts)('is another UUID in every answer of $name without one', async ({ path }) => {
    const served = await serve(recorder().routes);
    const answers = [
      await send(served, { path: `${path}/more` }),
      await send(served, { path: `${path}/more` }),
    ];
    const ids = answers.map(({ headers }) => headers['x-request-id']);
    expect(ids).toEqual([expect.stringMatching(uuid), expect.stringMatching(uuid)]);
    expect(new Set(ids).size).toBe(2);
  });
});

describe('x-amzn-RequestId', () => {
  test.for(contracts)('is in what the gateway of $name answers by itself too', async (contract) => {
    const served = await serve(recorder().routes);
    const answer = await send(served, { method: 'GET', path: contract.path });
    const id = String(answer.headers['x-amzn-requestid']);
    expect(id).toMatch(uuid);
    expect(answer.text).toBe(contract.refuse('unknown-route', id).body);
  });

  worldTest('is the esbUUID of an answer of the Lambda of s360', async ({ world }) => {
    const served = await serve(realRoutes(world));
    const headers = { ...keyed, 'X-Request-Id': 'mine' };
    const answer = await send(served, { path: s360.path, headers });
    expect(answer.headers['x-amzn-requestid']).toMatch(uuid);
    expect(answer.headers['x-amzn-requestid']).toBe(JSON.parse(answer.text).esbUUID);
  });
});

describe('Cache-Control', () => {
  worldTest('forbids to keep any answer of the Lambdas', async ({ world }) => {
    const served = await serve(realRoutes(world));
    const refreshed = await send(served, await refreshOf(world));
    const refused = await Promise.all(
      contracts.map(({ path }) => send(served, { path, headers: keyed })),
    );
    const answers = [refreshed, ...refused];
    expect(answers.map(({ status }) => status)).toEqual([
      200,
      ...contracts.map((contract) => contract.refuse('malformed-request', '').status),
    ]);
    expect(answers.map(({ headers }) => headers['cache-control'])).toEqual(
      answers.map(() => 'no-store'),
    );
  });
});

/** What a client of any contract sends. */
const keyed = { api_key: demoApiKey };
