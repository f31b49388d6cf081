import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wireRequest } from '../../functions/core/lambda/request.ts';
import { eos } from '../../functions/eos/contract.ts';
import { apiGatewayEvent, type WireCall } from '../support/world.ts';

const asForm = { 'Content-Type': 'application/x-www-form-urlencoded' };
const asJson = { 'Content-Type': 'application/json' };

/** A request that has parsed, or what is wrong with it. */
function read(format: 'form' | 'json' | 'none', call: WireCall) {
  return wireRequest(apiGatewayEvent(eos, call), format);
}

/** The fields of a body, in their order. */
function fields(format: 'form' | 'json' | 'none', call: WireCall): unknown {
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
    expect(fields('form', { headers: asForm, body })).toEqual(gives);
  });

  test('gives what any browser’s form encoder wrote', () => {
    const pairs = fc.array(
      fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })),
    );
    fc.assert(
      fc.property(pairs, (written) => {
        fc.pre(written.length > 0);
        const body = new URLSearchParams(written).toString();
        const first = new Map([...written].reverse());
        const names = [...new Set(written.map(([name]) => name))];
        expect(fields('form', { headers: asForm, body })).toEqual(
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
    expect(fields('form', { headers: asForm, body })).toBe('malformed-request');
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
    expect(fields('json', { headers: asJson, body })).toEqual(gives);
    // In the place of a form a number counts as its text.
    const texts = gives.map(([name, value]) => [
      name,
      typeof value === 'number' ? String(value) : value,
    ]);
    expect(fields('form', { headers: asJson, body })).toEqual(texts);
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
      expect(fields(format, { headers: asJson, body })).toBe('malformed-request');
  });
});
