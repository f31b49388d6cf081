import fc from 'fast-check';

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
export const nullable = [
  'body',
  'headers',
  'multiValueHeaders',
  'queryStringParameters',
  'multiValueQueryStringParameters',
  'requestContext',
] as const;

const strange = [
  '',
  ' ',
  '\0',
  '\r\nSet-Cookie: a=b',
  '\u202e\u2066',
  '\ufeff',
  '\ud800',
  '\udfff\ud800',
  '\u001b[31m',
  '__proto__',
  'constructor',
  '%00',
  '%ed%a0%80',
  '%zz',
  '%{jndi:x}',
  '{"$ne":null}',
  "' OR 1=1 --",
  '<script>',
  '../..',
  'eos#',
  'é'.repeat(50),
  '𝟘١１',
  '9'.repeat(400),
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
export function near(good: string, others: readonly string[] = []): fc.Arbitrary<string> {
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

/** A header's name in some mixture of cases. */
export function cased(name: string): fc.Arbitrary<string> {
  return fc.constantFrom(
    name,
    name.toLowerCase(),
    name.toUpperCase(),
    name.replace(/[a-z]/g, (letter, at: number) => (at % 2 ? letter.toUpperCase() : letter)),
  );
}

/** Headers that decide nothing. What a client may call its request is the one that comes back. */
export const noise: fc.Arbitrary<[string, string][]> = fc.array(
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

/** A wire of fields: how it sends an id and a secret, and what else it may be sent. */
export interface Fields {
  readonly id: string;
  readonly secret: string;
  readonly ways: readonly ('form' | 'json' | 'query')[];
}

/** An id and a secret in the fields where they belong, and noise beside them. */
export function structured({ id, secret, ways }: Fields, known: Known): fc.Arbitrary<Call> {
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
      const type = way === 'form' ? 'application/x-www-form-urlencoded' : 'application/json';
      const plain = way === 'form' ? form(fields) : JSON.stringify(Object.fromEntries(fields));
      return {
        headers: [...headers, [named, type + charset]],
        body: base64 ? Buffer.from(plain).toString('base64') : plain,
        base64,
        right,
      };
    });
}

function form(fields: readonly (readonly [string, string])[]): string {
  const escaped = (text: string) => encodeURIComponent(text.toWellFormed());
  return fields.map((pair) => pair.map(escaped).join('=')).join('&');
}
