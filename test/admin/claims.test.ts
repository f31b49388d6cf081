import { describe, expect } from 'vitest';
import { sharedTest as test } from './support.ts';

const mark = 'tell-tale';

const apps = '"mobilityApps":{"system":[],"user":[]}';
const sso = '"sso":{"externalSystemId":"x"}';

/** What is no object of claims in any contract. */
const never: readonly { readonly what: string; readonly claims: unknown }[] = [
  { what: 'null', claims: null },
  { what: 'a number', claims: 1 },
  { what: 'a boolean', claims: true },
  { what: 'an array', claims: ['{}'] },
  { what: 'an object, not its text', claims: { profile: {}, mobilityApps: {} } },
  { what: 'the empty text', claims: '' },
  { what: 'white space', claims: ' \n' },
  { what: 'no JSON', claims: mark },
  { what: 'broken JSON', claims: `{"${mark}":` },
  { what: 'JSON and more', claims: `{} "${mark}"` },
  { what: 'JSON with a comma too many', claims: `{"${mark}":1,}` },
  { what: 'JSON with a control character', claims: `{"${mark}":"\n"}` },
  { what: 'JSON with a byte order mark', claims: `\ufeff{"${mark}":{}}` },
  { what: 'the JSON of null', claims: 'null' },
  { what: 'the JSON of a number', claims: '1' },
  { what: 'the JSON of a string', claims: `"${mark}"` },
  { what: 'the JSON of an array', claims: `["${mark}"]` },
  { what: 'brackets without end', claims: '['.repeat(100_000) },
];

/** What each contract does not take, though it is an object. */
const shapes: Readonly<Record<string, readonly string[]>> = {
  eos: [
    '{}',
    `{${apps}}`,
    '{"profile":{}}',
    `{"profile":null,${apps}}`,
    `{"profile":["${mark}"],${apps}}`,
    `{"profile":"${mark}",${apps}}`,
    `{"profile":{},${apps},"${mark}":1}`,
    `{"profile":{},${apps},"__proto__":{}}`,
    `{"__proto__":{"profile":{},${apps}}}`,
    `{"profile":{},"profile":1,${apps}}`,
    '{"profile":{},"mobilityApps":null}',
    '{"profile":{},"mobilityApps":[]}',
    '{"profile":{},"mobilityApps":{}}',
    '{"profile":{},"mobilityApps":{"system":[]}}',
    '{"profile":{},"mobilityApps":{"user":[]}}',
    '{"profile":{},"mobilityApps":{"system":{},"user":[]}}',
    `{"profile":{},"mobilityApps":{"system":[],"user":"${mark}"}}`,
  ],
  s360: [
    '{}',
    `{"user":{},${sso}}`,
    `{"app":{},${sso}}`,
    '{"user":{},"app":{}}',
    `{"user":["${mark}"],"app":{},${sso}}`,
    `{"user":null,"app":{},${sso}}`,
    `{"user":{},"app":"${mark}",${sso}}`,
    `{"user":{},"app":{},${sso},"${mark}":1}`,
    '{"user":{},"app":{},"sso":null}',
    `{"user":{},"app":{},"sso":["${mark}"]}`,
    '{"user":{},"app":{},"sso":{}}',
    '{"user":{},"app":{},"sso":{"authorityType":"SELF"}}',
    '{"user":{},"app":{},"sso":{"externalSystemId":""}}',
    '{"user":{},"app":{},"sso":{"externalSystemId":1}}',
    `{"user":{},"app":{},"sso":{"externalSystemId":["${mark}"]}}`,
    `{"user":{},"app":{},"sso":{"externalSystemId":"${mark}","authorityType":""}}`,
    `{"user":{},"app":{},"sso":{"externalSystemId":"${mark}","authorityType":null}}`,
    `{"user":{},"app":{},"sso":{"externalSystemId":"x","sessionId":"${mark}"}}`,
    `{"user":{},"app":{},"sso":{"__proto__":{"externalSystemId":"${mark}"}}}`,
  ],
  ccstore: [
    ...['exp', 'sub', 'iat', 'sid', 'sec'].flatMap((name) => [
      `{"${name}":"${mark}"}`,
      `{"iss":"a","${name}":null}`,
      `{"\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}":1}`,
    ]),
    '{"iss":null}',
    '{"iss":1}',
    `{"iss":["${mark}"]}`,
    `{"iss":{"${mark}":1}}`,
    `{"iss":"a","iss":1}`,
    JSON.stringify({ iss: 'a', roles: 'x'.repeat(4096) }),
    JSON.stringify({ iss: 'a', roles: 'é'.repeat(2048) }),
  ],
};

const wrongShapes = Object.entries(shapes).flatMap(([contract, claims]) =>
  claims.map((text) => ({ contract, claims: text })),
);

/** Claims of their contract's own shape, around some text. */
const around: Readonly<Record<string, (text: string) => string>> = {
  eos: (text) => `{"profile":{"a":"${text}"},${apps}}`,
  s360: (text) => `{"user":{"a":"${text}"},"app":{},${sso}}`,
  ccstore: (text) => `{"a":"${text}"}`,
};

const everyShape = Object.entries(around).map(([contract, claims]) => ({ contract, claims }));

/** API Gateway takes 10,240 bytes of headers; the client and its proxies send others besides. */
const longestToken = 8192;

const roles = JSON.stringify({ roles: 'x'.repeat(3980) });
const headers = [
  { what: 'a long text', input: { claims: roles } },
  { what: 'a text beyond ASCII', input: { claims: JSON.stringify({ roles: 'é'.repeat(3980) }) } },
  { what: 'a long secret', input: { claims: roles, secret: 'x'.repeat(2048) } },
  { what: 'a secret of quotes', input: { claims: roles, secret: '"'.repeat(2048) } },
  { what: 'a subject of emoji', input: { claims: roles, subject: '😀'.repeat(256) } },
];

const problem = expect.stringMatching(/^claims [^\n]{15,200}$/);

describe('session-admin, claims', () => {
  test.beforeEach(({ world }) => {
    world.requests.length = 0;
  });

  test.for(never)('refuses $what', async ({ claims }, { world }) => {
    for (const contract of Object.keys(shapes)) {
      const answer = await world.run('open', { contract, claims });
      expect.soft(answer, contract).toEqual({ outcome: 'invalid', problem });
      expect.soft(JSON.stringify(answer), contract).not.toContain(mark);
    }
    const login = { contract: 'eos', sessionId: 'id', subject: 'ann', claims };
    expect(await world.run('login', login)).toEqual({ outcome: 'invalid', problem });
    expect(world.requests).toEqual([]);
  });

  test.for(wrongShapes)('refuses $claims of $contract', async ({ contract, claims }, { world }) => {
    const answer = await world.run('open', { contract, claims });
    expect(answer).toEqual({ outcome: 'invalid', problem });
    expect(JSON.stringify(answer)).not.toContain(mark);
    expect(world.requests).toEqual([]);
  });

  test.for(everyShape)(
    'refuses those of $contract beyond 256 kB',
    async ({ contract, claims }, { world }) => {
      for (const text of [claims('x'.repeat(256 * 1024)), claims('é'.repeat(128 * 1024))])
        expect(await world.run('open', { contract, claims: text })).toEqual({
          outcome: 'invalid',
          problem,
        });
      expect(world.requests).toEqual([]);
    },
  );

  // UTF-8 has no bytes for one: the client would be given another text than the row was.
  test.for(everyShape)(
    'refuses a lone surrogate in those of $contract',
    async ({ contract, claims }, { world }) => {
      expect(await world.run('open', { contract, claims: claims('\ud800') })).toEqual({
        outcome: 'invalid',
        problem,
      });
      expect((await world.run('open', { contract, claims: claims('\\ud800') })).outcome).toBe(
        'done',
      );
      expect(world.requests).toEqual(['PutItemCommand']);
    },
  );

  test.for(headers)(
    '$what of ccstore makes no token too long for a header',
    async ({ input }, { world }) => {
      const answer = await world.run('open', { contract: 'ccstore', ...input });
      const length = answer.outcome === 'done' ? JSON.stringify(answer.result).length : 0;
      expect(length).toBeLessThan(longestToken);
    },
  );

  test('takes 4,000 characters of ccstore', async ({ world }) => {
    const claims = JSON.stringify({ roles: 'x'.repeat(3980) });
    expect((await world.run('open', { contract: 'ccstore', claims })).outcome).toBe('done');
  });
});
