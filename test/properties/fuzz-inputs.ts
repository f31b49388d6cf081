import fc from 'fast-check';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { later } from '../../functions/core/time.ts';
import { signed, tokenTimes, ways } from '../support/ways.ts';
import type { WireCall, World } from '../support/world.ts';

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
export interface Call extends WireCall {
  /** Fields of the event that are null, or not there at all. */
  readonly without?: Readonly<Record<string, null | undefined>>;
  /**
   * Whether it is the session's own request: then, and only then, it refreshes. `perhaps`: it was
   * spoilt somewhere, though not always where it matters.
   */
  readonly right: 'yes' | 'no' | 'perhaps';
}

/** One of these, each as often as its weight says. */
export function either<Value>(
  ...choices: readonly (readonly [weight: number, arbitrary: fc.Arbitrary<Value>])[]
): fc.Arbitrary<Value> {
  return fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

const strange = [
  ...['', ' ', '\0', '\r\nSet-Cookie: a=b', '\u202e\u2066', '\ufeff', '\ud800', '\udfff\ud800'],
  ...['\u001b[31m', '__proto__', 'constructor', '%00', '%ed%a0%80', '%zz', '%{jndi:x}', '../..'],
  ...['{"$ne":null}', "' OR 1=1 --", '<script>', 'eos#', 'é'.repeat(50), '𝟘١１', '9'.repeat(400)],
];

const binary = fc.string({ unit: 'binary' });

/** Text of every kind; each has the marker. */
const text: fc.Arbitrary<string> = fc
  .tuple(fc.oneof(fc.constantFrom(...strange), fc.string(), binary), fc.boolean())
  .map(([text, first]) => (first ? marker + text : text + marker));

/** The right text, one edit away from it, or far from it. */
function near(good: string, others: readonly string[] = []): fc.Arbitrary<string> {
  return either(
    [3, fc.constant(good)],
    [4, edited(good)],
    [1, fc.constantFrom(good.toUpperCase(), `eos#${good}`, ...others)],
    [1, text],
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

const oddNames = ['__proto__', 'constructor', 'toString', '', 'Host', 'Cookie', 'X-Fuzz'];
const insane = text.map((text) => `\u202e${text}`);
const ids = fc.oneof(fc.constantFrom('call-1', 'a'.repeat(128)), insane);

const line = fc.oneof(
  fc.tuple(fc.oneof(fc.constantFrom(...oddNames), text), text),
  fc.tuple(cased('X-Request-Id'), ids),
);

/** Headers that decide nothing. What a client may call its request is the one that comes back. */
const noise: fc.Arbitrary<Record<string, string>> = fc
  .array(line, { maxLength: 4 })
  .map(Object.fromEntries);

/** The ways in which a contract's client sends an id and a secret. */
const waysOf = (contract: Contract) => ways.filter((way) => way.contract === contract);

/** The session's own request. */
export function ownCall(world: World, contract: Contract, { id, secret }: Known): Call {
  const [way] = waysOf(contract);
  return { ...way?.send(world, id, secret), right: 'yes' };
}

/** Requests that are well-formed, and right or nearly so. */
export function nearCalls(world: World, contract: Contract, known: Known): fc.Arbitrary<Call> {
  return contract.body === 'none' ? tokens(world, known) : fields(world, contract, known);
}

/** An id and a secret in the fields where they belong, and noise beside them. */
function fields(world: World, contract: Contract, known: Known): fc.Arbitrary<Call> {
  return fc
    .record({
      way: fc.constantFrom(...waysOf(contract)),
      id: near(known.id),
      secret: near(known.secret, known.strange),
      more: fc.dictionary(text, text, { maxKeys: 2 }),
      headers: noise,
      named: cased('Content-Type'),
      charset: fc.constantFrom('', '; charset=utf-8', ' ;a=b', ';'),
      isBase64Encoded: fc.boolean(),
    })
    .map(({ way, id, secret, more, headers, named, charset, isBase64Encoded }) => {
      const right = id === known.id && secret === known.secret ? 'yes' : 'no';
      const sent = way.send(world, id, secret);
      const type = sent.headers?.['Content-Type'];
      if (!sent.body || !type) return { ...sent, headers, right };
      const plain = way.typed
        ? JSON.stringify({ ...JSON.parse(sent.body), ...more })
        : `${sent.body}&${new URLSearchParams(more)}`;
      const body = isBase64Encoded ? Buffer.from(plain).toString('base64') : plain;
      return { headers: { ...headers, [named]: type + charset }, body, isBase64Encoded, right };
    });
}

/** Tokens that the right key signed, whatever they say. */
function tokens(world: World, known: Known): fc.Arbitrary<Call> {
  const ends = [later(world.now, 930), later(world.now, 1), world.now, 0, -1, 1e300, 1e15];
  const odd = [null, '9999999999', [9999999999], 0.5, {}, true];
  const { exp } = tokenTimes(world);
  const names = fc.constantFrom('nbf', 'aud', '__proto__', 'iat');
  return fc
    .record({
      sid: near(known.id),
      sec: near(known.secret, known.strange),
      exp: either<unknown>([9, fc.constant(exp)], [3, fc.constantFrom(...ends, ...odd)]),
      more: fc.dictionary(names, fc.jsonValue(), { maxKeys: 2 }),
      headers: noise,
      named: cased('Authorization'),
      scheme: fc.constantFrom('Bearer ', 'bearer   ', 'BEARER '),
      end: fc.constantFrom('', ' ', '   '),
      body: fc.constantFrom(null, '', '{', 'sessionId=a'),
    })
    .map(({ sid, sec, exp, more, headers, named, scheme, end, body }) => {
      const alive = Number.isInteger(exp) && Number(exp) > world.now;
      const right = sid === known.id && sec === known.secret && alive ? 'yes' : 'no';
      const token = signed(world, { ...more, sid, sec, exp });
      return { headers: { ...headers, [named]: scheme + token + end }, body, right };
    });
}

const oddBodies = [
  ...[null, 'null', '[]', '0', '""', 'sessionId[]=a&secureCode[]=b'],
  '{"sessionId":1e999,"secureCode":-0,"sessionToken":99999999999999999999999}',
  '{"sessionId":{"toString":1},"secureCode":{"length":9},"sessionToken":[]}',
  '{"__proto__":{"sessionId":"a","secureCode":"b","sessionToken":"c"}}',
];
const large = [
  '['.repeat(30_000),
  '{"a":'.repeat(10_000),
  '9'.repeat(65_000),
  marker.repeat(20_000),
];
const repeated = fc
  .tuple(fc.constantFrom('sessionId', 'secureCode', 'sessionToken', '__proto__'), text, text)
  .map(([name, a, b]) => `{"${name}":${JSON.stringify(a)},"${name}":[${JSON.stringify(b)}]}`);

/** Bodies of every kind, none with a credential. */
const bodies: fc.Arbitrary<string | null> = either<string | null>(
  [20, fc.oneof(text, repeated)],
  [10, fc.json({ maxDepth: 3 }).map((json) => `{"${marker}":${json}}`)],
  [5, fc.constantFrom(...oddBodies)],
  [1, fc.constantFrom(...large)],
);

const queried = fc.oneof(fc.constantFrom('sessionId', '__proto__'), text);
const [json, form] = ['application/json', 'application/x-www-form-urlencoded'];

/** Anything anywhere. */
export const raw: fc.Arbitrary<Call> = fc
  .record({
    headers: noise,
    named: cased('Content-Type'),
    type: fc.oneof(fc.constantFrom(json, form, 'constructor'), text),
    query: fc.dictionary(queried, fc.array(text, { maxLength: 2 }), { maxKeys: 2 }),
    body: bodies,
    isBase64Encoded: fc.boolean(),
    scheme: fc.constantFrom('', 'Bearer '),
    token: text,
  })
  .map(({ headers, named, type, scheme, token, ...rest }) => ({
    ...rest,
    headers: { ...headers, [named]: type, Authorization: scheme + token },
    right: 'no',
  }));

const nullable = fc.constantFrom(
  ...['body', 'headers', 'multiValueHeaders', 'queryStringParameters'],
  ...['multiValueQueryStringParameters', 'requestContext'],
);
const lacks = fc.dictionary(nullable, fc.constantFrom(null, undefined), { minKeys: 1 });

/** Calls with something broken, dropped or turned in them. */
export function spoilt(calls: fc.Arbitrary<Call>): fc.Arbitrary<Call> {
  return fc
    .tuple(calls, fc.nat(7), fc.nat(), text, lacks)
    .map(([call, how, number, text, without]) => {
      const { body, headers = {}, query = {} } = call;
      const at = number % ((body?.length ?? 0) + 1);
      const lines = Object.entries(headers);
      const longer = lines.map(([name, value]) => [name, `${value} ${text}`] as const);
      const more = Object.entries(query).map(([name, values]) => [name, [text].concat(values)]);
      const changes: readonly Partial<Call>[] = [
        { body: body?.slice(0, at) ?? null },
        { body: body ? body.slice(0, at) + text + body.slice(at) : text },
        { isBase64Encoded: !call.isBase64Encoded },
        { headers: Object.fromEntries(lines.slice(0, number % (lines.length + 1))) },
        { headers: Object.fromEntries(longer) },
        { query: Object.fromEntries(more) },
        { body: body ? body + body : null },
        { without },
      ];
      return { ...call, ...changes[how], right: 'perhaps' };
    });
}
