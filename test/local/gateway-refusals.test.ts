import { describe, expect, test } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { contracts } from '../../functions/contracts.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { demoApiKey } from '../../local/demo.ts';
import { answerTo } from '../support/openapi.ts';
import { recorder, refusal, send, serve } from './wire.ts';

describe('a route that no contract has', () => {
  test.for([
    ...['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].flatMap((method) =>
      contracts.map((contract) => ({ method, contract, path: contract.path })),
    ),
    { method: 'POST', contract: eos, path: '/client' },
    { method: 'POST', contract: eos, path: '/client/hello' },
    { method: 'POST', contract: eos, path: '/client/refresh/more' },
    { method: 'POST', contract: eos, path: '/client/Refresh' },
    { method: 'POST', contract: eos, path: '/client/refresh%20' },
    { method: 'POST', contract: eos, path: '/client/../client/refresh' },
    { method: 'POST', contract: eos, path: '/client/ccstore/v1/refresh' },
    { method: 'POST', contract: eos, path: '/client/idp/sso/v1/refresh' },
    { method: 'POST', contract: s360, path: '/idp/' },
    { method: 'POST', contract: s360, path: '/idp/refresh' },
    { method: 'POST', contract: s360, path: '/idp/sso/v2/refresh' },
    { method: 'POST', contract: ccstore, path: '/ccstore/v1' },
  ])('answers $method $path in the words of $contract.name', async (row) => {
    const { method, contract, path } = row;
    const { routes, events } = recorder();
    const answer = await send(await serve(routes), { method, path, headers: keyed });
    expect(answer).toEqual(refusal(contract, 'unknown-route', answer));
    expect(answer.status).toBe(404);
    const { value } = answerTo(contract, 'unknown-route');
    expect(answer.text).toContain(notFound[contract.name] ?? JSON.stringify(value));
    expect(events).toEqual([]);
  });

  test.for(contracts)('answers HEAD $path with a status alone', async (contract) => {
    const { routes, events } = recorder();
    const answer = await send(await serve(routes), { method: 'HEAD', path: contract.path });
    const { status, headers } = refusal(contract, 'unknown-route', answer);
    expect(answer).toEqual({ status, headers, text: '' });
    expect(answer.status).toBe(404);
    expect(events).toEqual([]);
  });

  test.for([
    { method: 'GET', path: '/' },
    { method: 'POST', path: '/' },
    { method: 'OPTIONS', path: '*' },
    { method: 'POST', path: '//client/refresh' },
    { method: 'POST', path: '/CLIENT/refresh' },
    { method: 'POST', path: '/client%2Frefresh' },
    { method: 'POST', path: '/refresh' },
    { method: 'POST', path: '/nobody/refresh?secureCode=20004007594&%zz' },
  ])('answers $method $path, where no API is, with the routes there are', async (sent) => {
    const { routes, events } = recorder();
    const answer = await send(await serve(routes), { ...sent, headers: keyed });
    expect(answer.status).toBe(404);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
    });
    expect(JSON.parse(answer.text)).toEqual({
      message: 'Not found',
      routes: contracts.map((contract) => `POST ${contract.path}`),
    });
    expect(events).toEqual([]);
  });
});

describe('the header api_key', () => {
  test.for([
    { what: 'missing', headers: {} },
    { what: 'empty', headers: { api_key: '' } },
    { what: 'unknown', headers: { api_key: 'a'.repeat(24) } },
    { what: 'too long by a character', headers: { api_key: `${demoApiKey}a` } },
    { what: 'too short by a character', headers: { api_key: demoApiKey.slice(1) } },
    { what: 'in capitals', headers: { api_key: demoApiKey.toUpperCase() } },
    { what: 'the name of a member of every object', headers: { api_key: '__proto__' } },
    { what: 'called x-api-key', headers: { 'x-api-key': demoApiKey } },
    { what: 'called api-key', headers: { 'api-key': demoApiKey } },
    { what: 'in the query', headers: {}, query: `?api_key=${demoApiKey}` },
    { what: 'unknown, with a broken query', headers: { api_key: 'a' }, query: '?%zz' },
  ])('of s360, $what, is 403 before the Lambda is called', async ({ headers, query = '' }) => {
    const { routes, events } = recorder();
    const answer = await send(await serve(routes), { path: s360.path + query, headers });
    expect(answer).toEqual(refusal(s360, 'unknown-client', answer));
    expect(answer.status).toBe(403);
    expect(answer.headers['x-mashery-error-code']).toBe('ERR_403_DEVELOPER_INACTIVE');
    expect(JSON.parse(answer.text).desc.code).toBe('APIMDeveloperInactive');
    expect(events).toEqual([]);
  });

  test.for(['api_key', 'API_KEY', 'Api_Key'])('of s360 is taken as %s', async (name) => {
    const { routes, events } = recorder();
    const headers = { [name]: demoApiKey };
    const answer = await send(await serve(routes), { path: s360.path, headers });
    expect(answer.status).toBe(202);
    expect(events).toMatchObject([{ headers }]);
  });

  test.for([eos, ccstore])('is not asked for by $name', async ({ path }) => {
    const { routes, events } = recorder();
    const served = await serve(routes);
    await send(served, { path });
    await send(served, { path, headers: { api_key: 'unknown' } });
    expect(events).toHaveLength(2);
  });
});

/** What a client of any contract sends. */
const keyed = { API_KEY: demoApiKey };

/** The codes that contracts have for another route or method; another's are in its document. */
const notFound: Record<string, string> = {
  eos: '{"message":"Not found","code":"9-6"}',
  s360: '"code":"FlogoException"}',
  ccstore: '"status":"404","errorCode":"90404"',
};
