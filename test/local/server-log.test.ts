import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { keyFile } from '../../cli/local.ts';
import { contracts } from '../../functions/contracts.ts';
import { demoApiKey } from '../../local/demo.ts';
import { sessions, started } from './processes.ts';
import { type Sent, send } from './wire.ts';

const subject = 'subject-of-the-tests';
const form = 'application/x-www-form-urlencoded';
const json = 'application/json';

describe('the log of npm start', () => {
  test('has a line per request, and no credential, token, key or claim', async () => {
    const server = await started();
    const claims = '{"profile":{"name":"Foo Bar"},"mobilityApps":{"system":[],"user":[]}}';
    const eos = await sessions(server, 'open', 'eos', '--subject', subject, '--claims', claims);
    const s360 = await sessions(server, 'open', 's360', '--subject', subject);
    const ccstore = await sessions(server, 'open', 'ccstore', '--subject', subject);
    const eosBody = `sessionId=${eos.sessionId}&secureCode=${eos.secureCode}`;
    const s360Body = JSON.stringify({ sessionId: s360.sessionId, sessionToken: s360.sessionToken });
    const bearer = `Bearer ${ccstore.accessToken}`;
    const calls: readonly (Sent & { readonly outcome: string })[] = [
      {
        outcome: 'refreshed',
        path: '/client/refresh',
        headers: { 'Content-Type': form },
        body: eosBody,
      },
      { outcome: 'refreshed', path: `/client/refresh?${eosBody}` },
      { outcome: 'refreshed', path: s360Path, headers: s360Headers, body: s360Body },
      { outcome: 'refreshed', path: ccstorePath, headers: { Authorization: bearer } },
      {
        outcome: 'wrong-secret',
        path: `/client/refresh?sessionId=${eos.sessionId}&secureCode=hunter2`,
      },
      { outcome: 'malformed-request', path: s360Path, headers: s360Headers, body: `{${s360Body}` },
      { outcome: 'malformed-request', path: s360Path, headers: s360Headers, body: 'hunter2' },
      {
        outcome: 'too-large',
        path: s360Path,
        headers: s360Headers,
        body: 'hunter2'.repeat(10_000),
      },
      {
        outcome: 'wrong-secret',
        path: ccstorePath,
        headers: { Authorization: `${bearer}hunter2` },
      },
      {
        outcome: 'unknown-client',
        path: s360Path,
        headers: { api_key: 'hunter2' },
        body: s360Body,
      },
      {
        outcome: 'malformed-request',
        path: `/client/refresh?secureCode=hunter2%&${eosBody}`,
        headers: { Authorization: bearer },
      },
      {
        outcome: 'unknown-route',
        path: '/client/hunter2',
        headers: { Authorization: bearer },
        body: eosBody,
      },
    ];
    const answers: string[] = [];
    for (const { outcome, ...sent } of calls) answers.push((await send(server, sent)).text);
    server.kill('SIGTERM');
    const { stdout, stderr } = await server.ended;

    const log = stdout.slice(server.greeting.length);
    const lines = log.split('\n').filter(Boolean);
    const [first = ''] = lines;
    expect(first).toMatch(
      /^[\d:.]{12} eos 200 refreshed [\d.]+ ms \(storage 1 × [\d.]+ ms, cold\) session=[\w-]{22} request=[0-9a-f-]{36} extended=[\w+/=]+$/,
    );
    expect(lines.map((line) => line.split(' ')[3])).toEqual(calls.map(({ outcome }) => outcome));
    expect(stderr).toBe('');

    const tokens = [ccstore.accessToken, s360.accessToken, ...answers.flatMap(tokensIn)];
    const untold = [
      ...[eos, s360, ccstore].flatMap(({ sessionId, secureCode, sessionToken }) => [
        sessionId,
        secureCode,
        sessionToken,
      ]),
      ...tokens.flatMap((token) => token?.split('.').slice(1)),
      ...localKeys(),
      ...[demoApiKey, 'hunter2', 'Foo Bar', subject, 'Bearer', 'secureCode', 'sessionToken'],
    ].filter((secret) => secret !== undefined);
    // Three ids, two credentials; payload and signature of four tokens; the keys; seven words.
    const keys = contracts.length + contracts.filter(({ signs }) => signs).length;
    expect(untold).toHaveLength(3 + 2 + 2 * 4 + keys + 7);
    for (const secret of untold) expect(log).not.toContain(secret);
  });
});

const s360Path = '/idp/sso/v1/refresh';
const s360Headers = { API_KEY: demoApiKey, 'Content-Type': json };
const ccstorePath = '/ccstore/v1/refresh';

/** The tokens that an answer gives. */
function tokensIn(answer: string): string[] {
  const { access_token: ccstore, data: s360 } = JSON.parse(answer);
  return [ccstore, s360?.accessToken].filter((token) => token !== undefined);
}

function localKeys(): string[] {
  const keys: Record<string, Record<string, string>> = JSON.parse(readFileSync(keyFile, 'utf8'));
  return Object.values(keys).flatMap((parts) => Object.values(parts));
}
