import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { keyFile, localClient, localEnv } from '../../cli/local.ts';
import { demoApiKey } from '../../local/demo.ts';
import {
  folder,
  listening,
  project,
  run,
  type Started,
  serve,
  sessions,
  started,
  startedForAll,
  takenPort,
} from './processes.ts';
import { send } from './wire.ts';

describe('npm start', () => {
  const server = startedForAll({}, '--origin', 'http://localhost:5173');

  test('prints a line of curl per contract, which answers 200 as often as it is pasted', async () => {
    const lines = [...server().curls.entries()];
    // The ids of the documents, and the api key of the sample.
    for (const known of ['9a0b6679-c460-41a3-b26c-26e0d69538c6&secureCode=20004007594', demoApiKey])
      expect(lines.join()).toContain(known);
    expect(lines.map(([name]) => name)).toEqual(['eos', 's360', 'ccstore', 'ccstoreui']);
    for (const [name, line] of [...lines, ...lines]) {
      const { status, json } = await pasted(line);
      expect([name, status]).toEqual([name, 200]);
      expect(json).toEqual(documented[name]);
    }
  });

  test('refreshes what the printed command opens, until the CLI revokes it', async () => {
    const { stdout } = await run(['bash', '-c', server().howToOpen]).ended;
    const { sessionId, secureCode } = JSON.parse(stdout);
    expect(await refresh(server(), sessionId, secureCode)).toBe(200);
    await sessions(server(), 'revoke', 'eos', sessionId);
    expect(await refresh(server(), sessionId, secureCode)).toBe(403);
  });

  test('lets pages of --origin call, and serves the explorer', async () => {
    const { origin } = server();
    const headers = { Origin: 'http://localhost:5173' };
    const preflight = await fetch(`${origin}/client/refresh`, { method: 'OPTIONS', headers });
    const answer = await fetch(`${origin}/client/refresh`, { method: 'POST', headers });
    for (const { headers: got } of [preflight, answer])
      expect(got.get('access-control-allow-origin')).toBe('http://localhost:5173');
    const page = await fetch(`${origin}/`);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<h1>')]);
  });

  test('has the table on which npm run invoke runs one Lambda', async () => {
    const DYNAMODB_PORT = String(portOf(server().database));
    const invoke = (port: string, ...args: string[]) =>
      run([process.execPath, 'local/invoke.ts', ...args], { DYNAMODB_PORT: port }).ended;
    for (const args of [['s360'], ['eos', '--event', 'events/eos.json']]) {
      const { code, stdout } = await invoke(DYNAMODB_PORT, ...args);
      const [answer = '', log = ''] = stdout.split('\n\nLog:\n');
      expect([code, JSON.parse(answer).statusCode]).toEqual([0, 200]);
      expect(log).toContain('"outcome":"refreshed"');
    }
    const { code, stderr } = await invoke('1', 'eos');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: .*is `npm start` running\?\n$/),
    ]);
  });

  test('serves the commands of docs/run-locally.md', async () => {
    const page = readFileSync(join(project, 'docs/run-locally.md'), 'utf8');
    const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = '']) =>
      text.split('\n').filter((line) => !/ # needs Docker$|npm start|npm run synth/.test(line)),
    );
    const script = ['set -e', 'curl() { command curl --fail-with-body "$@"; }', ...blocks.flat()];
    const here = script.join('\n').replaceAll('http://127.0.0.1:3000', server().origin);
    const env = { DYNAMODB_PORT: String(portOf(server().database)) };
    const { code, stdout, stderr } = await run(['bash', '-c', here], env).ended;
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.match(/"outcome":"refreshed"/g)).toHaveLength(2);
  });

  test('listens to this machine alone', async () => {
    for (const port of [server().port, portOf(server().database)]) {
      // Another address of the same machine, which a server that listens to all addresses has too.
      const stranger = once(connect(port, '127.0.0.2'), 'connect');
      await expect(stranger).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    }
  });
});

describe('npm start, stopped', () => {
  test('ends with 0 in spite of open connections, its log without a credential, its ports free', async () => {
    const server = await started({ LOG_LEVEL: 'DEBUG' });
    const { sessionId, secureCode } = await sessions(server, 'open', 'eos', '--subject', 'Ann Lee');
    await refresh(server, String(sessionId), String(secureCode));
    await refresh(server, String(sessionId), 'hunter2');
    const headers = { api_key: 'hunter2', Authorization: 'Bearer hunter2' };
    await send(server, { path: '/idp/sso/v1/refresh?secureCode=hunter2%', headers });
    await send(server, { path: '/client/hunter2', headers });
    for (const port of [server.port, portOf(server.database)])
      for (const bytes of ['', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"Table'])
        await sent(port, bytes);
    // An answer that comes later shows that the server has read what came before.
    await fetch(server.database);
    await fetch(server.origin);
    // npm passes on what the terminal has sent to both, and people press more than once.
    const impatient = setInterval(() => server.kill('SIGINT'), 1);
    onTestFinished(() => clearInterval(impatient));
    const { stdout, ...ended } = await server.ended;
    expect(ended).toEqual({ code: 0, signal: null, stderr: '' });

    const log = stdout.slice(server.greeting.length);
    const rows = log.split('\n').filter((line) => /^\d/.test(line));
    expect(rows.map((row) => row.split(/ +/).slice(1, 4).join(' '))).toEqual([
      'eos 200 refreshed',
      'eos 403 wrong-secret',
      's360 403 unknown-client',
      'eos 404 unknown-route',
    ]);
    const keys: Record<string, Record<string, string>> = JSON.parse(readFileSync(keyFile, 'utf8'));
    const secrets = [sessionId, secureCode, ...Object.values(keys).flatMap(Object.values)];
    for (const secret of [...secrets, 'hunter2', 'Ann Lee', demoApiKey, 'Bearer'])
      expect(log).not.toContain(secret);

    const PORT = String(server.port);
    const DYNAMODB_PORT = String(portOf(server.database));
    expect((await started({ PORT, DYNAMODB_PORT })).origin).toBe(server.origin);
  });

  test('ends with 0 while it starts', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const asked = once(silent, 'connection');
    const port = (silent.address() as AddressInfo).port;
    const starting = serve({ AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${port}` });
    const [connection]: Socket[] = await asked;
    onTestFinished(() => {
      connection?.destroy();
      silent.close();
    });
    starting.kill('SIGINT');
    expect(await starting.ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
  });

  test.for([
    { what: 'Ctrl-C', signal: 'SIGINT', to: 'all' },
    { what: 'a SIGTERM to npm alone', signal: 'SIGTERM', to: undefined },
  ] as const)('ends with 0 under npm by $what', async ({ signal, to }) => {
    const npm = run(['npm', 'start'], { PORT: '0', DYNAMODB_PORT: '0' });
    const server = await listening(npm);
    npm.kill(signal, to);
    expect(await npm.ended).toMatchObject({ code: 0, signal: null });
    await expect(fetch(server.origin)).rejects.toThrow('fetch failed');
  });
});

describe('npm start -- --data DIR', () => {
  test('keeps sessions and revocations over a kill, and shares its folder with no other', async () => {
    const data = folder();
    const first = await started({}, '--data', data);
    const [kept, ended] = await Promise.all([
      sessions(first, 'open', 'eos', '--secret', 'hunter2'),
      sessions(first, 'open', 'eos', '--secret', 'hunter2'),
    ]);
    await sessions(first, 'revoke', 'eos', String(ended.sessionId));
    const other = await serve({}, '--data', data).ended;
    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining(data) });
    first.kill('SIGKILL');
    await first.ended;

    const second = await started({}, '--data', data);
    expect(await refresh(second, String(kept.sessionId), 'hunter2')).toBe(200);
    expect(await refresh(second, String(ended.sessionId), 'hunter2')).toBe(403);
    // The ids of the documents are taken: the lines have others, and the first session is still there.
    const line = second.curls.get('eos') ?? '';
    expect(line).not.toContain('9a0b6679-c460-41a3-b26c-26e0d69538c6');
    expect((await pasted(line)).status).toBe(200);
    expect(await refresh(second, '9a0b6679-c460-41a3-b26c-26e0d69538c6', '20004007594')).toBe(200);
  });
});

describe('npm start with AWS_ENDPOINT_URL_DYNAMODB', () => {
  test('serves that table, and starts no other engine', async () => {
    const SESSION_TABLE = `sessions-${randomUUID()}`;
    const env = { AWS_ENDPOINT_URL_DYNAMODB: inject('embedded'), SESSION_TABLE };
    const client = localClient(localEnv(env));
    onTestFinished(async () => {
      await client.send(new DeleteTableCommand({ TableName: SESSION_TABLE }));
      client.destroy();
    });
    const server = await started({ ...env, DYNAMODB_PORT: String(await takenPort()) });
    expect(server.database).toBe(inject('embedded'));
    const { stdout } = await run(['bash', '-c', server.howToOpen]).ended;
    const { sessionId, secureCode } = JSON.parse(stdout);
    expect(await refresh(server, sessionId, secureCode)).toBe(200);
  });
});

describe('npm start, given what it cannot use,', () => {
  test('ends with 1 and one line that names it', async () => {
    const taken = String(await takenPort());
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    const rows = [
      { env: { PORT: taken }, args: [], says: [taken, 'PORT'] },
      { env: { DYNAMODB_PORT: 'abc' }, args: [], says: ['DYNAMODB_PORT', '"abc"'] },
      { env: {}, args: ['--data', file], says: ['--data', file] },
      { env: { LOG_LEVEL: 'loud' }, args: [], says: ['LOG_LEVEL', 'WARN'] },
      { env: {}, args: ['--dta'], says: ['--dta', '--help'] },
    ];
    for (const { env, args, says } of rows) {
      const { code, stdout, stderr } = await serve(env, ...args).ended;
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^error: [^\n]+\n$/);
      for (const word of says) expect(stderr).toContain(word);
    }
  });

  test('prints its options with --help', async () => {
    const { code, stdout } = await serve({}, '--help').ended;
    expect(code).toBe(0);
    for (const word of ['--data DIR', '--origin URL', 'LOG_LEVEL']) expect(stdout).toContain(word);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });
});

/** The status of a refresh of `eos`. */
async function refresh(server: Pick<Started, 'port'>, sessionId: string, secureCode: string) {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const body = `sessionId=${sessionId}&secureCode=${secureCode}`;
  return (await send(server, { path: '/client/refresh', headers, body })).status;
}

/** Runs a line as it was printed; curl is asked for the status outside of the line. */
async function pasted(line: string) {
  const CURL_HOME = folder();
  writeFileSync(join(CURL_HOME, '.curlrc'), 'write-out = "\\n%{http_code}"\n');
  const { code, stdout, stderr } = await run(['bash', '-c', line], { CURL_HOME }).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [text = '', status] = stdout.split('\n');
  return { status: Number(status), json: JSON.parse(text) };
}

/** A connection over which something was sent, and which stays open. */
async function sent(port: number, bytes: string): Promise<void> {
  const client = connect(port, '127.0.0.1').on('error', () => undefined);
  onTestFinished(() => {
    client.destroy();
  });
  await once(client, 'connect');
  if (bytes) await new Promise((resolve) => client.write(bytes, resolve));
}

const portOf = (url: string) => Number(new URL(url).port);

const app = {
  id: expect.any(String),
  version: expect.any(String),
  token: expect.any(String),
  size: 0,
};

const token = {
  access_token: expect.stringMatching(/^[A-Za-z0-9+/=]+(\.[A-Za-z0-9+/=]+){2}$/),
  token_type: 'bearer',
  expires_in: 930,
};

/** The documents' own answers, by contract. */
const documented: Readonly<Record<string, object>> = {
  eos: {
    expireTime: expect.any(Number),
    secureCode: '20004007594',
    mobilityApps: { system: [app, app], user: [app, app, app] },
    profile: expect.objectContaining({ serialNumber: '20004007594', displayName: 'Foo Bar' }),
  },
  s360: {
    status: 200,
    esbUUID: expect.any(String),
    desc: { en: 'Success', ar: 'نجاح', code: 'ESB-IDP-S0000' },
    data: { accessToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) },
  },
  ccstore: token,
  ccstoreui: token,
};
