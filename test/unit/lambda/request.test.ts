import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { credential } from '../../../functions/core/contract/wire-request.ts';
import { wireRequest } from '../../../functions/core/lambda/request.ts';
import { requestIds } from '../../../functions/core/lambda/request-ids.ts';
import { eos } from '../../../functions/eos/contract.ts';
import { apiGatewayEvent, type WireCall } from '../../support/world.ts';

const asForm = { 'Content-Type': 'application/x-www-form-urlencoded' };
const asJson = { 'Content-Type': 'application/json' };

type Format = Parameters<typeof wireRequest>[1];

/** The fields of a body, or what is wrong with it. */
function fields(format: Format, call: WireCall): unknown {
  const request = wireRequest(apiGatewayEvent(eos, call), format);
  return typeof request === 'string' ? request : Object.fromEntries(request.body);
}

const base64 = (bytes: string | Buffer) => Buffer.from(bytes).toString('base64');

describe('the content type', () => {
  test.for([
    { type: 'application/json', format: 'json', body: '{"a":"1"}' },
    { type: 'application/json', format: 'form', body: '{"a":"1"}' },
    { type: 'application/json;charset=utf-8', format: 'json', body: '{"a":"1"}' },
    { type: 'Application/JSON ; charset=ISO-8859-1', format: 'json', body: '{"a":"1"}' },
    { type: ' application/json', format: 'form', body: '{"a":"1"}' },
    { type: 'application/x-www-form-urlencoded', format: 'form', body: 'a=1' },
    { type: 'application/x-www-form-urlencoded; charset=UTF-8', format: 'form', body: 'a=1' },
    { type: 'APPLICATION/X-WWW-FORM-URLENCODED', format: 'form', body: 'a=1' },
  ] as const)('lets a $format contract read $type', ({ type, format, body }) => {
    for (const name of ['Content-Type', 'content-type', 'CONTENT-TYPE'])
      expect(fields(format, { headers: { [name]: type }, body })).toEqual({ a: '1' });
  });

  test.for([
    { what: 'none', headers: {} },
    { what: 'an empty one', headers: { 'Content-Type': '' } },
    { what: 'text', headers: { 'Content-Type': 'text/plain' } },
    { what: 'XML', headers: { 'Content-Type': 'application/xml' } },
    { what: 'a multipart form', headers: { 'Content-Type': 'multipart/form-data; boundary=x' } },
    { what: 'JSON of some kind', headers: { 'Content-Type': 'application/vnd.api+json' } },
    { what: 'two types', headers: { 'Content-Type': 'text/plain, application/json' } },
    { what: 'a parameter alone', headers: { 'Content-Type': '; application/json' } },
    { what: 'the name of what every object has', headers: { 'Content-Type': 'constructor' } },
    { what: 'the name of a prototype', headers: { 'Content-Type': '__proto__' } },
    { what: 'a form', headers: asForm, form: true },
  ])('counts for a form, and not for JSON: $what', ({ headers, form }) => {
    for (const body of ['{"a":"1"}', 'a=1', '%'])
      if (!form) expect(fields('form', { headers, body })).toEqual({});
    expect(fields('json', { headers, body: '{"a":"1"}' })).toEqual({ a: '1' });
    for (const body of ['a=1', '%', '"a"', '[{"a":"1"}]'])
      expect(fields('json', { headers, body })).toBe('malformed-request');
  });
});

describe('a number in JSON', () => {
  test.for(['20004007594', '-0.50', '12345678901234567890123', '1e3'])(
    'is its text in the place of a form: %s',
    (written) => {
      const body = `{"a": ${written} ,"b":[1],"c":true,"d":null}`;
      const rest = { b: [1], c: true, d: null };
      expect(fields('form', { headers: asJson, body })).toEqual({ a: written, ...rest });
      expect(fields('json', { headers: asJson, body })).toEqual({ a: Number(written), ...rest });
    },
  );
});

describe('a body', () => {
  test.for([{ body: null }, { body: '' }])('counts as none where it is %o', ({ body }) => {
    for (const headers of [asForm, asJson])
      for (const isBase64Encoded of [false, true])
        expect(fields('form', { headers, body, isBase64Encoded })).toEqual({});
  });

  test('in base64 is read as its bytes', () => {
    const isBase64Encoded = true;
    for (const format of ['form', 'json'] as const)
      expect(
        fields(format, { headers: asJson, body: base64('{"a":"نجاح"}'), isBase64Encoded }),
      ).toEqual({ a: 'نجاح' });
    expect(fields('form', { headers: asForm, body: base64('a=1+2'), isBase64Encoded })).toEqual({
      a: '1 2',
    });
  });

  test('in base64 that is no UTF-8 is malformed', () => {
    const body = base64(Buffer.from([0x61, 0x3d, 0xff]));
    expect(fields('form', { headers: asForm, body, isBase64Encoded: true })).toBe(
      'malformed-request',
    );
  });

  test('that looks like base64 is not decoded unless the event says so', () => {
    expect(fields('form', { headers: asForm, body: base64('a=1') })).not.toHaveProperty('a');
  });

  const ascii = (bytes: number) => `a=${'x'.repeat(bytes - 2)}`;
  // Two bytes each in UTF-8, one in UTF-16: nobody may count these by `length`.
  const accents = (bytes: number) => `a=${'é'.repeat((bytes - 2) >> 1)}${'x'.repeat(bytes & 1)}`;

  test.for([
    { what: 'characters of one byte', text: ascii },
    { what: 'characters of two bytes', text: accents },
  ])('may have 65,536 bytes and no more, of $what', ({ text }) => {
    for (const [encode, isBase64Encoded] of [
      [String, false],
      [base64, true],
    ] as const) {
      const call = (bytes: number) => {
        expect(Buffer.byteLength(text(bytes))).toBe(bytes);
        return { headers: asForm, body: encode(text(bytes)), isBase64Encoded };
      };
      for (const bytes of [65_534, 65_535, 65_536])
        expect(fields('form', call(bytes))).toEqual({ a: text(bytes).slice(2) });
      for (const bytes of [65_537, 65_538, 65_539, 1_000_000])
        expect(fields('form', call(bytes))).toBe('too-large');
    }
  });

  test('is too large before it is malformed, and whatever its type', () => {
    for (const headers of [asForm, asJson, {}])
      expect(fields('form', { headers, body: '%'.repeat(65_537) })).toBe('too-large');
  });

  test('of any size and form is nothing to a contract that reads none', () => {
    for (const body of ['%', '{', 'a=1', 'x'.repeat(1_000_000)])
      for (const headers of [asForm, asJson, {}])
        expect(fields('none', { headers, body })).toEqual({});
  });
});

describe('the query', () => {
  test('gives the first of a repeated name, as decoded as it came', () => {
    const query = { a: ['1', '2'], b: ['%41+'], ['__proto__']: ['x'], c: [] };
    const request = wireRequest(apiGatewayEvent(eos, { query }), 'form');
    expect(typeof request === 'object' && [...request.query]).toEqual([
      ['a', '1'],
      ['b', '%41+'],
      ['__proto__', 'x'],
      ['c', undefined],
    ]);
  });

  test('is empty where there is none', () => {
    const request = wireRequest(apiGatewayEvent(eos, {}), 'form');
    expect(typeof request === 'object' && request.query.size).toBe(0);
  });
});

describe('headers', () => {
  test('go by their names in lower case', () => {
    const headers = { AUTHORIZATION: 'Bearer x', 'X-Request-Id': '1', ['__proto__']: 'y' };
    const request = wireRequest(apiGatewayEvent(eos, { headers }), 'none');
    expect(typeof request === 'object' && [...request.headers]).toEqual([
      ['authorization', 'Bearer x'],
      ['x-request-id', '1'],
      ['__proto__', 'y'],
    ]);
  });
});

describe('a credential', () => {
  test('is a session id of the grammar and a secret', () => {
    const id = 'Az09._-'.padEnd(128, 'x');
    for (const secret of ['0', ' ', '\0', 'نجاح', '🔑', 'x'.repeat(60_000)])
      expect(credential(id, secret)).toEqual({ id, secret });
  });

  test.for([
    { what: 'no id', id: undefined },
    { what: 'an empty id', id: '' },
    { what: 'an id of 129 characters', id: 'x'.repeat(129) },
    { what: 'an id with a separator of keys', id: 'a#b' },
    { what: 'an id with a slash', id: '../a' },
    { what: 'an id with a line break behind it', id: 'a\n' },
    { what: 'an id beyond ASCII', id: 'а' },
    { what: 'a number for an id', id: 1 },
    { what: 'a list for an id', id: ['a'] },
    { what: 'no secret', secret: undefined },
    { what: 'an empty secret', secret: '' },
    { what: 'a number for a secret', secret: 20004007594 },
    { what: 'a list for a secret', secret: ['s'] },
    { what: 'an object for a secret', secret: { toString: () => 's' } },
    { what: 'null for a secret', secret: null },
    { what: 'a lone surrogate', secret: 's\ud800' },
  ])('is not made of $what', (parts) => {
    expect(credential('id' in parts ? parts.id : 'a', 'secret' in parts ? parts.secret : 's')).toBe(
      undefined,
    );
  });
});

/** A request that has parsed, or what is wrong with it. */
function read(format: 'form' | 'json' | 'none', call: WireCall) {
  return wireRequest(apiGatewayEvent(eos, call), format);
}

/** The fields of a body, in their order. */
function pairs(format: 'form' | 'json' | 'none', call: WireCall): unknown {
  const request = read(format, call);
  return typeof request === 'string' ? request : [...request.body];
}

describe('a form', () => {
  test.for([
    {
      what: 'two fields',
      body: 'a=1&b=2',
      gives: [
        ['a', '1'],
        ['b', '2'],
      ],
    },
    {
      what: 'the first of a repeated name',
      body: 'a=1&a=2&b=3&a=',
      gives: [
        ['a', '1'],
        ['b', '3'],
      ],
    },
    { what: 'the first of a name written twice', body: 'a=1&%61=2', gives: [['a', '1']] },
    {
      what: 'an empty value',
      body: 'a=&b',
      gives: [
        ['a', ''],
        ['b', ''],
      ],
    },
    { what: 'a value with =', body: 'a=b=c==', gives: [['a', 'b=c==']] },
    { what: 'spaces and plus signs', body: 'a=1+2%2B3%20', gives: [['a', '1 2+3 ']] },
    { what: 'escaped separators', body: 'a%26=%3D', gives: [['a&', '=']] },
    {
      what: 'Unicode, escaped and not',
      body: 'a=%D9%86&b=ن',
      gives: [
        ['a', 'ن'],
        ['b', 'ن'],
      ],
    },
    { what: '__proto__ as a name', body: '__proto__=1', gives: [['__proto__', '1']] },
    { what: 'constructor as a name', body: 'constructor=1', gives: [['constructor', '1']] },
    { what: 'a NUL', body: 'a=%00', gives: [['a', '\0']] },
  ])('gives $what', ({ body, gives }) => {
    expect(pairs('form', { headers: asForm, body })).toEqual(gives);
  });

  test('gives what any browser’s form encoder wrote', () => {
    const written = fc.array(
      fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })),
    );
    fc.assert(
      fc.property(written, (written) => {
        fc.pre(written.length > 0);
        const body = new URLSearchParams(written).toString();
        const first = new Map([...written].reverse());
        const names = [...new Set(written.map(([name]) => name))];
        expect(pairs('form', { headers: asForm, body })).toEqual(
          names.map((name) => [name, first.get(name)]),
        );
      }),
    );
  });

  test.for([
    { what: 'a lone %', body: 'a=%' },
    { what: 'half an escape', body: 'a=%4' },
    { what: 'an escape of no digits', body: 'a=%zz' },
    { what: 'an escape in a name', body: '%zz=1' },
    { what: 'bytes that are no UTF-8', body: 'a=%FF' },
    { what: 'an encoded surrogate', body: 'a=%ED%A0%80' },
    { what: 'a cut character', body: 'a=%E0%A4' },
    { what: 'a broken second value of a name', body: 'a=1&a=%' },
  ])('refuses $what as malformed', ({ body }) => {
    expect(pairs('form', { headers: asForm, body })).toBe('malformed-request');
  });
});

describe('a JSON body', () => {
  test.for([
    {
      what: 'values as they are',
      body: '{"a":"x","b":1,"c":null,"d":[2]}',
      gives: [
        ['a', 'x'],
        ['b', 1],
        ['c', null],
        ['d', [2]],
      ],
    },
    { what: 'no fields', body: ' {}\n', gives: [] },
    {
      what: '__proto__ as a field and nothing else',
      body: '{"__proto__":{"a":1}}',
      gives: [['__proto__', { a: 1 }]],
    },
  ])('gives $what', ({ body, gives }) => {
    expect(pairs('json', { headers: asJson, body })).toEqual(gives);
    // In the place of a form a number counts as its text.
    const texts = gives.map(([name, value]) => [
      name,
      typeof value === 'number' ? String(value) : value,
    ]);
    expect(pairs('form', { headers: asJson, body })).toEqual(texts);
  });

  test.for([
    { what: 'a list', body: '[{"a":1}]' },
    { what: 'an empty list', body: '[]' },
    { what: 'null', body: 'null' },
    { what: 'a number', body: '1' },
    { what: 'a string', body: '"a"' },
    { what: 'a cut object', body: '{"a":1' },
    { what: 'more behind the object', body: '{"a":1}}' },
    { what: 'a name without quotes', body: '{a:1}' },
    { what: 'single quotes', body: "{'a':1}" },
    { what: 'a form', body: 'a=1' },
    { what: 'white space alone', body: ' \n' },
    { what: 'a raw line break in a string', body: '{"a":"\n"}' },
    { what: 'sixty thousand open lists', body: '['.repeat(60_000) },
  ])('refuses $what as malformed', ({ body }) => {
    for (const format of ['json', 'form'] as const)
      expect(pairs(format, { headers: asJson, body })).toBe('malformed-request');
  });
});

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
