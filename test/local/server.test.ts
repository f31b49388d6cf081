import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { demoApiKey } from '../../local/demo.ts';
import { folder, run, type Started, sessions, started } from './processes.ts';
import { send, uuid } from './wire.ts';

describe('npm start', () => {
  test('prints a line of curl per contract, which is answered with 200 as often as it is pasted', async () => {
    const server = await started();
    expect([...server.curls.keys()]).toEqual(['eos', 's360', 'ccstore', 'ccstoreui']);
    const names = [...server.curls.keys()];
    for (const contract of [...names, ...names]) {
      const { status, json } = await pasted(server.curls.get(contract) ?? '');
      expect([contract, status]).toEqual([contract, 200]);
      expect(json).toEqual(documented[contract]);
      expect(Object.keys(json)).toEqual(Object.keys(documented[contract] ?? {}));
    }
  });

  test('takes the ids of the documents, and the api key of the sample', async () => {
    const { curls } = await started();
    expect(curls.get('eos')).toContain(
      "'sessionId=9a0b6679-c460-41a3-b26c-26e0d69538c6&secureCode=20004007594'",
    );
    expect(curls.get('s360')).toContain("'api_key: 5k5a9rnknaj87kthytganapc'");
    expect(curls.get('s360')).toContain('"sessionId":"c9e12c13-589e-4f3a-9273-e9300fda0ef1"');
  });

  test('names the page that shows all of it', async () => {
    const { greeting, origin } = await started();
    expect(greeting).toContain(`${origin}/\n`);
    const page = await fetch(`${origin}/`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<h1>Refresh a session</h1>');
  });

  test('prints the line that opens more sessions from any shell', async () => {
    const server = await started();
    const { code, stdout } = await run(['bash', '-c', server.howToOpen]).ended;
    expect(code).toBe(0);
    const { sessionId, secureCode } = JSON.parse(stdout);
    expect((await refresh.eos(server, { sessionId, secureCode })).status).toBe(200);
  });

  test.for([
    { contract: 'eos', status: 403, code: '"3-2"' },
    { contract: 's360', status: 401, code: '"ESB-IDP-E0004"' },
    { contract: 'ccstore', status: 401, code: '"90004"' },
  ] as const)(
    'refreshes what the CLI opens for $contract until the CLI revokes it',
    async (row) => {
      const { contract, status, code } = row;
      const server = await started();
      const held = await sessions(server, 'open', contract, '--subject', 'ann');
      expect((await refresh[contract](server, held)).status).toBe(200);
      await sessions(server, 'revoke', contract, String(held.sessionId));
      const refused = await refresh[contract](server, held);
      expect(refused.status).toBe(status);
      expect(refused.text).toContain(code);
    },
  );

  test('listens to this machine alone', async () => {
    const server = await started();
    for (const port of [server.port, Number(new URL(server.database).port)]) {
      // Another address of the same machine, which whoever listens to all of them has too.
      const stranger = once(connect(port, '127.0.0.2'), 'connect');
      await expect(stranger).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    }
  });

  test('outlives a client of its table that goes away within a request', async () => {
    const server = await started();
    const client = connect(Number(new URL(server.database).port), '127.0.0.1');
    const request = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"Table';
    client.write(request, () => client.destroy());
    await once(client, 'close');
    const held = await sessions(server, 'open', 'eos');
    expect((await refresh.eos(server, held)).status).toBe(200);
  });
});

type Held = Readonly<Record<string, string>>;

/** A request of each contract's client. */
const refresh = {
  eos: (server: Started, { sessionId, secureCode }: Held) =>
    send(server, {
      path: '/client/refresh',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: `sessionId=${sessionId}&secureCode=${secureCode}`,
    }),
  s360: (server: Started, { sessionId, sessionToken }: Held) =>
    send(server, {
      path: '/idp/sso/v1/refresh',
      headers: { api_key: demoApiKey, 'Content-Type': 'application/json' },
      body: JSON.stringify({ sessionToken, sessionId }),
    }),
  ccstore: (server: Started, { accessToken }: Held) =>
    send(server, {
      path: '/ccstore/v1/refresh',
      headers: { Authorization: `Bearer ${accessToken}` },
    }),
};

/** Runs a line as it was printed; that curl says the status too is asked for outside of the line. */
async function pasted(line: string) {
  const CURL_HOME = folder();
  writeFileSync(join(CURL_HOME, '.curlrc'), 'write-out = "\\n%{http_code}"\n');
  const { code, stdout, stderr } = await run(['bash', '-c', line], { CURL_HOME }).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [text = '', status] = stdout.split('\n');
  return { status: Number(status), json: JSON.parse(text) };
}

const app = {
  id: expect.any(String),
  version: expect.any(String),
  token: expect.any(String),
  size: 0,
};

/** What the documents answer, by contract, in their order. */
const token = {
  access_token: expect.stringMatching(/^[A-Za-z0-9+/=]+(\.[A-Za-z0-9+/=]+){2}$/),
  token_type: 'bearer',
  expires_in: 930,
};

const documented: Readonly<Record<string, object>> = {
  eos: {
    expireTime: expect.any(Number),
    secureCode: '20004007594',
    mobilityApps: { system: [app, app], user: [app, app, app] },
    profile: {
      serialNumber: '20004007594',
      displayName: 'Foo Bar',
      roles: ['Admin', 'Tester'],
      contactId: 20004007594,
      attr_1: '000000000031',
      attr_2: 'LOCATION 023',
      attr_3: 123,
    },
  },
  s360: {
    status: 200,
    esbUUID: expect.stringMatching(uuid),
    desc: { en: 'Success', ar: 'نجاح', code: 'ESB-IDP-S0000' },
    data: { accessToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) },
  },
  ccstore: token,
  ccstoreui: token,
};
