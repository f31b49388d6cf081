import { describe, expect, test } from 'vitest';
import { answerText } from '../../cli/answer-text.ts';
import { nameValueLines, printable, table, width } from '../../cli/table.ts';
import { later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import type { Answer } from '../../functions/session-admin/command.ts';
import { noon, test as worldTest } from '../support/world.ts';
import { done } from './support.ts';

const session = { contract: 'eos', sessionId: 'id' };
const minute = 60;

const text = (answer: Answer, now = noon) => answerText(done(answer), now);

describe('the answer for a person', () => {
  worldTest('of show has a line for each name that the session has', async ({ world }) => {
    await world.run('open', { ...session, subject: 'ann', secret: 'hunter2' });
    world.now = later(noon, 10 * minute);
    const answer = await world.run('show', session);
    expect(text(answer, world.now).split('\n')).toEqual([
      'contract     eos',
      'sessionId    id',
      `hash         ${done(answer).hash}`,
      'state        active',
      'expiresIn    20 min',
      'expiresAt    2026-01-15 12:30:00 UTC, in 20 min',
      'subject      ann',
      'openedAt     2026-01-15 12:00:00 UTC, 10 min ago',
      'refreshedAt  2026-01-15 12:00:00 UTC, 10 min ago',
      'idleUntil    2026-01-15 12:30:00 UTC, in 20 min',
      'endsAt       2026-01-16 00:00:00 UTC, in 11 h 50 min',
    ]);
  });

  worldTest('of list has a row for each session, and how long is left of it', async ({ world }) => {
    const open = { contract: 'eos', subject: '山田' };
    for (const sessionId of ['a', 'ended']) await world.run('open', { ...open, sessionId });
    world.now = later(noon, 5 * minute);
    await world.run('revoke', { contract: 'eos', sessionId: 'ended' });
    world.now = later(noon, 40 * minute);
    await world.run('open', { ...open, sessionId: 'young' });
    await world.open(eos, { ...open, sessionId: 'broken' });
    await world.damage(eos, 'broken', { endsAt: 'x' });
    const lines = text(await world.run('list', open), world.now).split('\n');
    expect(lines.map((line) => line.trimEnd())).toEqual([
      'contract  eos',
      'subject   山田',
      '',
      'SESSION ID  STATE          OPENED      REFRESHED   OVER (UTC)           OVER',
      'a           idle-too-long  40 min ago  40 min ago  2026-01-15 12:30:00  10 min ago',
      'ended       revoked        40 min ago  40 min ago  2026-01-15 12:05:00  35 min ago',
      'young       active         now         now         2026-01-15 13:10:00  in 30 min',
      'broken      damaged',
    ]);
    const none = text(await world.run('list', { ...open, subject: 'bob' }));
    expect(none).toBe('contract  eos\nsubject   bob\n\nno sessions');
  });

  test('shows a span in its two largest units, and a number that is no time as it is', () => {
    const spans = [119, 120, 3601, 90_061].map((idleIn) => answerText({ idleIn }, noon).slice(8));
    expect(spans).toEqual(['119 s', '2 min', '1 h', '1 d 1 h']);
    expect(answerText({ tokenLifetime: 60, expireTime: noon * 1000 }, noon)).toBe(
      'tokenLifetime  60 s\nexpireTime     2026-01-15 12:00:00 UTC, now',
    );
    expect(answerText({ generation: 3, endsAt: 1e300, more: null }, noon)).toMatch(
      /^generation {2}3\nendsAt {6}\S.* UTC, in .*\nmore {8}null$/,
    );
  });
});

describe('printable', () => {
  test('shows by its code points what moves, colours, turns round or hides', () => {
    const odd = {
      '\x1b[2J': '\\u{1b}[2J',
      '\x9b31m': '\\u{9b}31m',
      'a\r\nb\u2028c\u2029': 'a\\u{d}\\u{a}b\\u{2028}c\\u{2029}',
      '\u202egnp.exe': '\\u{202e}gnp.exe',
      '\u2066a\u2069': '\\u{2066}a\\u{2069}',
      'a\u200bb\ufeff\u00ad': 'a\\u{200b}b\\u{feff}\\u{ad}',
      '\ud83d': '\\u{d83d}',
      'a\u{e0041}': 'a\\u{e0041}',
    };
    for (const [text, shown] of Object.entries(odd)) expect(printable(text)).toBe(shown);
    for (let code = 0; code < 0x3000; code += 1)
      expect(printable(String.fromCodePoint(code))).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Zl}]/u);
  });

  test('leaves words of every script, and emoji', () => {
    for (const text of ['', 'Ann Ä. #1', 'داود على', '山田太郎', '👩‍💻', 'می‌خواهم', ' ~'])
      expect(printable(text)).toBe(text);
  });
});

describe('a table', () => {
  test('counts the columns of a text', () => {
    const narrow = { '': 0, '\u0308': 0, Ä: 1, 'A\u0308': 1, داود: 4, ｱﾝ: 2, '#1': 2 };
    const wide = { 山田: 4, ＡＢ: 4, 한글: 4, '「」': 4, '👩‍💻': 2, '❤️': 2 };
    for (const [text, columns] of Object.entries({ ...narrow, ...wide }))
      expect([text, width(text)]).toEqual([text, columns]);
  });

  test('sets each column as wide as its widest cell, printed', () => {
    const rows = ['山田太郎 active 1', '\x1b[1A idle-too-long 22'].map((row) => row.split(' '));
    expect(table(['who', 'state', 'n'], rows).split('\n')).toEqual([
      'WHO        STATE          N',
      '山田太郎   active         1',
      '\\u{1b}[1A  idle-too-long  22',
    ]);
    // A value ends where it ends: a secret may end in a space.
    const values = Object.entries({ contract: 'eos', id: 'ends in a space ' });
    expect(nameValueLines(values)).toBe('contract  eos\nid        ends in a space ');
  });
});
