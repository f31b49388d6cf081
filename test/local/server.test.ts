import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { keyFile } from '../../cli/local.ts';
import { contracts } from '../../functions/contracts.ts';
import { demoApiKey } from '../../local/demo.ts';
import { help } from '../../local/options.ts';
import { listening as standIn } from '../support/stand-ins.ts';
import {
  folder,
  listening,
  run,
  type Started,
  serve,
  sessions,
  startedForAll,
} from './processes.ts';
import { connected, send } from './wire.ts';

describe('npm start', () => {
  const server = startedForAll({ LOG_LEVEL: 'DEBUG' }, '--origin', 'http://localhost:5173');

  test('prints a line of curl per contract, which answers 200 as often as it is pasted', async () => {
    const { curls } = server();
    // The ids of the documents, and the api key of the sample.
    expect(curls.get('eos')).toContain(`${documentsId}&secureCode=20004007594`);
    expect(curls.get('s360')).toContain(demoApiKey);
    for (const _ of ['once', 'again']) {
      const answers = await Promise.all([...curls.values()].map(pasted));
      expect(answers).toEqual(contracts.map(() => granted));
    }
  });

  test('refreshes what the printed command opens, until the CLI revokes it', async () => {
    const { sessionId, secureCode } = await openedBy(server());
    expect(await refresh(server(), sessionId, secureCode)).toBe(200);
    await sessions(server(), 'revoke', 'eos', sessionId);
    expect(await refresh(server(), sessionId, secureCode)).toBe(403);
  });

  test('lets pages of --origin call, and serves the explorer', async () => {
    const { origin } = server();
    const headers = { Origin: 'http://localhost:5173' };
    for (const method of ['OPTIONS', 'POST']) {
      const answer = await fetch(`${origin}/client/refresh`, { method, headers });
      expect(answer.headers.get('access-control-allow-origin')).toBe(headers.Origin);
    }
    expect(await (await fetch(origin)).text()).toContain('<h1>');
  });

  test('is what npm run invoke asks for where it does not run', async () => {
    const invoke = run([process.execPath, 'local/invoke.ts', 'eos'], { DYNAMODB_PORT: '1' });
    const stderr = expect.stringMatching(/^error: .*is `npm start` running\?\n$/);
    expect(await invoke.ended).toMatchObject({ code: 1, stderr });
  });

  test('listens to this machine alone', async () => {
    for (const port of [server().port, portOf(server().database)]) {
      // Another address of the same machine, which a server that listens to all addresses has too.
      const stranger = once(connect(port, '127.0.0.2'), 'connect');
      await expect(stranger).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    }
  });

  test('ends with 0 in spite of open connections, its log without a credential, its ports free', async () => {
    const { port, database, origin, greeting } = server();
    const opened = await sessions(server(), 'open', 'eos', '--subject', 'Ann Lee');
    const [sessionId, secureCode] = [String(opened.sessionId), String(opened.secureCode)];
    await refresh(server(), sessionId, secureCode);
    await refresh(server(), sessionId, 'hunter2');
    const headers = { api_key: 'hunter2', Authorization: 'Bearer hunter2' };
    await send(server(), { path: '/idp/sso/v1/refresh?secureCode=hunter2%', headers });
    await send(server(), { path: '/client/hunter2', headers });
    for (const to of [port, portOf(database)])
      for (const bytes of [
        '',
        'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"Table',
      ]) {
        const client = connected({ port: to });
        await once(client, 'connect');
        client.write(bytes);
      }
    // An answer that comes later shows that the server has read what came before.
    await fetch(database);
    await fetch(origin);
    // npm passes on what the terminal has sent to both, and people press more than once.
    const impatient = setInterval(() => server().kill('SIGINT'), 1);
    onTestFinished(() => clearInterval(impatient));
    const { stdout, ...ended } = await server().ended;
    expect(ended).toEqual({ code: 0, signal: null, stderr: '' });

    const log = stdout.slice(greeting.length);
    const rows = log.split('\n').filter((line) => /^\d/.test(line));
    expect(rows.slice(-4).map((row) => row.split(/ +/).slice(1, 4).join(' '))).toEqual([
      'eos 200 refreshed',
      'eos 403 wrong-secret',
      's360 403 unknown-client',
      'eos 404 unknown-route',
    ]);
    // LOG_LEVEL=DEBUG has a second row.
    expect(log).toContain('session=');
    const keys: Record<string, Record<string, string>> = JSON.parse(readFileSync(keyFile, 'utf8'));
    const secrets = [sessionId, secureCode, ...Object.values(keys).flatMap(Object.values)];
    for (const secret of [...secrets, 'hunter2', 'Ann Lee', demoApiKey, 'Bearer'])
      expect(log).not.toContain(secret);
    for (const free of [port, portOf(database)]) {
      const next = createServer().listen(free, '127.0.0.1');
      await once(next, 'listening');
      next.close();
    }
  });
});

describe('npm start, stopped,', () => {
  test('ends with 0 while it starts', async () => {
    const asked = Promise.withResolvers<unknown>();
    const silent = await standIn(asked.resolve);
    onTestFinished(silent.close);
    const starting = serve({ AWS_ENDPOINT_URL_DYNAMODB: silent.endpoint });
    await asked.promise;
    starting.kill('SIGINT');
    expect(await starting.ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
  });
});

describe('npm start -- --data DIR', () => {
  test('keeps sessions and revocations over a kill, and ends with 0 by a SIGTERM to npm alone', async () => {
    const data = folder();
    const first = await listening(serve({}, ['--data', data]));
    const open = () => sessions(first, 'open', 'eos', '--secret', 'hunter2');
    const [kept, ended] = [String((await open()).sessionId), String((await open()).sessionId)];
    await sessions(first, 'revoke', 'eos', ended);
    first.kill('SIGKILL');
    await first.ended;

    // test/docs/pages.test.ts ends it by Ctrl-C.
    const npm = run(['npm', 'start', '--', '--data', data], { PORT: '0', DYNAMODB_PORT: '0' });
    const second = await listening(npm);
    expect(await refresh(second, kept, 'hunter2')).toBe(200);
    expect(await refresh(second, ended, 'hunter2')).toBe(403);
    // The ids of the documents are taken: the lines have others, and the first session is still there.
    const line = second.curls.get('eos') ?? '';
    expect(line).not.toContain(documentsId);
    expect(await pasted(line)).toEqual(granted);
    expect(await refresh(second, documentsId, '20004007594')).toBe(200);
    npm.kill('SIGTERM');
    expect(await npm.ended).toMatchObject({ code: 0, signal: null });
    await expect(fetch(second.origin)).rejects.toThrow('fetch failed');
  });
});

describe('npm start with AWS_ENDPOINT_URL_DYNAMODB', () => {
  test('serves that table, and starts no other engine', async () => {
    const env = { AWS_ENDPOINT_URL_DYNAMODB: inject('embedded'), SESSION_TABLE: 'of-npm-start' };
    // Another engine would find its port taken.
    const server = await listening(serve({ ...env, DYNAMODB_PORT: taken() }));
    expect(server.database).toBe(inject('embedded'));
    const { sessionId, secureCode } = await openedBy(server);
    expect(await refresh(server, sessionId, secureCode)).toBe(200);
  });
});

describe('npm start, which does not serve,', () => {
  test('ends with 1 and one line that names what it cannot use', async () => {
    const rows = [
      { env: { PORT: taken() }, says: `port ${taken()} is in use; choose another with PORT: ` },
      { env: { DYNAMODB_PORT: 'abc' }, says: 'DYNAMODB_PORT: "abc" is not a port' },
    ];
    for (const { env, says } of rows) {
      const stderr = expect.stringMatching(new RegExp(`^error: ${says}[^\n]+\n$`));
      expect(await serve(env).ended).toMatchObject({ code: 1, stdout: '', stderr });
    }
  });

  test('prints its options with --help', async () => {
    expect(await serve({}, ['--help']).ended).toMatchObject({ code: 0, stdout: `${help}\n` });
  });
});

/** The session that the printed command opens. */
async function openedBy({ howToOpen }: Started) {
  return JSON.parse((await run(['bash', '-c', howToOpen]).ended).stdout);
}

/** The status of a refresh of `eos`. */
async function refresh(server: Pick<Started, 'port'>, sessionId: string, secureCode: string) {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const body = `sessionId=${sessionId}&secureCode=${secureCode}`;
  return (await send(server, { path: '/client/refresh', headers, body })).status;
}

/** What a line prints, and the status of its answer behind it. */
function pasted(line: string) {
  return run(['bash', '-c', `${line} -w ' %{http_code}'`]).ended;
}

const stdout = expect.stringMatching(/^\{.*\} 200$/);
const granted = { code: 0, signal: null, stderr: '', stdout };

/** A port that something else has. */
const taken = () => new URL(inject('embedded')).port;

/** The session that the document of `eos` has. */
const documentsId = '9a0b6679-c460-41a3-b26c-26e0d69538c6';

const portOf = (url: string) => Number(new URL(url).port);
