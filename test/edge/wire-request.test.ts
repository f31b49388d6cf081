import { describe, expect, test } from 'vitest';
import { credential } from '../../functions/core/contract/wire-request.ts';
import { wireRequest } from '../../functions/core/lambda/request.ts';
import { eos } from '../../functions/eos/contract.ts';
import { apiGatewayEvent, type WireCall } from '../support/world.ts';

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
