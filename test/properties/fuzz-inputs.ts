import fc from 'fast-check';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { bearer, signed, tokenTimes } from '../support/ways.ts';
import type { World } from '../support/world.ts';

/** Stands in whatever is made up, and so may stand in no answer and no record. */
export const marker = 'fz5eed';

/** What the fuzz knows of the one session it is about. */
export interface Known {
  readonly id: string;
  readonly secret: string;
  /** What proves the sessions that other contracts opened under the same id. */
  readonly strange: readonly string[];
}

/** What a client sends, before it is an event. */
export interface Call {
  readonly headers: readonly (readonly [string, string])[];
  readonly query?: readonly (readonly [string, string[]])[];
  readonly body?: string | null;
  readonly base64?: boolean;
  /** Fields of the event that are null, or not there at all. */
  readonly without?: readonly (readonly [(typeof nullable)[number], null | undefined])[];
  /**
   * Whether it is the session's own request: then, and only then, it refreshes. `perhaps`: it was
   * spoilt somewhere, though not always where it matters.
   */
  readonly right: 'yes' | 'no' | 'perhaps';
}

/** The fields that an event may lack. */
const nullable = [
  'body',
  'headers',
  'multiValueHeaders',
  'queryStringParameters',
  'multiValueQueryStringParameters',
  'requestContext',
] as const;

const strange = [
  ...['', ' ', '\0', '\r\nSet-Cookie: a=b', '\u202e\u2066', '\ufeff', '\ud800', '\udfff\ud800'],
  ...['\u001b[31m', '__proto__', 'constructor', '%00', '%ed%a0%80', '%zz', '%{jndi:x}', '../..'],
  ...['{"$ne":null}', "' OR 1=1 --", '<script>', 'eos#', 'é'.repeat(50), '𝟘١１', '9'.repeat(400)],
];

/** Text of every kind; each has the marker. */
export const text: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(...strange),
      fc.string({ maxLength: 12 }),
      fc.string({ unit: 'binary', maxLength: 12 }),
    ),
    fc.boolean(),
  )
  .map(([text, first]) => (first ? marker + text : text + marker));

/** The right text, one edit away from it, or far from it. */
function near(good: string, others: readonly string[] = []): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(good) },
    { weight: 4, arbitrary: edited(good) },
    { weight: 1, arbitrary: fc.constantFrom(good.toUpperCase(), `eos#${good}`, ...others) },
    { weight: 1, arbitrary: text },
  );
}

/** The text with one character more, less or other; it may come out as it was. */
export function edited(good: string): fc.Arbitrary<string> {
  const letters = fc.constantFrom('', 'a', 'Z', '0', '_', '-', '.', '=', ' ', '\0', 'é', '\ud800');
  return fc
    .tuple(fc.nat(good.length), letters, fc.nat(2))
    .map(([at, letter, cut]) => good.slice(0, at) + letter + good.slice(at + cut));
}

/** A header's name in any mixture of cases. */
const cased = (name: string) => fc.mixedCase(fc.constant(name));

/** Headers that decide nothing. What a client may call its request is the one that comes back. */
const noise: fc.Arbitrary<[string, string][]> = fc.array(
  fc.oneof(
    fc.tuple(
      fc.constantFrom('__proto__', 'constructor', 'toString', '', 'Host', 'Cookie', 'X-Fuzz'),
      text,
    ),
    fc.tuple(
      cased('X-Request-Id'),
      fc.oneof(
        fc.constantFrom('call-1', 'a'.repeat(128)),
        text.map((text) => `\u202e${text}`),
      ),
    ),
    fc.tuple(text, text),
  ),
  { maxLength: 4 },
);

const json = 'application/json';
const form = 'application/x-www-form-urlencoded';

/** A wire of fields: how it sends an id and a secret, and what else it may be sent. */
interface Fields {
  readonly id: string;
  readonly secret: string;
  readonly ways: readonly (typeof form | typeof json | 'query')[];
}

/** An id and a secret in the fields where they belong, and noise beside them. */
function structured({ id, secret, ways }: Fields, known: Known): fc.Arbitrary<Call> {
  const escaped = (text: string) => encodeURIComponent(text.toWellFormed());
  return fc
    .record({
      way: fc.constantFrom(...ways),
      session: near(known.id),
      proof: near(known.secret, known.strange),
      more: fc.array(fc.tuple(text, text), { maxLength: 2 }),
      headers: noise,
      named: cased('Content-Type'),
      charset: fc.constantFrom('', '; charset=utf-8', ' ;a=b', ';'),
      base64: fc.boolean(),
    })
    .map(({ way, session, proof, more, headers, named, charset, base64 }) => {
      const right = session === known.id && proof === known.secret ? 'yes' : 'no';
      const fields: [string, string][] = [[id, session], [secret, proof], ...more];
      if (way === 'query')
        return { headers, query: fields.map(([name, value]) => [name, [value]]), right };
      const plain =
        way === form
          ? fields.map((pair) => pair.map(escaped).join('=')).join('&')
          : JSON.stringify(Object.fromEntries(fields));
      const body = base64 ? Buffer.from(plain).toString('base64') : plain;
      return { headers: [...headers, [named, way + charset]], body, base64, right };
    });
}

/** Bodies of every kind, none with a credential. */
const bodies: fc.Arbitrary<string | null> = fc.oneof(
  { weight: 20, arbitrary: text },
  { weight: 20, arbitrary: fc.json({ maxDepth: 3 }).map((json) => `{"${marker}":${json}}`) },
  {
    weight: 20,
    arbitrary: fc
      .tuple(fc.constantFrom('sessionId', 'secureCode', 'sessionToken', '__proto__'), text, text)
      .map(([name, a, b]) => `{"${name}":${JSON.stringify(a)},"${name}":[${JSON.stringify(b)}]}`),
  },
  {
    weight: 10,
    arbitrary: fc.constantFrom(
      ...[null, 'null', '[]', '0', '""', 'sessionId[]=a&secureCode[]=b'],
      '{"sessionId":1e999,"secureCode":-0,"sessionToken":99999999999999999999999}',
      '{"sessionId":{"toString":1},"secureCode":{"length":9},"sessionToken":[]}',
      '{"__proto__":{"sessionId":"a","secureCode":"b","sessionToken":"c"}}',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...['['.repeat(30_000), '{"a":'.repeat(10_000), '9'.repeat(65_000), marker.repeat(20_000)],
    ),
  },
);

/** Anything anywhere. */
export const raw: fc.Arbitrary<Call> = fc
  .record({
    headers: noise,
    named: cased('Content-Type'),
    type: fc.oneof(fc.constantFrom(json, form, 'constructor'), text),
    query: fc.array(
      fc.tuple(
        fc.oneof(fc.constantFrom('sessionId', '__proto__'), text),
        fc.array(text, { maxLength: 2 }),
      ),
      { maxLength: 2 },
    ),
    body: bodies,
    base64: fc.boolean(),
    authorization: fc.oneof(
      text,
      text.map((text) => `Bearer ${text}`),
    ),
  })
  .map(({ headers, named, type, authorization, ...rest }) => ({
    ...rest,
    headers: [...headers, [named, type], ['Authorization', authorization]],
    right: 'no',
  }));

const lacks = fc.array(fc.tuple(fc.constantFrom(...nullable), fc.constantFrom(null, undefined)), {
  minLength: 1,
  maxLength: 6,
});

/** Calls with something broken, dropped or turned in them. */
export function spoilt(calls: fc.Arbitrary<Call>): fc.Arbitrary<Call> {
  return fc
    .tuple(calls, fc.nat(7), fc.nat(), text, lacks)
    .map(([call, how, number, text, without]) => {
      const { body, headers, query = [] } = call;
      const at = number % ((body?.length ?? 0) + 1);
      const changes: readonly Partial<Call>[] = [
        { body: body?.slice(0, at) ?? null },
        { body: body ? body.slice(0, at) + text + body.slice(at) : text },
        { base64: !call.base64 },
        { headers: headers.slice(0, number % (headers.length + 1)) },
        { headers: headers.map(([name, value]) => [name, `${value} ${text}`] as const) },
        { query: query.map(([name, values]) => [name, [text, ...values]] as const) },
        { body: body ? body + body : null },
        { without },
      ];
      return { ...call, ...changes[how], right: 'perhaps' };
    });
}

/** The session's own request. */
export function ownCall(world: World, contract: Contract, { id, secret }: Known): Call {
  if (contract.body === 'none') {
    const token = signed(world, { ...tokenTimes(world), sid: id, sec: secret });
    return { headers: Object.entries(bearer(token).headers ?? {}), right: 'yes' };
  }
  const proof = contract === eos ? 'secureCode' : 'sessionToken';
  const body = JSON.stringify({ sessionId: id, [proof]: secret });
  return { headers: [['Content-Type', json]], body, right: 'yes' };
}

/** Requests that are well-formed, and right or nearly so. */
export function nearCalls(world: World, contract: Contract, known: Known): fc.Arbitrary<Call> {
  if (contract.body === 'none') return withToken(signedTokens(world, known));
  return contract === eos
    ? structured({ id: 'sessionId', secret: 'secureCode', ways: [form, json, 'query'] }, known)
    : structured({ id: 'sessionId', secret: 'sessionToken', ways: [json] }, known);
}

/** A token, and whether it is the session's. */
interface Token {
  readonly text: string;
  readonly right: Call['right'];
}

/** Tokens that the right key signed, whatever they say. */
function signedTokens(world: World, known: Known): fc.Arbitrary<Token> {
  const ends = [later(world.now, 930), later(world.now, 1), world.now, 0, -1, 1e300, 1e15];
  const odd = [null, '9999999999', [9999999999], 0.5, {}, true];
  return fc
    .record({
      sid: near(known.id),
      sec: near(known.secret, known.strange),
      exp: fc.oneof(
        { weight: 9, arbitrary: fc.constant(later(world.now, 930)) },
        { weight: 3, arbitrary: fc.constantFrom<unknown>(...ends) },
        { weight: 1, arbitrary: fc.constantFrom<unknown>(...odd) },
      ),
      more: fc.dictionary(fc.constantFrom('nbf', 'aud', '__proto__', 'iat'), fc.jsonValue(), {
        maxKeys: 2,
      }),
    })
    .map(({ sid, sec, exp, more }) => {
      const alive = Number.isInteger(exp) && Number(exp) > world.now;
      const right = sid === known.id && sec === known.secret && alive ? 'yes' : 'no';
      return { text: signed(world, { ...more, sid, sec, exp }), right };
    });
}

/** Requests with a token in their header. */
export function withToken(tokens: fc.Arbitrary<Token>): fc.Arbitrary<Call> {
  return fc
    .record({
      token: tokens,
      headers: noise,
      named: cased('Authorization'),
      scheme: fc.constantFrom('Bearer ', 'bearer   ', 'BEARER '),
      end: fc.constantFrom('', ' ', '   '),
      body: fc.constantFrom(null, '', '{', 'sessionId=a'),
    })
    .map(({ token: { text, right }, headers, named, scheme, end, body }) => ({
      headers: [...headers, [named, scheme + text + end]],
      body,
      right,
    }));
}
