import fc from 'fast-check';
import { type Call, cased, marker, noise, nullable, text } from './inputs.ts';

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
      null,
      '{"sessionId":1e999,"secureCode":-0,"sessionToken":99999999999999999999999}',
      '{"sessionId":{"toString":1},"secureCode":{"length":9},"sessionToken":[]}',
      '{"__proto__":{"sessionId":"a","secureCode":"b","sessionToken":"c"}}',
      'sessionId[]=a&secureCode[]=b',
      'null',
      '[]',
      '0',
      '""',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('['.repeat(30_000), '{"a":'.repeat(10_000), '9'.repeat(65_000)),
  },
  { weight: 1, arbitrary: fc.constant(marker.repeat(20_000)) },
);

/** Anything anywhere. */
export const raw: fc.Arbitrary<Call> = fc
  .record({
    headers: noise,
    named: cased('Content-Type'),
    type: fc.oneof(
      fc.constantFrom('application/json', 'application/x-www-form-urlencoded', 'constructor'),
      text,
    ),
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
