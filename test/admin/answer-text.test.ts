import { describe, expect } from 'vitest';
import { answerText } from '../../cli/answer-text.ts';
import { contracts } from '../../functions/contracts.ts';
import { later } from '../../functions/core/time.ts';
import type { Answer } from '../../functions/session-admin/command.ts';
import { noon, test } from '../support/world.ts';

const session = { contract: 'eos', sessionId: 'id' };
const minute = 60;

function text(answer: Answer, now = noon): string {
  if (answer.outcome !== 'done') throw new Error(answer.outcome);
  return answerText(answer.result, now);
}

describe('the answer for a person', () => {
  test('of show has a line for each name that the session has', async ({ world }) => {
    await world.run('open', { ...session, subject: 'ann', secret: 'hunter2' });
    world.now = later(noon, 10 * minute);
    const answer = await world.run('show', session);
    const hash = answer.outcome === 'done' && 'hash' in answer.result ? answer.result.hash : '';
    expect(text(answer, world.now).split('\n')).toEqual([
      'contract     eos',
      'sessionId    id',
      `hash         ${hash}`,
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

  test('of list has a row for each session, and when it is over', async ({ world }) => {
    const open = { contract: 'eos', subject: '山田' };
    for (const sessionId of ['a', 'ended', 'slept'])
      await world.run('open', { ...open, sessionId, secret: 'hunter2' });
    world.now = later(noon, 5 * minute);
    await world.run('revoke', { contract: 'eos', sessionId: 'ended' });
    world.now = later(noon, 40 * minute);
    await world.run('open', { ...open, sessionId: 'young', secret: 'hunter2' });
    const [contract, subject, gap, heading, ...rows] = text(await world.run('list', open)).split(
      '\n',
    );
    expect([contract, subject, gap]).toEqual(['contract  eos', 'subject   山田', '']);
    expect(heading).toBe(
      'SESSION ID  STATE          OPENED (UTC)         REFRESHED (UTC)      OVER (UTC)',
    );
    expect(rows.toSorted()).toEqual([
      'a           idle-too-long  2026-01-15 12:00:00  2026-01-15 12:00:00  2026-01-15 12:30:00',
      'ended       revoked        2026-01-15 12:00:00  2026-01-15 12:00:00  2026-01-15 12:05:00',
      'slept       idle-too-long  2026-01-15 12:00:00  2026-01-15 12:00:00  2026-01-15 12:30:00',
      'young       active         2026-01-15 12:40:00  2026-01-15 12:40:00  2026-01-15 13:10:00',
    ]);
  });

  test('of list says that there are none', async ({ world }) => {
    const answer = await world.run('list', { contract: 'eos', subject: 'bob' });
    expect(text(answer)).toBe('contract  eos\nsubject   bob\n\nno sessions');
  });

  test('of revoke and revoke-all tells when, and how many', async ({ world }) => {
    await world.run('open', { ...session, subject: 'ann' });
    expect(text(await world.run('revoke', session))).toBe(
      'contract   eos\nsessionId  id\nrevokedAt  2026-01-15 12:00:00 UTC, now',
    );
    const all = await world.run('revoke-all', { contract: 'eos', subject: 'ann' });
    expect(text(all)).toBe(
      'contract     eos\nsubject      ann\nended        0\nopenedUntil  2026-01-15 12:00:00 UTC, now',
    );
  });

  test('of open in ccstore writes a span as one', async ({ world }) => {
    const lines = text(await world.run('open', { contract: 'ccstore', sessionId: 'id' }));
    expect(lines).toContain('\nexpiresIn    15 min 30 s\n');
    expect(lines).toContain('\nexpiresAt    2026-01-15 12:15:30 UTC, in 15 min 30 s');
  });

  test.for(contracts)(
    'of open in $name has all that its client holds',
    async (contract, { world }) => {
      const answer = await world.run('open', { contract: contract.name, sessionId: 'id' });
      const result = answer.outcome === 'done' ? answer.result : {};
      const lines = text(answer).split('\n');
      expect(lines.map((line) => line.split(' ')[0])).toEqual(Object.keys(result));
      for (const value of Object.values(result))
        if (typeof value === 'string')
          expect(lines.filter((line) => line.endsWith(`  ${value}`))).toHaveLength(1);
      for (const line of lines) expect(line).not.toMatch(/\b\d{10,}$/);
    },
  );

  test.for(contracts)(
    'of every other command in $name has no secret',
    async (contract, { world }) => {
      const own = { contract: contract.name, sessionId: 'id' };
      await world.run('open', { ...own, subject: 'ann', secret: 'hunter2-hunter2' });
      const digest = (await world.row(contract, 'id'))?.secret ?? '';
      const anns = { contract: contract.name, subject: 'ann' };
      const told = [
        text(await world.run('show', own)),
        text(await world.run('list', anns)),
        text(await world.run('revoke', own)),
        text(await world.run('revoke-all', anns)),
      ].join('\n');
      expect(digest).toHaveLength(43);
      for (const untold of ['hunter2', digest]) expect(told).not.toContain(untold);
    },
  );

  test('lets nothing through that a terminal obeys', () => {
    const evil = '\x1b[2Jann\u202e\r';
    const answers = [
      { contract: evil, subject: evil, sessions: [{ sessionId: evil, state: evil }] },
      { contract: evil, subject: evil, sessions: [] },
      { sessionId: evil, [evil]: evil, more: { deep: [evil] } },
    ];
    for (const answer of answers)
      for (const line of answerText(answer, noon).split('\n'))
        expect(line).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  });

  test('shows a number that is no time as it is', () => {
    expect(answerText({ generation: 3, endsAt: 1e300, more: null }, noon)).toMatch(
      /^generation {2}3\nendsAt {6}\S.* UTC, in .*\nmore {8}null$/,
    );
  });
});
