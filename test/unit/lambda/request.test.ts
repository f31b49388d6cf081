import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BodyFormat } from '../../../functions/core/contract/wire-request.ts';
import { wireRequest } from '../../../functions/core/lambda/request.ts';
import { requestIds } from '../../../functions/core/lambda/request-ids.ts';
import { eos } from '../../../functions/eos/contract.ts';
import { apiGatewayEvent, type WireCall } from '../../support/world.ts';

const type = (contentType: string) => ({ 'Content-Type': contentType });
const asForm = type('application/x-www-form-urlencoded');
const asJson = type('application/json');
const base64 = (bytes: string | Buffer) => Buffer.from(bytes).toString('base64');

type Format = Parameters<typeof wireRequest>[1];

/** The fields of a body in their order, or what is wrong with it. */
function fields(format: Format, call: WireCall): unknown {
  const request = wireRequest(apiGatewayEvent(eos, call), format);
  return typeof request === 'string' ? request : [...request.body];
}

describe('the content type', () => {
  test.for([
    { format: 'json', type: 'application/json;charset=utf-8', body: '{"a":"1"}' },
    { format: 'form', type: ' Application/JSON ; charset=ISO-8859-1', body: '{"a":"1"}' },
    { format: 'form', type: 'APPLICATION/X-WWW-FORM-URLENCODED; charset=UTF-8', body: 'a=1' },
  ] as const)('lets a $format contract read $type', ({ type, format, body }) => {
    for (const name of ['Content-Type', 'content-type', 'CONTENT-TYPE'])
      expect(fields(format, { headers: { [name]: type }, body })).toEqual([['a', '1']]);
  });

  test.for([
    ...[undefined, '', 'text/plain', 'application/xml', 'multipart/form-data; boundary=x'],
    ...['application/vnd.api+json', 'text/plain, application/json', '; application/json'],
    ...['constructor', '__proto__', 'application/x-www-form-urlencoded'],
  ])('counts for a form, and not for JSON: %s', (contentType) => {
    const headers = contentType === undefined ? {} : type(contentType);
    if (contentType !== asForm['Content-Type'])
      for (const body of ['{"a":"1"}', 'a=1', '%'])
        expect(fields('form', { headers, body })).toEqual([]);
    expect(fields('json', { headers, body: '{"a":"1"}' })).toEqual([['a', '1']]);
    for (const body of ['a=1', '%', '"a"', '[{"a":"1"}]'])
      expect(fields('json', { headers, body })).toBe('malformed-request');
  });
});

describe('a body', () => {
  test.for([{ body: null }, { body: '' }])('counts as none where it is $body', ({ body }) => {
    for (const headers of [asForm, asJson])
      for (const isBase64Encoded of [false, true])
        expect(fields('form', { headers, body, isBase64Encoded })).toEqual([]);
  });

  test('in base64 is read as its bytes, if the event says so', () => {
    const read = (headers: WireCall['headers'] & object, text: string | Buffer, told = true) =>
      fields('form', { headers, body: base64(text), isBase64Encoded: told });
    expect(read(asJson, '{"a":"نجاح"}')).toEqual([['a', 'نجاح']]);
    expect(read(asForm, 'a=1+2')).toEqual([['a', '1 2']]);
    expect(read(asForm, Buffer.from([0x61, 0x3d, 0xff]))).toBe('malformed-request');
    expect(read(asJson, '\ufeff{"a":"1"}')).toBe('malformed-request');
    expect(read(asForm, 'a=1', false)).not.toContainEqual(['a', '1']);
    const bare = { headers: asForm, body: 'a=1', isBase64Encoded: true };
    expect(fields('form', bare)).toBe('malformed-request');
  });

  // An accent has one unit in UTF-16, so nobody may count it by `length`.
  test.for(['xx', 'é'])('may have 65,536 bytes and no more, of %s', (pair) => {
    const value = (bytes: number) => pair.repeat((bytes - 2) >> 1) + 'x'.repeat(bytes & 1);
    for (const isBase64Encoded of [false, true])
      for (const bytes of [65_534, 65_535, 65_536, 65_537, 65_538, 65_539, 1_000_000]) {
        const body = `a=${value(bytes)}`;
        expect(Buffer.byteLength(body)).toBe(bytes);
        const call = { headers: asForm, body: isBase64Encoded ? base64(body) : body };
        const read = fields('form', { ...call, isBase64Encoded });
        expect(read).toEqual(bytes > 65_536 ? 'too-large' : [['a', value(bytes)]]);
      }
  });

  test.for([asForm, asJson, {}])('is too large before it is malformed, with %o', (headers) => {
    expect(fields('form', { headers, body: '%'.repeat(65_537) })).toBe('too-large');
    // To a contract that reads none, it is nothing.
    for (const body of ['%', '{', 'a=1', 'x'.repeat(1_000_000)])
      expect(fields('none', { headers, body })).toEqual([]);
  });
});

describe('a form', () => {
  test('gives the first value of each name, decoded once', () => {
    const body = 'a=b=c==&b&%61=2&a=3&c=%2526ن&__proto__=1+&constructor=%00&%26';
    const gives = { a: 'b=c==', b: '', c: '%26ن', ['__proto__']: '1 ', constructor: '\0', '&': '' };
    expect(fields('form', { headers: asForm, body })).toEqual(Object.entries(gives));
  });

  test('gives what any browser’s form encoder wrote', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', 'a', '__proto__'));
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 1 }), (written) => {
        const body = new URLSearchParams(written).toString();
        const first = new Map(written.toReversed());
        const names = [...new Set(written.map(([name]) => name))];
        const gives = names.map((name) => [name, first.get(name)]);
        expect(fields('form', { headers: asForm, body })).toEqual(gives);
      }),
    );
  });

  test.for(['a=%', 'a=%4', 'a=%zz', '%zz=1', 'a=%FF', 'a=%ED%A0%80', 'a=%E0%A4', 'a=1&a=%'])(
    'refuses %j as malformed',
    (body) => expect(fields('form', { headers: asForm, body })).toBe('malformed-request'),
  );
});

describe('a JSON body', () => {
  test('gives values as they are, and the text of a number in the place of a form', () => {
    const read = (format: Format, body: string) => fields(format, { headers: asJson, body });
    const rest = Object.entries({ b: [1], c: true, d: null, ['__proto__']: { e: 1 } });
    for (const number of ['20004007594', '-0.50', '12345678901234567890123', '1e3']) {
      const body = `{"a": ${number} ,"b":[1],"c":true,"d":null,"__proto__":{"e":1}}`;
      expect(read('json', body)).toEqual([['a', Number(number)], ...rest]);
      expect(read('form', body)).toEqual([['a', number], ...rest]);
    }
    for (const format of ['json', 'form'] as const) expect(read(format, ' {}\n')).toEqual([]);
  });

  test.for(['[{"a":1}]', 'null', '1', '"a"', '{"a":1', '{"a":1}}', "{'a':1}", 'a=1', ' \n'])(
    'is malformed if it is %j, or too deep',
    (text) => {
      for (const format of ['json', 'form'] as const)
        for (const body of [text, '['.repeat(60_000)])
          expect(fields(format, { headers: asJson, body })).toBe('malformed-request');
    },
  );
});

describe('the query and the headers', () => {
  const read = (call: WireCall, format: BodyFormat = 'form') => {
    const request = wireRequest(apiGatewayEvent(eos, call), format);
    if (typeof request === 'string') throw new Error(request);
    return { query: [...request.query], headers: [...request.headers] };
  };

  test('give the first of a repeated name, as decoded as it came', () => {
    const query = { a: ['1', '2'], b: ['%41+'], ['__proto__']: ['x'], c: [] };
    const first = { a: '1', b: '%41+', ['__proto__']: 'x', c: undefined };
    expect(read({ query }).query).toEqual(Object.entries(first));
    expect(read({}).query).toEqual([]);
    // X-Ray records the URLs of these.
    for (const format of ['json', 'none'] as const)
      expect(read({ query }, format).query).toEqual([]);
  });

  test('go by header names in lower case', () => {
    const headers = { AUTHORIZATION: 'Bearer x', 'X-Request-Id': '1', ['__proto__']: 'y' };
    const lower = { authorization: 'Bearer x', 'x-request-id': '1', ['__proto__']: 'y' };
    expect(read({ headers }).headers).toEqual(Object.entries(lower));
  });
});

/** The ids of an event with these changes. */
function idsOf(requestId: string, headers: Record<string, string> = {}, changes: object = {}) {
  return requestIds({ ...apiGatewayEvent(eos, { headers, requestId }), ...changes });
}

describe('the ids of a request', () => {
  const id = randomUUID();
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

  test('are the gateway’s UUID, and the client’s X-Request-Id however its name is written', () => {
    for (const gateway of [id, id.toUpperCase(), '00000000-0000-0000-0000-000000000000'])
      expect(idsOf(gateway)).toEqual({ gateway, client: gateway });
    for (const name of ['X-Request-Id', 'x-request-id', 'X-REQUEST-ID', 'x-ReQuEsT-iD'])
      for (const client of [randomUUID(), '0', 'Az09._:-', 'x'.repeat(128)])
        expect(idsOf(id, { [name]: client })).toEqual({ gateway: id, client });
    expect(idsOf(id, {}, { headers: null }).client).toBe(id);
  });

  test.for([
    ...['', 'trace-7', id.replaceAll('-', ''), `{${id}}`, `${id}\n`, `x\n${id}`, `${id}${id}`],
    ...[id.replace(/^./, 'g'), '","esbUUID":"'],
  ])('are a new UUID, for the client too, if the gateway’s is %j', (wrong) => {
    const ids = idsOf(wrong);
    expect(ids).toEqual({ gateway: expect.stringMatching(uuid), client: ids.gateway });
    expect(idsOf(wrong).gateway).not.toBe(ids.gateway);
  });

  test('are a new UUID where who invokes the Lambda by hand leaves the whole context out', () => {
    expect(idsOf(id, {}, { requestContext: undefined }).gateway).toMatch(uuid);
  });

  test.for([
    ...['', ' ', 'x'.repeat(129), 'trace-7\n', 'trace-7\r\nSet-Cookie: a=b', 'trace\0'],
    ...['trасe-7', 'trace\u202e7', '<script>', '"}', '../7'],
  ])('are the gateway’s alone if the client’s is %j', (client) => {
    expect(idsOf(id, { 'X-Request-Id': client })).toEqual({ gateway: id, client: id });
  });
});
