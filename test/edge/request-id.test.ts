import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { requestIds } from '../../functions/core/lambda/request-ids.ts';
import { eos } from '../../functions/eos/contract.ts';
import { apiGatewayEvent } from '../support/world.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function idsOf(requestId: string, headers: Record<string, string> = {}) {
  return requestIds(apiGatewayEvent(eos, { headers, requestId }));
}

describe('the id that a gateway gives a request', () => {
  test.for([
    { what: 'random', id: randomUUID() },
    { what: 'in upper case', id: randomUUID().toUpperCase() },
    { what: 'of zeros', id: '00000000-0000-0000-0000-000000000000' },
  ])('keeps a UUID $what', ({ id }) => {
    expect(idsOf(id)).toEqual({ gateway: id, client: id });
  });

  test.for([
    { what: 'nothing', id: '' },
    { what: 'a word', id: 'trace-7' },
    { what: 'a UUID without its hyphens', id: randomUUID().replaceAll('-', '') },
    { what: 'a UUID in braces', id: `{${randomUUID()}}` },
    { what: 'a UUID with a line break behind it', id: `${randomUUID()}\n` },
    { what: 'a line before a UUID', id: `x\n${randomUUID()}` },
    { what: 'two UUIDs', id: `${randomUUID()}${randomUUID()}` },
    { what: 'a UUID with a letter that is no digit', id: randomUUID().replace(/^./, 'g') },
    { what: 'JSON of its own', id: '","esbUUID":"' },
  ])('replaces $what by a UUID, for the client too', ({ id }) => {
    const ids = idsOf(id);
    expect(ids.gateway).toMatch(uuid);
    expect(ids.client).toBe(ids.gateway);
    expect(idsOf(id).gateway).not.toBe(ids.gateway);
  });

  test('gives a UUID where a caller leaves the whole context out', () => {
    const { requestContext: _, ...event } = apiGatewayEvent(eos, {});
    // As whoever invokes the Lambda by hand may send it.
    expect(requestIds(event as Parameters<typeof requestIds>[0]).gateway).toMatch(uuid);
  });
});

describe('X-Request-Id', () => {
  const gateway = randomUUID();

  test.for([
    { what: 'a UUID', id: 'f3b7b1de-2f1a-4c0e-9a43-1d1b7c7f9f10' },
    { what: 'one character', id: '0' },
    { what: 'everything that is sane', id: 'Az09._:-' },
    { what: 'an X-Ray trace', id: '1-5759e988-bd862e3fe1be46a994272793' },
    { what: '128 characters', id: 'x'.repeat(128) },
  ])('keeps $what for the client, and the gateway’s id for support', ({ id }) => {
    expect(idsOf(gateway, { 'X-Request-Id': id })).toEqual({ gateway, client: id });
  });

  test.for(['X-Request-Id', 'x-request-id', 'X-REQUEST-ID', 'x-ReQuEsT-iD'])(
    'reads the header however it is written: %s',
    (name) => {
      expect(idsOf(gateway, { [name]: 'trace-7' }).client).toBe('trace-7');
    },
  );

  test.for([
    { what: '129 characters', id: 'x'.repeat(129) },
    { what: 'nothing', id: '' },
    { what: 'a space', id: ' ' },
    { what: 'a line break at its end', id: 'trace-7\n' },
    { what: 'a header of its own', id: 'trace-7\r\nSet-Cookie: a=b' },
    { what: 'a NUL', id: 'trace\0' },
    { what: 'a letter beyond ASCII', id: 'trасe-7' },
    { what: 'a bidi character', id: 'trace\u202e7' },
    { what: 'markup', id: '<script>' },
    { what: 'quotes', id: '"}' },
    { what: 'a slash', id: '../7' },
  ])('gives the gateway’s id in the place of $what', ({ id }) => {
    expect(idsOf(gateway, { 'X-Request-Id': id })).toEqual({ gateway, client: gateway });
  });

  test('gives the gateway’s id where there are no headers at all', () => {
    const event = { ...apiGatewayEvent(eos, { requestId: gateway }), headers: null };
    expect(requestIds(event as unknown as Parameters<typeof requestIds>[0]).client).toBe(gateway);
  });
});
