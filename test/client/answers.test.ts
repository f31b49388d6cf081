import { describe, expect, test } from 'vitest';
import { dateOf, retryAfterOf } from '../../client/headers.ts';
import type { Fault } from '../../functions/core/contract/fault.ts';
import type { Refusal } from '../../functions/core/session/session.ts';
import {
  type Answer,
  type Client,
  clientOf,
  clientOn,
  clients,
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
    // Only a temporary failure is tried again.
    expect(reached).toHaveLength(meaning.outcome === 'retry-later' ? 4 : 1);
  });
});

describe('an answer that is not in the contract’s form', () => {
  const portal = '<!doctype html><title>Welcome to our network</title>';
  const foreign = [
    { what: 'a captive portal', status: 200, body: portal },
    { what: 'an empty 200', status: 200, body: '' },
    { what: 'a 200 of null', status: 200, body: 'null' },
    { what: 'a 200 of a list', status: 200, body: '[]' },
    { what: 'a 200 of another JSON', status: 200, body: '{"ok":true}' },
    { what: 'a 200 that is cut', status: 200, body: '{"expireTime":1,"access_token":"' },
    { what: 'a proxy’s 401', status: 401, body: portal },
    { what: 'API Gateway’s own 403', status: 403, body: '{"message":"Forbidden"}' },
    { what: 'an S3 error', status: 403, body: '<?xml version="1.0"?><Error/>' },
    { what: 'a 403 whose code is not text', status: 403, body: '{"message":"x","code":{}}' },
    { what: 'a 403 of JSON nulls', status: 403, body: '{"message":null,"code":null,"desc":null}' },
  ].flatMap((answer) => clients.map((client) => ({ client, ...answer })));

  test.for([
    ...foreign,
    ...[
      { name: 'eos', status: 403, body: '{"code":"3-2"}' },
      { name: 'eos', status: 403, body: '{"message":1,"code":"3-2"}' },
      { name: 's360', status: 401, body: '{"status":403,"desc":{"code":"ESB-IDP-E0003"}}' },
      { name: 's360', status: 401, body: '{"desc":{"code":"ESB-IDP-E0003"}}' },
      { name: 'ccstore', status: 401, body: '{"errorCode":"90002"}' },
      { name: 'ccstore', status: 401, body: '{"status":"403","errorCode":"90002"}' },
      { name: 'ccstore', status: 401, body: '{"status":401,"errorCode":"90002"}' },
    ].map(({ name, ...answer }) => ({ client: clientOf(name), what: answer.body, ...answer })),
  ])('neither grants nor ends $client.name: $what', async ({ client, status, body }) => {
    const { reached, refresh } = clientOn(client, [says(status, body)]);
    expect(await refresh()).toEqual(notUnderstood(status));
    expect(reached).toHaveLength(4);
  });

  test.for(clients)('neither grants nor ends $name: the answers of others', async (client) => {
    const { serves } = client.contract;
    for (const other of clients.filter(({ contract }) => contract.serves !== serves)) {
      const answers = [says(200, other.granted), refuses(other, 'revoked')];
      const { refresh } = clientOn(client, answers);
      expect(await refresh()).toMatchObject({ outcome: 'retry-later', cause: 'status' });
    }
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
  const token = { access_token: texts, token_type: texts, expires_in: numbers };
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
    ccstore: token,
    ccstoreui: token,
  };

  test.for(clients)('grants nothing: every member of $name', async (client) => {
    const { esbUUID: _, ...granted } = Object(client.granted);
    const wrong = members[client.name] ?? {};
    expect(Object.keys(wrong).sort()).toEqual(Object.keys(granted).sort());
    for (const [member, values] of Object.entries(wrong))
      for (const value of values) {
        const body = JSON.stringify({ ...granted, [member]: 'WRONG' }).replace('"WRONG"', value);
        const { refresh } = clientOn(client, [says(200, body)]);
        expect([body, await refresh()]).toEqual([body, notUnderstood(200)]);
      }
  });
});

describe('expiresIn', () => {
  const [eos, s360, ccstore] = [clientOf('eos'), clientOf('s360'), clientOf('ccstore')];
  const noon = { Date: 'Thu, 15 Jan 2026 12:00:00 GMT' };

  /** A refresh that takes 100 seconds, on a machine whose clock is wrong by so many minutes. */
  function slow(client: Client, body: object, minutes: number, headers: Record<string, string>) {
    const late: Answer = (sent) => {
      on.clock.pass(100_000);
      return says(200, body, headers)(sent);
    };
    const on = clientOn(client, [late], { retry: { attemptMs: 600_000 } });
    on.clock.pass(minutes * 60_000);
    return on.refresh();
  }
  const jwt = `a.${btoa('{"exp":2800,"iat":1000}')}.c`;
  const token = { status: 200, desc: { code: 'ESB-IDP-S0000' }, data: { accessToken: jwt } };

  test.for([0, -60, 60, -29_475_360])(
    'is right on a clock that is wrong by %d minutes',
    async (minutes) => {
      expect(await slow(eos, eos.granted, minutes, noon)).toMatchObject({ expiresIn: 1700 });
      expect(await slow(s360, token, minutes, noon)).toMatchObject({ expiresIn: 1700 });
      expect(await slow(ccstore, ccstore.granted, minutes, noon)).toMatchObject({ expiresIn: 830 });
    },
  );

  test.for([
    { what: 'right', minutes: 0, expiresIn: 1600 },
    { what: 'ten minutes fast', minutes: 10, expiresIn: 1000 },
    { what: 'an hour fast', minutes: 60, expiresIn: 200 },
    { what: 'an hour slow', minutes: -60, expiresIn: 1700 },
  ])('of eos is never too long without Date, on a clock that is $what', async (row) => {
    const { minutes, expiresIn } = row;
    expect(await slow(eos, eos.granted, minutes, {})).toMatchObject({ expiresIn });
  });

  test.for(['-5', '0', '0.5', '1e300'])('of ccstore is %s seconds, or zero', async (text) => {
    const body = `{"access_token":"a","token_type":"bearer","expires_in":${text}}`;
    const { refresh } = clientOn(ccstore, [says(200, body)]);
    expect(await refresh()).toMatchObject({ expiresIn: Math.max(0, Number(text)) });
  });

  const opaque = ['opaque', 'a.b.c', 'a.e30.c', `a.${btoa('{"exp":"2","iat":"1"}')}.c`];
  test.for([...opaque, `a.${btoa('null')}.c`])(
    'of s360 is 300 s with the token %s',
    async (accessToken) => {
      const { refresh } = clientOn(s360, [says(200, { ...token, data: { accessToken } })]);
      expect(await refresh()).toMatchObject({ grant: { accessToken }, expiresIn: 300 });
    },
  );

  test.for([
    { what: 'is what is left of it', turn: 600_000, left: { expiresIn: 330 } },
    { what: 'is zero after its end', turn: 931_000, left: { expiresIn: 0 } },
    { what: 'is unknown if the clock was set back', turn: -1, left: {} },
  ])('of the last answer, beside a retry-later, $what', async ({ turn, left }) => {
    const last = { at: Date.UTC(2026, 0, 15, 12) - turn, grant: eos.granted, expiresIn: 930 };
    const read = () => ({ credential: eos.credential, last });
    const credentials = storeOf(eos.credential, { read });
    const { refresh } = clientOn(eos, [says(503, '')], { credentials });
    expect(await refresh()).toEqual({ ...notUnderstood(503), ...left });
  });
});

describe('a header', () => {
  const noon = Date.UTC(2026, 0, 15, 12);
  const odd = ['9'.repeat(400), '', '-1', '1.5', '1e3', 'soon', '1, 2', '2026-01-15T12:01:00Z'];
  test.for<[value: string, seconds?: number, headers?: object]>([
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
