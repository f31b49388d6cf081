import { describe, expect, test } from 'vitest';
import { dateOf, retryAfterOf } from '../../client/headers.ts';
import type { Outcome, RetryLater } from '../../client/outcome.ts';
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

type Expected = Exclude<Outcome<never, string>, RetryLater> | Omit<RetryLater, 'cause'>;

const ended = (code: string): Expected => ({ outcome: 'ended', code });
const rejected = (status: number, code: string): Expected => ({
  outcome: 'rejected',
  status,
  code,
});
const later1: Expected = { outcome: 'retry-later', retryAfter: 1 };
const sometime: Expected = { outcome: 'retry-later' };
const notUnderstood = (status: number) => ({ outcome: 'retry-later', cause: 'status', status });

/** The meaning of every refusal and fault of a contract. */
type Meanings = Record<Refusal | Fault, Expected>;

/** The refusals of a session that all contracts but ccstore answer alike. */
const over = (code: string) => ({
  'unknown-session': ended(code),
  'not-logged-in': ended(code),
  'wrong-secret': ended(code),
  'reused-secret': ended(code),
  revoked: ended(code),
  'idle-too-long': ended(code),
  'lifetime-over': ended(code),
  'malformed-request': ended(code),
});
const temporary = {
  'over-rate': later1,
  'over-quota': later1,
  failed: sometime,
  unavailable: later1,
  'timed-out': later1,
};
const ofCcstore: Meanings = {
  ...over('90002'),
  revoked: ended('90004'),
  'idle-too-long': ended('90003'),
  'lifetime-over': ended('90003'),
  // The client sent a token, so something on the way removed it.
  'malformed-request': rejected(401, '90001'),
  'unknown-client': rejected(403, '90403'),
  forbidden: rejected(403, '90403'),
  'unknown-route': rejected(404, '90404'),
  'too-large': rejected(413, '90413'),
  ...temporary,
};
const meanings: Readonly<Record<string, Meanings>> = {
  eos: {
    ...over('3-2'),
    'unknown-client': ended('3-2'),
    forbidden: rejected(403, '9-7'),
    'unknown-route': rejected(404, '9-6'),
    'too-large': rejected(413, '9-5'),
    ...temporary,
  },
  s360: {
    ...over('ESB-IDP-E0003'),
    revoked: ended('ESB-IDP-E0004'),
    'unknown-client': rejected(403, 'APIMDeveloperInactive'),
    forbidden: rejected(403, 'Forbidden'),
    'unknown-route': rejected(404, 'FlogoException'),
    'too-large': rejected(413, 'ESB-IDP-E0413'),
    ...temporary,
    'over-quota': sometime,
  },
  ccstore: ofCcstore,
  // Only a 401 has a body there; an empty one says nothing.
  ccstoreui: {
    ...ofCcstore,
    'unknown-client': sometime,
    forbidden: sometime,
    'unknown-route': sometime,
    'too-large': sometime,
  },
};

describe('a refusal', () => {
  const rows = clients.flatMap((client) =>
    Object.entries(meanings[client.name] ?? {}).map(([reason, meaning]) => ({
      client,
      reason: reason as Refusal | Fault,
      meaning,
    })),
  );

  test.for(rows)('of $client.name for $reason is $meaning.outcome', async (row) => {
    const { client, reason, meaning } = row;
    const { reached, refresh } = clientOn(client, [refuses(client, reason)], { random: [0.5] });
    const { status } = client.contract.refuse(reason, 'id');
    const isLater = meaning.outcome === 'retry-later';
    expect(await refresh()).toEqual({ ...(isLater && notUnderstood(status)), ...meaning });
    // Only a temporary failure is tried again.
    expect(reached).toHaveLength(isLater ? 4 : 1);
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
    { what: 'a 204', status: 204, body: '' },
    { what: 'a 304', status: 304, body: '' },
    { what: 'a proxy’s 401', status: 401, body: portal },
    { what: 'an empty 401', status: 401, body: '' },
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

  const others = clients.flatMap((client) =>
    clients
      .filter(({ contract }) => contract.serves !== client.contract.serves)
      .map((other) => ({ client, other })),
  );

  test.for(others)('neither grants nor ends $client.name: $other.name’s', async (row) => {
    const { client, other } = row;
    const { refresh } = clientOn(client, [says(200, other.granted), refuses(other, 'revoked')]);
    expect(await refresh()).toMatchObject({ outcome: 'retry-later', cause: 'status' });
  });

  test.for(clients)('ends $name at no status but the documented one', async (client) => {
    const { status, body } = client.contract.refuse('wrong-secret', 'id');
    for (const another of [200, 202, 302, 400, 401, 403, 404, 409, 418, 429, 500, 503]) {
      if (another === status) continue;
      const { refresh } = clientOn(client, [says(another, body)]);
      expect((await refresh()).outcome).toMatch(/^(retry-later|rejected)$/);
    }
  });

  test.for(clients)('ends $name at no unknown code', async (client) => {
    const { status, body } = client.contract.refuse('wrong-secret', 'id');
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
    'is the server’s, less the time of the request, on a clock wrong by %d minutes',
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
    'of s360 is five minutes with the token %s',
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
  const date = { Date: 'Thu, 15 Jan 2026 13:00:00 GMT' };

  test.for([
    { value: '0', seconds: 0 },
    { value: '1', seconds: 1 },
    { value: ' 120 ', seconds: 120 },
    { value: '007', seconds: 7 },
    { value: '999999999999999', seconds: 999_999_999_999_999 },
    { value: '9'.repeat(400), seconds: undefined },
    { value: '', seconds: undefined },
    { value: '-1', seconds: undefined },
    { value: '1.5', seconds: undefined },
    { value: '1e3', seconds: undefined },
    { value: 'soon', seconds: undefined },
    { value: '1, 2', seconds: undefined },
    { value: '2026-01-15T12:01:00Z', seconds: undefined },
    { value: 'Thu, 15 Jan 2026 12:01:00 GMT', seconds: 60 },
    { value: 'Thu, 15 Jan 2026 11:00:00 GMT', seconds: 0 },
    { value: 'Nevermore GMT', seconds: undefined },
    // By the server's clock.
    { value: 'Thu, 15 Jan 2026 13:00:30 GMT', headers: date, seconds: 30 },
  ])('Retry-After: $value asks for $seconds seconds', ({ value, headers, seconds }) => {
    expect(retryAfterOf(new Headers({ 'Retry-After': value, ...headers }), noon)).toBe(seconds);
    expect(retryAfterOf(new Headers(headers), noon)).toBeUndefined();
  });

  test.for([
    { value: 'Thu, 15 Jan 2026 12:00:00 GMT', milliseconds: noon },
    { value: 'yesterday', milliseconds: undefined },
    { value: '0', milliseconds: undefined },
    { value: '', milliseconds: undefined },
  ])('Date: $value is $milliseconds', ({ value, milliseconds }) => {
    expect(dateOf(new Headers({ Date: value }))).toBe(milliseconds);
  });
});
