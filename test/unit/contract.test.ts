import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { contracts, sessionOwners } from '../../functions/contracts.ts';
import { claimsMembers } from '../../functions/core/contract/claims.ts';
import { isObject, type Members, members } from '../../functions/core/contract/json-text.ts';
import { reply } from '../../functions/core/contract/reply.ts';
import { credential } from '../../functions/core/contract/wire-request.ts';
import { deriveKeys, signingKey } from '../../functions/core/keys/keys.ts';
import { signPaddedJwt } from '../../functions/core/keys/padded-jwt.ts';
import { longestSecret } from '../../functions/core/session/rotation.ts';
import { DamagedRow } from '../../functions/core/session/row.ts';
import { later } from '../../functions/core/time.ts';
import { claimsOf, loggedIn, now, rowOf, secretOf } from '../support/session.ts';

/** JSON text of these members, with this white space between the tokens. */
function spaced(written: [string, unknown][], space: string): string {
  const parts = written.map(([name, value]) =>
    ['', JSON.stringify(name), ':', JSON.stringify(value, null, space), ''].join(space),
  );
  return `${space}{${parts.join(',')}${space}}${space}`;
}

describe('members', () => {
  const entries = fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.jsonValue()));
  const whiteSpace = fc.string({ unit: fc.constantFrom(' ', '\t', '\r', '\n'), maxLength: 4 });

  test('gives every member of any object as its compact text, in the order of the text', () => {
    fc.assert(
      fc.property(entries, whiteSpace, (written, space) => {
        const text = spaced(written, space);
        const { texts, values } = members(text);
        const parts = written.map(([name, part]): [string, string] => [name, JSON.stringify(part)]);
        expect([...texts]).toEqual([...new Map(parts)]);
        expect(values).toEqual(JSON.parse(text));
      }),
    );
  });

  test.for([
    { what: 'numbers as they are written', value: '[1234567890123456789,1e999,-0,1.50,1E+2]' },
    { what: 'inner names in place, also repeated ones', value: '{"b":1,"1":2,"b":3}' },
    { what: 'escapes', value: '"\\u0041\\/\\\\\\""' },
    { what: 'strings of punctuation', value: '["}],:{["," c  d ",""]' },
    { what: 'two hundred thousand escapes', value: `"${'\\"\\\\'.repeat(50_000)}"` },
    { what: 'a hundred thousand inner lists', value: '['.repeat(1e5) + ']'.repeat(1e5) },
    { what: 'a hundred thousand numbers', value: `[${'1,'.repeat(100_000)}1]` },
  ])('keeps $what', ({ value }) => {
    const { texts } = members(`{"a": ${value} ,"b":1}`);
    expect(texts.get('a') === value).toBe(true);
    expect([...texts.keys()]).toEqual(['a', 'b']);
  });

  test('reads names as JSON.parse does, and keeps their places', () => {
    const text = '{"b":1,"10":2,"2":3,"b":4,"\\u0062":5,"\\"\\\\\\n":6,"__proto__":7,"":8}';
    const read = [...members(text).texts].map(([name, value]) => name + value);
    expect(read).toEqual(['b5', '102', '23', '"\\\n6', '__proto__7', '8']);
  });

  test.for(['', 'hunter2', '{"a":"hunter2"', '{hunter2:1}', '["hunter2"]', '"hunter2"', 'null'])(
    'refuses %j, and quotes nothing of it',
    async (text) => {
      const error = await (async () => members(text))().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(SyntaxError);
      expect(error).toHaveProperty('message', expect.stringMatching(/^not (JSON|a JSON object)$/));
      const logged = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true });
      expect(logged).not.toContain('hunter2');
    },
  );
});

test('isObject takes objects, and neither lists nor null nor anything else', () => {
  const values = [[], null, undefined, 0, '', 'a', true, () => ({})];
  expect([{}, { a: 1 }, ...values].filter(isObject)).toEqual([{}, { a: 1 }]);
});

describe('claimsMembers', () => {
  const write = ({ texts }: Members) =>
    texts.has('a') ? claimsOf(`{"a":${texts.get('a')}}`) : undefined;

  test.for(['{"a":1', '{"a": 1}', '{"a":1,"b":2}', '{"b":1}', '[]', ''])(
    'takes the form in which claims are written, and not %j',
    (text) => {
      const read = (claims: string) => claimsMembers({ claims: claimsOf(claims) }, write);
      const damaged = new DamagedRow('claims are not in the form of the contract');
      expect(() => read(text)).toThrow(damaged);
      expect([...read('{"a":1}').texts]).toEqual([['a', '1']]);
    },
  );
});

test('reply has the JSON text of its body, and headers only if given', () => {
  const body = { b: 1, a: { en: 'Success', ar: 'نجاح' }, c: [1, null] };
  const text = '{"b":1,"a":{"en":"Success","ar":"نجاح"},"c":[1,null]}';
  expect(reply(200, body)).toStrictEqual({ status: 200, body: text });
  const headers = { 'Retry-After': '1' };
  expect(reply(503, {}, headers)).toEqual({ status: 503, body: '{}', headers });
});

test('credential needs a session id and a secret', () => {
  expect(credential('id', 'secret')).toEqual({ id: 'id', secret: 'secret' });
  for (const id of ['#', undefined]) expect(credential(id, 'secret')).toBeUndefined();
  for (const secret of ['', 1]) expect(credential('id', secret)).toBeUndefined();
});

test('a contract says whether it needs an API key, may rotate, and signs', () => {
  const said = contracts.map(({ name, apiKey, rotates, signs }) => [name, apiKey, rotates, signs]);
  expect(said).toEqual([
    ['eos', 'none', true, false],
    ['s360', 'required', false, true],
    ['ccstore', 'none', true, true],
    ['ccstoreui', 'none', true, true],
  ]);
});

describe('the claims of ccstore', () => {
  const [own, secret] = ['"iss":"storefrontUI","x":""', secretOf('s')];
  const fits = (length: number, subject: string, start = '') => {
    const text = `{${own.slice(0, -1)}${start.padEnd(start.length + length - own.length, 'x')}"}`;
    return ccstore.opening.claims(members(text), { subject, secret }) !== undefined;
  };

  test('keep their order, begin with iss where it is left out, and have no other form', () => {
    const claims = (text: string) =>
      ccstore.opening.claims(members(text), { subject: 'me', secret });
    expect(claims('{"x":1,"iss":"a"}')).toBe('{"x":1,"iss":"a"}');
    expect(claims('{"x":1}')).toBe('{"iss":"storefrontUI","x":1}');
    for (const name of ['iss', 'exp', 'sub', 'iat', 'sid', 'sec'])
      expect(claims(`{"${name}":1}`)).toBeUndefined();
  });

  test('have 4096 characters at most, of which one outside ASCII takes six', () => {
    expect([4096, 4097].map((length) => fits(length, 'me'))).toEqual([true, false]);
    const wide = [4096, 4097].map((length) => fits(length - 13, 'me', '\x7f\x80é'));
    expect(wide).toEqual([true, false]);
  });

  test.for(['u', '"', 'é', '😀'])('have 5500 at most with the longest secret and %s', (one) => {
    const others = 4096 + JSON.stringify(['', ''.padEnd(longestSecret)]).length;
    const takes = { '"': 2, é: 6, '😀': 12 }[one] ?? 1;
    const most = Math.floor((5500 - others) / takes);
    const both = [most, most + 1].map((count) => fits(4096, one.repeat(count)));
    expect(both).toEqual([true, false]);
  });
});

describe('the credential of ccstore', () => {
  const keys = deriveKeys('ccstore', { root: 'r'.repeat(32), signing: 's'.repeat(32) });
  const held = { sid: 'abc', sec: 'secret', exp: 9 };
  const signed = (payload: object) => signPaddedJwt(JSON.stringify(payload), signingKey(keys));
  const read = (authorization: string) => {
    const headers = new Map([['authorization', authorization]]);
    return ccstore.read({ headers, query: new Map(), body: new Map() }, keys);
  };
  const credential = { id: 'abc', secret: 'secret', expiresAt: 9 };

  test('has the times of its token that are whole numbers, and exp must be', () => {
    const reads = (times: object) => read(`Bearer ${signed({ ...held, ...times })}`);
    expect(reads({ iat: 5 })).toStrictEqual({ ...credential, issuedAt: 5 });
    for (const iat of [undefined, '5', 5.5, null]) expect(reads({ iat })).toStrictEqual(credential);
    for (const exp of [undefined, '9', 9.5, null]) expect(reads({ exp })).toBe('wrong-secret');
    expect(reads({ sid: 'a#b' })).toBe('wrong-secret');
  });

  test('is one word behind the scheme, whose case does not count', () => {
    const token = signed(held);
    for (const text of [`bEARER ${token}`, `Bearer   ${token}  `])
      expect(read(text)).toEqual(credential);
    const malformed = ['', 'Bearer', 'Bearer ', token, `Bearer${token}`, `x Bearer ${token}`];
    const other = [`Bearer ${token} x`, `Bearer x ${token}`, `Basic ${token}`, `Bearers ${token}`];
    for (const text of [...malformed, ...other]) expect(read(text)).toBe('malformed-request');
    expect(read('Bearer x')).toBe('wrong-secret');
  });
});

describe.for(sessionOwners)('the sessions of $name', ({ name, grant, opening, signs }) => {
  const signing = 's'.repeat(32);
  const keys = deriveKeys(name, { root: 'r'.repeat(32), ...(signs && { signing }) });
  const [session, secret] = [loggedIn(rowOf(name, 'abc')), secretOf('s')];
  const expiresAt = later(now, 9);
  const opened = { session, now, expiresAt };

  test('have claims of the form that the help shows', () => {
    const shown = opening.claimsFormat.replaceAll(/([[{])…/g, '$1');
    const texts = [opening.defaultClaims, name === 'ccstore' ? '{}' : shown];
    for (const text of texts)
      expect(opening.claims(members(text), { subject: 'me', secret })).toBeTypeOf('string');
    if (name === 'ccstore') expect(shown).toMatch(/4096.*5500.*"iss".*exp, sub, iat, sid and sec/);
  });

  test('are no answer where their claims have another form', async () => {
    const other = { ...session, claims: claimsOf('{"a":1}') };
    const times = { requestId: '1', now, issuedAt: now, expiresAt };
    const granted = async () => grant({ ...times, session: other, secret }, keys);
    await expect(granted()).rejects.toBeInstanceOf(DamagedRow);
  });

  test('have a secret, but anonymous ones', async () => {
    const given = async () => opening.credentials(opened, keys);
    if (!opening.anonymous)
      return expect(given()).rejects.toThrow(`a session of ${name} has a secret`);
    const expireTime = expiresAt * 1000;
    expect(await given()).toStrictEqual({ contract: name, sessionId: 'abc', expireTime });
  });
});
