import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { claimsMembers } from '../../functions/core/contract/claims.ts';
import { isObject, type Members, members } from '../../functions/core/contract/json-text.ts';
import { reply } from '../../functions/core/contract/reply.ts';
import { credential } from '../../functions/core/contract/wire-request.ts';
import { DamagedRow } from '../../functions/core/session/row.ts';
import { claimsOf } from '../support/session.ts';

/** JSON text of these members, each token with some white space before it. */
function spaced(written: [string, unknown][], space: () => string): string {
  const value = (part: unknown): string => {
    if (Array.isArray(part)) return `${space()}[${part.map(value).join(`${space()},`)}${space()}]`;
    if (isObject(part)) return object(Object.entries(part));
    return space() + JSON.stringify(part);
  };
  const object = (entries: [string, unknown][]): string => {
    const parts = entries.map(
      ([name, part]) => `${space()}${JSON.stringify(name)}${space()}:${value(part)}`,
    );
    return `${space()}{${parts.join(`${space()},`)}${space()}}`;
  };
  return object(written) + space();
}

describe('members', () => {
  const entries = fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.jsonValue()));
  const whiteSpace = fc.string({ unit: fc.constantFrom(' ', '\t', '\r', '\n'), maxLength: 2 });

  test('gives every member of any object as its compact text, in the order of the text', () => {
    fc.assert(
      fc.property(entries, fc.gen(), (written, gen) => {
        const text = spaced(written, () => gen(() => whiteSpace));
        const expected = new Map(written.map(([name, part]) => [name, JSON.stringify(part)]));
        expect([...members(text).texts]).toEqual([...expected]);
      }),
    );
  });

  test('agrees with JSON.parse on what every name means', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value: unknown = JSON.parse(text);
        fc.pre(isObject(value));
        const found = [...members(text).texts].map(([name, part]) => [name, JSON.parse(part)]);
        expect(new Map(found as [string, unknown][])).toEqual(new Map(Object.entries(value)));
      }),
    );
  });

  test.for([
    { what: 'nothing', text: '{}', gives: {} },
    {
      what: 'numbers no double holds',
      text: '{"a":1234567890123456789}',
      gives: { a: '1234567890123456789' },
    },
    { what: 'a number beyond all doubles', text: '{"a":1e999}', gives: { a: '1e999' } },
    { what: 'numbers as they are', text: '{"a":[-0,1.50,1E+2]}', gives: { a: '[-0,1.50,1E+2]' } },
    {
      what: 'inner names like numbers in place',
      text: '{"a":{"b":1,"1":2}}',
      gives: { a: '{"b":1,"1":2}' },
    },
    { what: 'the last of a repeated name', text: '{"a":1,"b":2,"a":3}', gives: { a: '3', b: '2' } },
    { what: 'the last of a name written twice', text: '{"a":1,"\\u0061":2}', gives: { a: '2' } },
    {
      what: 'repeated inner names both',
      text: '{"a":{"b":1,"b":2}}',
      gives: { a: '{"b":1,"b":2}' },
    },
    { what: 'escapes in names, read', text: '{"\\"\\\\\\n":1}', gives: { '"\\\n': '1' } },
    {
      what: 'escapes in values, as they are',
      text: '{"a":"\\u0041\\/"}',
      gives: { a: '"\\u0041\\/"' },
    },
    {
      what: 'strings of punctuation',
      text: '{"a":"}],:{[","b}":""}',
      gives: { a: '"}],:{["', 'b}': '""' },
    },
    {
      what: 'a quote behind a backslash',
      text: '{"a":"\\\\\\"","b":1}',
      gives: { a: '"\\\\\\""', b: '1' },
    },
    {
      what: 'white space inside strings',
      text: '{ "a b" : " c  d " }',
      gives: { 'a b': '" c  d "' },
    },
    {
      what: 'words',
      text: '{"a":true,"b":null,"c":[false]}',
      gives: { a: 'true', b: 'null', c: '[false]' },
    },
    {
      what: 'empty names and values',
      text: '{"":"","a":{},"b":[]}',
      gives: { '': '""', a: '{}', b: '[]' },
    },
    { what: 'lone surrogates', text: '{"\\ud800":"\\udc00"}', gives: { '\ud800': '"\\udc00"' } },
    { what: 'a line separator', text: '{"\u2028":"\u2029"}', gives: { '\u2028': '"\u2029"' } },
    { what: '__proto__', text: '{"__proto__":{"a":1}}', gives: { ['__proto__']: '{"a":1}' } },
  ])('gives $what', ({ text, gives }) => {
    expect([...members(text).texts]).toEqual(Object.entries(gives));
  });

  test('gives names like numbers in their place', () => {
    expect([...members('{"b":1,"10":2,"2":3}').texts.keys()]).toEqual(['b', '10', '2']);
  });

  test.for([
    { what: 'a string of escapes', value: `"${'\\"\\\\'.repeat(50_000)}"` },
    { what: 'lists in lists', value: '['.repeat(100_000) + ']'.repeat(100_000) },
    { what: 'numbers', value: `[${'1,'.repeat(100_000)}1]` },
  ])('gives two hundred thousand characters of $what', ({ value }) => {
    expect(members(`{"a": ${value} ,"b":1}`).texts.get('a') === value).toBe(true);
  });

  test.for([
    { what: 'nothing', text: '' },
    { what: 'a word', text: 'hunter2' },
    { what: 'a cut object', text: '{"secret":"hunter2"' },
    { what: 'an object and more', text: '{"secret":"hunter2"}hunter2' },
    { what: 'a name without quotes', text: '{hunter2:1}' },
    { what: 'a trailing comma', text: '{"a":"hunter2",}' },
    { what: 'a list', text: '["hunter2"]' },
    { what: 'a string', text: '"hunter2"' },
    { what: 'null', text: 'null' },
    { what: 'a byte-order mark', text: '\ufeff{"a":"hunter2"}' },
  ])('refuses $what, and quotes nothing of it', ({ text }) => {
    const error = thrown(() => members(text));
    expect(error).toBeInstanceOf(SyntaxError);
    const logged = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true });
    expect(logged).not.toContain('hunter2');
  });
});

describe('isObject', () => {
  test('takes objects, and neither lists nor null nor anything else', () => {
    const values = [{}, { a: 1 }, [], null, undefined, 0, '', 'a', true, () => ({})];
    expect(values.map((value) => isObject(value))).toEqual([true, true, ...Array(8).fill(false)]);
  });
});

describe('claimsMembers', () => {
  const write = ({ texts }: Members) =>
    texts.has('a') ? claimsOf(`{"a":${texts.get('a')}}`) : undefined;

  test('gives the members of claims that the contract would write the same way', () => {
    expect([...claimsMembers({ claims: claimsOf('{"a":1}') }, write).texts]).toEqual([['a', '1']]);
  });

  test.for(['{"a":1', '{"a": 1}', '{"a":1,"b":2}', '{"b":1}', '[]', ''])('refuses %j', (text) => {
    const read = () => claimsMembers({ claims: claimsOf(text) }, write);
    expect(read).toThrow(new DamagedRow('claims are not in the form of the contract'));
  });
});

describe('reply', () => {
  test('has the JSON text of its body in the order of the keys, and headers only if given', () => {
    expect(reply(200, { b: 1, a: 2 })).toEqual({ status: 200, body: '{"b":1,"a":2}' });
    const headers = { 'Retry-After': '1' };
    expect(reply(503, {}, headers)).toEqual({ status: 503, body: '{}', headers });
  });
});

describe('credential', () => {
  test('needs a session id and a secret', () => {
    expect(credential('id', 'secret')).toEqual({ id: 'id', secret: 'secret' });
    for (const [id, secret] of [
      ['#', 'secret'],
      ['id', ''],
      [undefined, 'secret'],
      ['id', 1],
    ])
      expect(credential(id, secret)).toBeUndefined();
  });
});

function thrown(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}
