import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, inject } from 'vitest';
import { nextStep } from '../../cli/next-step.ts';
import { systemClock } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import type { AdminRefusal } from '../../functions/session-admin/command.ts';
import { type Held, storedTest as test, type StoredWorld as World } from '../support/world.ts';
import { cli, envOf, printed, type Ran, run, sessionKeys } from './cli-process.ts';
import { item, refresh, type Wire, wires } from './support.ts';

/** The world's handlers read the clock that the CLI's process reads. */
function refreshNow(world: World, wire: Wire, held: Record<string, unknown>) {
  world.now = systemClock();
  return refresh(world, wire, held as unknown as Held);
}

const refused = (reason: AdminRefusal): Ran => ({
  status: 1,
  stdout: '',
  stderr: `refused: ${reason}: ${nextStep(reason)}\n`,
});

describe('npm run sessions', () => {
  test.for(wires)(
    'opens a session of $name that refreshes until it is revoked',
    async (wire, { world }) => {
      const env = envOf(world);
      const held = printed(await cli(['open', wire.name, '--subject', 'ann'], env));
      expect(Object.keys(held)).toEqual(wire.holds);
      expect((await refreshNow(world, wire, held)).status).toBe(200);

      const sessionId = String(held.sessionId);
      const revoked = printed(await cli(['revoke', wire.name, sessionId], env));
      expect(Object.keys(revoked)).toEqual(['contract', 'sessionId', 'revokedAt']);
      const answer = await refreshNow(world, wire, held);
      expect([answer.status, wire.code(answer)]).toEqual(wire.loggedOut);
      expect(printed(await cli(['revoke', wire.name, sessionId], env))).toEqual(revoked);
    },
  );

  test('logs a person in to an anonymous session, once', async ({ world }) => {
    const env = envOf(world);
    const opened = printed(await cli(['open', 'eos', '--anonymous'], env));
    expect(Object.keys(opened)).toEqual([
      'contract',
      'sessionId',
      'expireTime',
      'expiresIn',
      'expiresAt',
    ]);
    const login = ['login', 'eos', String(opened.sessionId), '--subject', 'ann'];
    const held = printed(await cli([...login, '--secret', '20004007594'], env));
    expect(held).toMatchObject({ sessionId: opened.sessionId, secureCode: '20004007594' });
    for (const wire of wires.filter(({ name }) => name === 'eos'))
      expect((await refreshNow(world, wire, held)).status).toBe(200);
    expect(await cli([...login, '--secret', 'other'], env)).toEqual(refused('logged-in'));
  });

  test('shows a session by the hash of its log records, and no secret', async ({ world }) => {
    const env = envOf(world);
    const claims = '{"profile":{"a":"tell-tale"},"mobilityApps":{"system":[],"user":[]}}';
    const person = ['--subject', 'ann', '--secret', 'hunter2', '--claims', claims];
    const held = printed(await cli(['open', 'eos', '--id', 'id', ...person], env));
    const [wire] = wires;
    if (wire) await refreshNow(world, wire, held);
    const ran = await cli(['show', 'eos', 'id'], env);
    const { hash, state, subject } = printed(ran);
    expect({ hash, state, subject }).toEqual({
      hash: world.records.at(-1)?.session,
      state: 'active',
      subject: 'ann',
    });
    const digest = (await world.row(eos, 'id'))?.secret;
    for (const untold of ['hunter2', 'tell-tale', digest]) expect(ran.stdout).not.toContain(untold);
  });

  test('lists and ends all sessions of a subject', async ({ world }) => {
    const env = envOf(world);
    for (const id of ['a', 'b'])
      await cli(['open', 's360', '--id', id, '--subject', 'Ann Ä. #1'], env);
    const subject = ['s360', 'Ann Ä. #1'];
    const { sessions } = printed(await cli(['list', ...subject], env));
    expect(sessions).toHaveLength(2);
    const ended = await cli(['revoke-all', ...subject], env);
    expect(Object.entries(printed(ended))).toEqual([
      ['contract', 's360'],
      ['subject', 'Ann Ä. #1'],
      ['ended', 2],
      ['openedUntil', expect.any(Number)],
    ]);
    expect(printed(await cli(['revoke-all', ...subject], env)).ended).toBe(0);
  });

  test.for([
    { args: ['show', 'eos', 'nobody'] },
    { args: ['revoke', 'ccstore', 'nobody'] },
    { args: ['login', 'eos', 'nobody', '--subject', 'ann', '--secret', 'hunter2'] },
  ])('ends $args.0 of no session with 1', async ({ args }, { world }) => {
    expect(await cli(args, envOf(world))).toEqual(refused('unknown-session'));
  });

  test('ends `open` of a taken id with 1', async ({ world }) => {
    const open = ['open', 'eos', '--id', 'id', '--secret'];
    printed(await cli([...open, 'hunter2'], envOf(world)));
    expect(await cli([...open, 'hunter3'], envOf(world))).toEqual(refused('id-taken'));
  });

  test('takes claims as JSON or from a file, to the letter', async ({ world }) => {
    const folder = mkdtempSync(join(tmpdir(), 'claims-'));
    try {
      const claims = '{"iss":"Bücher","2":9007199254740993,"1":1.10}';
      writeFileSync(join(folder, 'claims.json'), `${claims}\n`);
      const env = envOf(world);
      await cli(['open', 'ccstore', '--id', 'text', '--claims', claims], env);
      await cli(['open', 'ccstore', '--id', 'file', `--claims=@${folder}/claims.json`], env);
      for (const id of ['text', 'file'])
        expect((await item(world, 'ccstore', id))?.claims).toEqual({ S: claims });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('takes a token lifetime for ccstore', async ({ world }) => {
    const ran = await cli(['open', 'ccstore', '--token-lifetime', '300'], envOf(world));
    expect(printed(ran).expiresIn).toBe(300);
  });

  test('takes an id and a secret that begin with a dash', async ({ world }) => {
    const ran = await cli(['open', 'eos', '--id=-h', '--secret=--help'], envOf(world));
    expect(printed(ran)).toMatchObject({ sessionId: '-h', secureCode: '--help' });
    expect(printed(await cli(['show', 'eos', '--', '-h'], envOf(world))).sessionId).toBe('-h');
  });

  test('finds the table that `npm start` serves by DYNAMODB_PORT', async ({ world }) => {
    const { port } = new URL(inject('embedded'));
    const env = { DYNAMODB_PORT: port, SESSION_TABLE: world.table, SESSION_KEYS: sessionKeys };
    const { sessionId } = printed(await cli(['open', 'eos'], env));
    expect(await item(world, 'eos', String(sessionId))).toBeDefined();
  });

  test('prints one JSON object through npm, too', async ({ world }) => {
    const env = { ...process.env, ...envOf(world) };
    const args = ['run', '-s', 'sessions', '--', 'open', 'eos', '--id', 'id'];
    const { status, stdout } = await run('npm', args, env);
    // What npm says of its own configuration goes to stderr.
    expect(printed({ status, stdout, stderr: '' }).sessionId).toBe('id');
  });
});
