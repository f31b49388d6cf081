import { inspect } from 'node:util';
import { describe, expect } from 'vitest';
import type { Answer } from '../../functions/session-admin/command.ts';
import type { commands } from '../../functions/session-admin/commands.ts';
import type { Input } from '../../functions/session-admin/fields.ts';
import type { World } from '../support/world.ts';
import { sharedTest as test } from './support.ts';

/** A command, and what it takes. */
type Run = readonly [name: keyof typeof commands, input: Input];

/** A field, the commands that take it, and values that none of them takes. */
interface Field {
  readonly field: keyof Input;
  readonly runs: readonly Run[];
  readonly bad: readonly unknown[];
}

/** Stands in the bad values, so that a problem which quotes one is seen. */
const mark = 'tell-tale';

const wrongTypes = [0, 1, true, false, null, [], [mark], {}, { [mark]: mark }];

const session = { contract: 'eos', sessionId: 'id' };
const subjects = { contract: 'eos', subject: 'ann' };
const open: Run = ['open', { ...session, subject: 'ann' }];
const openCcstore: Run = ['open', { contract: 'ccstore' }];
const openAnonymous: Run = ['open', { contract: 'eos' }];
const login: Run = ['login', { ...session, subject: 'ann' }];
const ofSession: readonly Run[] = [login, ['show', session], ['revoke', session]];
const ofSubject: readonly Run[] = [
  ['list', subjects],
  ['revoke-all', subjects],
];

const fields: readonly Field[] = [
  {
    field: 'contract',
    runs: [open, ...ofSession, ...ofSubject],
    bad: [
      ...wrongTypes,
      undefined,
      '',
      mark,
      'EOS',
      'eos ',
      'eos\0',
      `eos#${mark}`,
      '__proto__',
      'constructor',
      ['eos'],
    ],
  },
  {
    field: 'sessionId',
    runs: [open, ...ofSession],
    bad: [
      ...wrongTypes,
      '',
      ' ',
      `${mark} `,
      `${mark}\n`,
      `${mark}\0`,
      `${mark}/..`,
      `${mark}%20`,
      `eos#${mark}`,
      `é-${mark}`,
      `٣-${mark}`,
      `\u202e${mark}`,
      `\ud800${mark}`,
      'x'.repeat(129),
      'x'.repeat(1_000_000),
      ['id'],
    ],
  },
  { field: 'sessionId', runs: ofSession, bad: [undefined] },
  {
    field: 'subject',
    runs: [open, login, ...ofSubject],
    bad: [
      ...wrongTypes,
      '',
      `${mark}\0`,
      `${mark}\n`,
      `\t${mark}`,
      `\u001b[2J${mark}`,
      `\u007f${mark}`,
      `\u0085${mark}`,
      `\ud800${mark}`,
      `${mark}\udc00`,
      `\udc00\ud800${mark}`,
      'x'.repeat(257),
      '😀'.repeat(257),
      'x'.repeat(1_000_000),
      ['ann'],
    ],
  },
  { field: 'subject', runs: [login, ...ofSubject], bad: [undefined] },
  {
    field: 'secret',
    runs: [open, openCcstore, login],
    bad: [
      ...wrongTypes,
      '',
      `${mark}é`,
      `${mark}\n`,
      `\t${mark}`,
      `${mark}\0`,
      `\u007f${mark}`,
      `\ud800${mark}`,
      '😀',
      'x'.repeat(2049),
      'x'.repeat(1_000_000),
      ['secret'],
    ],
  },
  {
    field: 'anonymous',
    runs: [openAnonymous, openCcstore],
    bad: [0, 1, null, [], [true], {}, '', 'true', 'false', mark],
  },
  {
    field: 'tokenLifetime',
    runs: [openCcstore],
    bad: [
      ...wrongTypes.filter((value) => value !== 1),
      -1,
      1.5,
      0.999,
      86_401,
      1e21,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      '',
      '300',
      mark,
      [300],
    ],
  },
];

/** What looks bad, and is not: the edges of each grammar. */
const edges: Readonly<Partial<Record<keyof Input, readonly unknown[]>>> = {
  sessionId: ['.', '..', '-', '-a', '__proto__', 'constructor', 'x'.repeat(128)],
  subject: [' ', 'a#b', '__proto__', 'x'.repeat(256), '😀'.repeat(256)],
  secret: [' ', '~', '__proto__', '"\\', 'x'.repeat(2048)],
  anonymous: [false],
};

const good = Object.entries(edges).flatMap(([field, values]) =>
  values.map((value) => ({ field, value, what: said(value) })),
);

const bad = fields.flatMap(({ field, runs, bad }) =>
  bad.map((value) => ({ field, runs, value, what: said(value) })),
);

/** What goes with what, and what does not. */
const together: readonly { readonly what: string; readonly input: Input }[] = [
  ...['s360', 'ccstore'].map((contract) => ({
    what: `an anonymous session of ${contract}`,
    input: { contract, anonymous: true },
  })),
  ...['eos', 's360'].map((contract) => ({
    what: `a token lifetime for ${contract}`,
    input: { contract, tokenLifetime: 300 },
  })),
  ...[{ subject: mark }, { secret: mark }, { claims: '{}' }, { tokenLifetime: 300 }].map(
    (input) => ({
      what: `an anonymous session with ${Object.keys(input)}`,
      input: { contract: 'eos', anonymous: true, ...input },
    }),
  ),
];

describe('session-admin, its input', () => {
  test.for(bad)('refuses $what as $field', async ({ field, runs, value }, { world }) => {
    for (const [name, input] of runs) await refuses(world, name, { ...input, [field]: value });
  });

  test.for(together)('refuses $what', async ({ input }, { world }) => {
    await refuses(world, 'open', input);
  });

  test('takes nothing from what a parser calls __proto__', async ({ world }) => {
    const input = JSON.parse('{"contract":"eos","__proto__":{"anonymous":true,"secret":"x"}}');
    const answer = await world.run('open', input);
    expect(answer).toMatchObject({ outcome: 'done' });
    expect(answer).not.toHaveProperty('result.secureCode', 'x');
    expect(answer).toHaveProperty('result.secureCode');
  });

  test.for(good)('takes $what as $field', async ({ field, value }, { world }) => {
    for (const contract of ['eos', 's360', 'ccstore'])
      expect((await world.run('open', { contract, [field]: value })).outcome).toBe('done');
  });
});

/** The command says what is wrong, in words of its own, and asks nothing of the table. */
async function refuses(world: World, name: Run[0], input: Input): Promise<void> {
  world.requests.length = 0;
  const answer: Answer = await world.run(name, input);
  expect.soft(answer, name).toEqual({
    outcome: 'invalid',
    problem: expect.stringMatching(/^[a-z][^\n]{15,200}$/),
  });
  expect.soft(JSON.stringify(answer), name).not.toContain(mark);
  expect.soft(world.requests, name).toEqual([]);
}

/** The value, without what would turn the report's own lines around. */
function said(value: unknown): string {
  return inspect(value, { maxStringLength: 12 }).replaceAll('\u202e', '\\u202e');
}
