import { describe, expect, test } from 'vitest';
import { dateOf, retryAfterOf } from '../../client/headers.ts';
import type { Fault } from '../../functions/core/contract/fault.ts';
import type { Refusal } from '../../functions/core/session/session.ts';
import {
  type Client,
  clientOf,
  clientOn,
  clients,
  type Fields,
  meanwhile,
  noon,
  refuses,
  says,
  storeOf,
} from './support.ts';

/** What each refusal and fault means to a client of eos, s360 and ccstore; one word where all agree. */
const meanings = {
  'unknown-session': 'ended',
  'not-logged-in': 'ended',
  'wrong-secret': 'ended',
  'reused-secret': 'ended',
  revoked: 'ended',
  'idle-too-long': 'ended',
  'lifetime-over': 'ended',
  // A client of ccstore sent a token, so something on the way removed it.
  'malformed-request': 'ended ended rejected',
  'unknown-client': 'ended rejected rejected',
  forbidden: 'rejected',
  'unknown-route': 'rejected',
  'too-large': 'rejected',
  'over-rate': 'retry-later',
  'over-quota': 'retry-later',
  failed: 'retry-later',
  unavailable: 'retry-later',
  'timed-out': 'retry-later',
} as const satisfies Record<Refusal | Fault, string>;

const notUnderstood = (status: number) => ({ outcome: 'retry-later', cause: 'status', status });

/** What a client makes of a refusal, whose status, code and Retry-After test/wire/all/documents.test.ts has. */
function meaningOf({ contract }: Client, reason: keyof typeof meanings) {
  const { status, body, headers = {} } = contract.refuse(reason, 'id');
  const each = meanings[reason].split(' ');
  // Only a 401 has a body at ccstoreui; an empty one says nothing.
  const outcome = body && (each[['eos', 's360', 'ccstore'].indexOf(contract.serves)] ?? each[0]);
  const [, code] = /ode":"([^"]+)"/.exec(body) ?? [];
  if (outcome === 'ended') return { outcome, code };
  if (outcome === 'rejected') return { outcome, status, code };
  const { 'Retry-After': after } = headers;
  return { ...notUnderstood(status), ...(after && { retryAfter: Number(after) }) };
}

describe('a refusal', () => {
  const reasons = Object.keys(meanings) as (keyof typeof meanings)[];
  const rows = clients.flatMap((client) =>
    reasons.map((reason) => ({ client, reason, meaning: meaningOf(client, reason) })),
  );

  test.for(rows)('of $client.name for $reason is $meaning.outcome', async (row) => {
    const { client, reason, meaning } = row;
    const { reached, refresh } = clientOn(client, [refuses(client, reason)], { random: [0.5] });
    expect(await refresh()).toEqual(meaning);
    // Where the OpenAPI document says to retry, the answer has Retry-After.
    expect(reached).toHaveLength('retryAfter' in meaning ? 4 : 1);
  });
});

describe('an answer that is not in the contract’s form', () => {
  const portal = '<!doctype html><title>Welcome to our network</title>';
  type Row = [name: string, status: number, body: string];
  const foreign: readonly [status: number, body: string][] = [
    ...[portal, '', 'null', '[]', '{"ok":true}'].map((body): [number, string] => [200, body]),
    [200, '{"expireTime":1,"access_token":"'],
    [401, portal],
    // API Gateway's own, and S3's.
    [403, '{"message":"Forbidden"}'],
    [403, '<?xml version="1.0"?><Error/>'],
    [403, '{"message":"x","code":{}}'],
    [403, '{"message":null,"code":null,"desc":null}'],
  ];
  test.for<Row>([
    ...clients.flatMap(({ name }) => foreign.map((answer): Row => [name, ...answer])),
    ['eos', 403, '{"code":"3-2"}'],
    ['eos', 403, '{"message":1,"code":"3-2"}'],
    ['s360', 401, '{"status":403,"desc":{"code":"ESB-IDP-E0003"}}'],
    ['s360', 401, '{"desc":{"code":"ESB-IDP-E0003"}}'],
    ['ccstore', 401, '{"errorCode":"90002"}'],
    ['ccstore', 401, '{"status":"403","errorCode":"90002"}'],
    ['ccstore', 401, '{"status":401,"errorCode":"90002"}'],
  ])('neither grants nor ends %s: %d %s', async ([name, status, body]) => {
    const { reached, refresh } = clientOn(clientOf(name), [says(status, body)]);
    expect(await refresh()).toEqual(notUnderstood(status));
    expect(reached).toHaveLength(status === 200 ? 4 : 1);
  });

  test.for(clients)('ends $name at no other status and no other code', async (client) => {
    const { status, body } = client.contract.refuse('wrong-secret', 'id');
    for (const other of [200, 202, 302, 400, 401, 403, 404, 409, 418, 429, 500, 503]) {
      if (other === status) continue;
      const { refresh } = clientOn(client, [says(other, body)]);
      expect((await refresh()).outcome).toMatch(/^(retry-later|rejected)$/);
    }
    for (const code of ['0-0', 'ESB-IDP-E9999', '90000', 'constructor', '__proto__', 'toString']) {
      const odd = body.replace(/3-2|ESB-IDP-E0003|90002/, code);
      const { refresh } = clientOn(client, [says(status, odd)]);
      expect(await refresh()).toEqual({ outcome: 'rejected', status, code });
    }
  });
});

describe('a grant with a wrong member', () => {
  const numbers = ['"1"', 'null', '1e999', 'true', '{}'];
  const texts = ['""', 'null', '1', '{}', '[]'];
  const objects = ['"{}"', 'null', '1', '[]'];
  const members: Record<string, Record<string, readonly string[]>> = {
    eos: {
      expireTime: numbers,
      secureCode: texts,
      mobilityApps: [...objects, '{}', '{"system":[]}', '{"system":[],"user":{}}'],
      profile: objects,
    },
    s360: {
      status: ['201', '"200"', 'null'],
      desc: objects,
      data: [...objects, ...texts.map((text) => `{"accessToken":${text}}`)],
    },
    ccstore: { access_token: texts, token_type: texts, expires_in: numbers },
  };

  test.for(clients)('grants nothing: every member of $name', async (client) => {
    const { esbUUID: _, ...granted } = Object(client.granted);
    const wrong = members[client.contract.serves] ?? {};
    expect(Object.keys(wrong).sort()).toEqual(Object.keys(granted).sort());
    for (const [member, values] of Object.entries(wrong))
      for (const value of values) {
        const body = JSON.stringify({ ...granted, [member]: 'WRONG' }).replace('"WRONG"', value);
        const outcome = await clientOn(client, [says(200, body)]).refresh();
        expect({ body, outcome }).toEqual({ body, outcome: notUnderstood(200) });
      }
  });
});

describe('expiresIn', () => {
  const [eos, s360, ccstore] = [clientOf('eos'), clientOf('s360'), clientOf('ccstore')];
  const date = { Date: 'Thu, 15 Jan 2026 12:00:00 GMT' };
  const token = (accessToken: string) => ({ ...s360.granted, data: { accessToken } });
  const jwt = Buffer.from('{"a":"~?>~~?","exp":2800,"iat":1000}').toString('base64url');
  const opaque = ['opaque', 'a.b.c', 'a.e30.c', `a.${btoa('{"exp":"2","iat":"1"}')}.c`];

  type Row = [client: Client, minutes: number, seconds: number, body?: object, headers?: Fields];
  test.for<Row>([
    ...[0, -60, 60, -29_475_360].flatMap((minutes): readonly Row[] => [
      [eos, minutes, 1700, eos.granted, date],
      [s360, minutes, 1700, token(`a.${jwt}.c`)],
      [ccstore, minutes, 830],
    ]),
    // Without Date it is never too long.
    [eos, 0, 1600],
    [eos, 10, 1000],
    [eos, 60, 200],
    [eos, -60, 1700],
    ...[-5, 0, 0.5].map((expires_in): Row => [ccstore, 0, 0, { ...ccstore.granted, expires_in }]),
    // Nobody knows, so five minutes.
    ...[...opaque, `a.${btoa('null')}.c`].map((text): Row => [s360, 0, 200, token(text)]),
  ])('of $name is less the 100 s that the answer takes: $1 minutes wrong, $2 s', async (row) => {
    const [client, minutes, expiresIn, body = client.granted, headers] = row;
    const late = meanwhile(() => on.clock.pass(100_000), says(200, body, headers));
    const on = clientOn(client, [late], { retry: { attemptMs: 600_000 } });
    on.clock.pass(minutes * 60_000);
    expect(await on.refresh()).toMatchObject({ outcome: 'refreshed', expiresIn });
  });

  test.for([
    { what: 'is what is left of it', turn: 600_000, left: { expiresIn: 330 } },
    { what: 'is zero after its end', turn: 931_000, left: { expiresIn: 0 } },
    { what: 'is unknown if the clock was set back', turn: -1, left: {} },
  ])('of the last answer, beside a retry-later, $what', async ({ turn, left }) => {
    const last = { at: noon - turn, grant: eos.granted, expiresIn: 930 };
    const read = () => ({ credential: eos.credential, last });
    const credentials = storeOf(eos.credential, { read });
    const { refresh } = clientOn(eos, [says(503, '')], { credentials });
    expect(await refresh()).toEqual({ ...notUnderstood(503), ...left });
  });
});

describe('a header', () => {
  const odd = ['9'.repeat(400), '', '-1', '1.5', '1e3', 'soon', '1, 2', '2026-01-15T12:01:00Z'];
  test.for<[value: string, seconds?: number, headers?: Fields]>([
    ...[...odd, 'Nevermore GMT'].map((value): [string] => [value]),
    ['0', 0],
    ['1', 1],
    [' 120 ', 120],
    ['007', 7],
    ['999999999999999', 999_999_999_999_999],
    ['Thu, 15 Jan 2026 12:01:00 GMT', 60],
    ['Thu, 15 Jan 2026 11:00:00 GMT', 0],
    // By the server's clock.
    ['Thu, 15 Jan 2026 13:00:30 GMT', 30, { Date: 'Thu, 15 Jan 2026 13:00:00 GMT' }],
  ])('Retry-After: %s asks for %s seconds', ([value, seconds, headers]) => {
    expect(retryAfterOf(new Headers({ 'Retry-After': value, ...headers }), noon)).toBe(seconds);
    expect(retryAfterOf(new Headers({ ...headers }), noon)).toBeUndefined();
  });

  test('Date is a date of HTTP or nothing', () => {
    const values = ['Thu, 15 Jan 2026 12:00:00 GMT', 'yesterday', '0', ''];
    const dates = values.map((value) => dateOf(new Headers({ Date: value })));
    expect(dates).toEqual([noon, undefined, undefined, undefined]);
  });
});
