import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, onTestFinished, vi } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { sessionOwners } from '../../functions/contracts.ts';
import { sessionHash } from '../../functions/core/session/session.ts';
import { eos } from '../../functions/eos/contract.ts';
import type { commands } from '../../functions/session-admin/commands.ts';
import type { Input } from '../../functions/session-admin/fields.ts';
import { capturedOutput } from '../support/output.ts';
import { rowOf } from '../support/session.ts';
import { secretsManagerStandIn } from '../support/stand-ins.ts';
import { material, test, type World } from '../support/world.ts';
import { sessionKeys } from './in-process.ts';

/** Stands in the bad values, so that a problem which quotes one is seen. */
const mark = 'tell-tale';

const sentence = /^[a-z][^\n]{15,200}$/;

/** The command says what is wrong, in words of its own, and asks nothing of the table. */
async function refuses(
  world: World,
  name: keyof typeof commands,
  input: Input,
  problem = sentence,
): Promise<void> {
  const answer = await world.run(name, input);
  const what = `${name} ${JSON.stringify(input).slice(0, 200)}`;
  const invalid = { outcome: 'invalid', problem: expect.stringMatching(problem) };
  expect.soft(answer, what).toEqual(invalid);
  expect.soft(JSON.stringify(answer), what).not.toContain(mark);
  expect.soft(world.requests, what).toEqual([]);
}

/** A command, and what it takes. */
type Run = readonly [name: keyof typeof commands, input: Input];

const session = { contract: 'eos', sessionId: 'id' };
const subjects = { contract: 'eos', subject: 'ann' };
const open: Run = ['open', { ...session, subject: 'ann' }];
const login: Run = ['login', { ...session, subject: 'ann' }];
const openEos: Run = ['open', { contract: 'eos' }];
const openCcstore: Run = ['open', { contract: 'ccstore' }];
const ofSession: readonly Run[] = [login, ['show', session], ['revoke', session]];
const ofSubject = (['list', 'revoke-all'] as const).map((name): Run => [name, subjects]);
const batch: Run = ['import', { contract: 'eos', lines: [] }];

const wrongTypes = [0, true, null, [], [mark], { [mark]: mark }];
const controls = ['\0', '\n', '\t', '\u001b[2J', '\u007f', '\ud800', '\udc00\ud800'];
const marked = (...odd: readonly string[]) => odd.map((character) => `${mark}${character}`);

/** Values that no command takes for a field. */
const bad = {
  contract: [...wrongTypes, '', mark, 'EOS', 'eos ', 'ccstoreui', '__proto__', ['eos']],
  sessionId: [...wrongTypes, '', `eos#${mark}`, `${mark}/..`, `${mark}\n`, 'x'.repeat(129), ['id']],
  subject: [...wrongTypes, '', ...marked(...controls, '\u0085'), 'x'.repeat(257), '😀'.repeat(257)],
  secret: [...wrongTypes, '', ...marked(...controls, 'é', '😀'), 'x'.repeat(2049)],
  anonymous: [0, 1, null, [true], {}, '', 'true', 'false', mark],
  tokenLifetime: [...wrongTypes, '300', [300], -1, 19, 20.5, 86_401, 1e21, Number.NaN, Infinity],
  lines: [...wrongTypes.slice(0, 3), mark, [{}], [1]],
  dryRun: [0, 1, null, 'true', mark],
  claims: [
    ...[1, true, null, ['{}'], { profile: {}, mobilityApps: {} }, '', ' \n', mark, 'null'],
    ...['1', `"${mark}"`, `["${mark}"]`, `{"${mark}":`, `{} "${mark}"`, '['.repeat(100_000)],
  ],
} satisfies Partial<Record<keyof Input, unknown[]>>;

const takers: Readonly<Record<keyof typeof bad, readonly Run[]>> = {
  contract: [open, batch, ...ofSession, ...ofSubject],
  sessionId: [open, ...ofSession],
  subject: [open, login, ...ofSubject],
  secret: [open, openCcstore, login],
  anonymous: [openEos, openCcstore],
  tokenLifetime: [openCcstore],
  lines: [batch],
  dryRun: [batch],
  claims: [openEos, ['open', { contract: 's360' }], openCcstore, login],
};

/** What does not go together. */
const together: readonly Input[] = [
  { contract: 's360', anonymous: true },
  { contract: 'eos', tokenLifetime: 300 },
  { contract: 'eos', anonymous: true, subject: mark },
  { contract: 'eos', anonymous: true, secret: mark },
  { contract: 'eos', anonymous: true, claims: '{}' },
  { contract: 'eos', anonymous: true, tokenLifetime: 300 },
];

describe('session-admin, its input', () => {
  test.for(Object.keys(takers) as (keyof typeof bad)[])(
    'refuses what is no %s',
    async (field, { world }) => {
      for (const [name, input] of takers[field])
        for (const value of bad[field]) await refuses(world, name, { ...input, [field]: value });
    },
  );

  test('refuses a command that lacks a field', async ({ world }) => {
    await refuses(world, 'open', {});
    for (const [name, input] of [...ofSession, ...ofSubject, batch])
      for (const field of Object.keys(input))
        await refuses(world, name, { ...input, [field]: undefined });
  });

  test.for(together)('refuses %j together', (input, { world }) => refuses(world, 'open', input));

  test('takes nothing from what a parser calls __proto__', async ({ world }) => {
    const input = JSON.parse('{"contract":"eos","__proto__":{"anonymous":true,"secret":"x"}}');
    const answer = await world.run('open', input);
    expect(answer).toHaveProperty('result.secureCode', expect.stringMatching(/^.{43}$/));
  });
});

const apps = '"mobilityApps":{"system":[],"user":[]}';
const sso = '"sso":{"externalSystemId":"x"}';
const reserved = ['exp', 'sub', 'iat', 'sid', 'sec'];

/** What each contract does not take, though it is an object; and claims of its own shape, around some text. */
const shapes = [
  {
    contract: 'eos',
    around: (text: string) => `{"profile":{"a":"${text}"},${apps}}`,
    bad: [
      ...[`{${apps}}`, '{"profile":{}}', `{"profile":{},${apps},"__proto__":{}}`],
      ...['null', `"${mark}"`, '[]'].map((profile) => `{"profile":${profile},${apps}}`),
      ...['null', '{"system":[]}', '{"system":{},"user":[]}', '{"system":[],"user":1}'].map(
        (given) => `{"profile":{},"mobilityApps":${given}}`,
      ),
      `{"profile":{},"profile":1,${apps}}`,
    ],
  },
  {
    contract: 's360',
    around: (text: string) => `{"user":{"a":"${text}"},"app":{},${sso}}`,
    bad: [
      ...[`{"user":{},${sso}}`, '{"user":{},"app":{}}', `{"user":{},"app":{},${sso},"a":1}`],
      ...['null', '[]'].map((user) => `{"user":${user},"app":{},${sso}}`),
      `{"user":{},"app":"${mark}",${sso}}`,
      ...['null', `["${mark}"]`, '{}', '{"authorityType":"SELF"}', '{"externalSystemId":""}'].map(
        (given) => `{"user":{},"app":{},"sso":${given}}`,
      ),
      ...['1', '"x","authorityType":""', '"x","authorityType":null', `"x","b":"${mark}"`].map(
        (system) => `{"user":{},"app":{},"sso":{"externalSystemId":${system}}}`,
      ),
      `{"user":{},"app":{},"sso":{"__proto__":{"externalSystemId":"${mark}"}}}`,
    ],
  },
  {
    contract: 'ccstore',
    around: (text: string) => `{"iss":"a","b":"${text}"}`,
    bad: [
      ...reserved.map((name) => `{"iss":"a","${name}":"${mark}"}`),
      // The same name, written with an escape.
      ...reserved.map((name) => `{"\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}":1}`),
      ...['null', `["${mark}"]`, '"a","iss":1'].map((iss) => `{"iss":${iss}}`),
    ],
  },
];

describe('session-admin, the claims', () => {
  test.for(shapes)('of $contract have its shape', async ({ contract, around, bad }, { world }) => {
    // Of ccstore, the braces do not count.
    const most = contract === 'ccstore' ? 4098 : 256 * 1024;
    const room = most - around('').length;
    const large = [around('x'.repeat(room + 1)), around('é'.repeat(room / 2 + 1))];
    // UTF-8 has no bytes for a lone surrogate: the client would be given another text than the row was.
    for (const claims of [...bad, ...large, around('\ud800')])
      await refuses(world, 'open', { contract, claims }, /^claims [^\n]{15,200}$/);
    for (const claims of [around('x'.repeat(room)), around('\\ud800')])
      expect((await world.run('open', { contract, claims })).outcome).toBe('done');
  });

  // API Gateway takes 10,240 bytes of headers; the client and its proxies send others besides.
  // test/unit/contract.test.ts has the bound.
  test('of ccstore make no token too long for a header', async ({ world }) => {
    const input = { contract: 'ccstore', claims: `{"roles":"${'x'.repeat(3980)}"}` };
    await refuses(world, 'open', { ...input, secret: 'x'.repeat(1500) });
    const held = await world.open(ccstore, { ...input, secret: 'x'.repeat(1400) });
    expect(JSON.stringify(held).length).toBeLessThan(8192);
  });
});

/** The module, loaded anew, as a Lambda loads it once. */
async function loaded(): Promise<typeof import('../../functions/session-admin/handler.ts')> {
  const path = join(import.meta.dirname, '../../functions/session-admin/handler.ts');
  return import(/* @vite-ignore */ `${path}?${randomUUID()}`);
}

describe('the Lambda of session-admin', () => {
  beforeEach(() => {
    vi.stubEnv('SESSION_TABLE', 'sessions');
    vi.stubEnv('SESSION_KEYS', sessionKeys);
    vi.stubEnv('AWS_REGION', 'local');
  });

  afterEach(() => void vi.unstubAllEnvs());

  test('refuses what is no command or no field of it, and quotes nothing', async () => {
    const { handler } = await loaded();
    const output = capturedOutput();
    const fields = 'contract, subject, claims, sessionId, secret, anonymous, tokenLifetime';
    const events: readonly (readonly [event: object, says: string])[] = [
      [{}, 'there is no such command; there are open, login,'],
      [{ command: 1 }, 'there is no such command'],
      [{ command: 'toString' }, 'there is no such command'],
      [{ command: 'open', contract: 'eos', sesionId: mark }, `open takes ${fields}`],
      [{ command: 'show', ...session, anonymous: true }, 'show takes contract, sessionId'],
      [{ command: 'import', contract: 'eos' }, 'lines is an array'],
    ];
    for (const [event, says] of events) {
      const answer = await handler(event);
      expect(answer).toEqual({ outcome: 'invalid', problem: expect.stringContaining(says) });
      expect(JSON.stringify(answer)).not.toContain(mark);
    }
    const [line = '', ...none] = output.lines();
    expect([JSON.parse(line), none]).toMatchObject([{ command: 'import', outcome: 'invalid' }, []]);
  });

  test('logs and answers what it did, also if its keys grow too old meanwhile', async ({
    world,
  }) => {
    const manager = await secretsManagerStandIn();
    manager.secrets.set('key', String(material.root));
    const ids = sessionOwners.map(({ name }) => [name, { root: 'key', signing: 'key' }]);
    vi.stubEnv('SESSION_SECRETS', JSON.stringify(Object.fromEntries(ids)));
    vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', manager.endpoint);
    for (const name of ['ACCESS_KEY_ID', 'SECRET_ACCESS_KEY']) vi.stubEnv(`AWS_${name}`, 'local');
    const sent = vi.spyOn(DynamoDBDocumentClient.prototype, 'send').mockImplementation(async () => {
      vi.setSystemTime(Date.now() + 540_000);
      manager.mood = 'down';
      return { $metadata: { requestId: '1' } };
    });
    sent.mockImplementationOnce(async () => ({ $metadata: { requestId: '1' } }));
    onTestFinished(() => void [manager.close(), sent.mockRestore(), vi.useRealTimers()]);
    const output = capturedOutput();
    const { handler } = await loaded();
    const refused = { outcome: 'refused', reason: 'unknown-session' };
    expect(await handler({ command: 'show', ...session })).toEqual(refused);
    const opened = await handler({ command: 'open', contract: 'eos' });
    const { sessionId: made = '' } = Object(opened).result ?? {};
    const failed = { name: 'KeysUnavailable', message: 'show failed; its log says more' };
    await expect(handler({ command: 'show', ...session })).rejects.toMatchObject(failed);
    // The name of a session is that in the lines of refreshes, also if `open` made its id.
    const hash = (id: string) => sessionHash(world.keys(eos).log, rowOf('eos', id));
    expect(output.lines().map((line) => JSON.parse(line))).toMatchObject([
      { command: 'show', ...refused, contract: 'eos', session: hash('id') },
      { command: 'open', outcome: 'done', contract: 'eos', session: hash(made) },
      { command: 'show', error: { name: 'KeysUnavailable' } },
    ]);
  });

  test.for(['SESSION_KEYS', 'SESSION_TABLE'])('starts with %s, or not at all', async (name) => {
    vi.stubEnv(name, '');
    await expect(loaded()).rejects.toThrow(`the environment has no ${name}`);
  });
});
