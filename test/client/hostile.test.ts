import { describe, expect, test } from 'vitest';
import { clientOf, clients, clockwork, failingWire, says, timeOf } from './support.ts';

const portal = '<!doctype html><title>Welcome to our network</title>';

/** Answers that no contract gives, whatever they look like. */
const foreign = [
  { what: 'a captive portal', status: 200, body: portal },
  { what: 'an empty 200', status: 200, body: '' },
  { what: 'a 200 of null', status: 200, body: 'null' },
  { what: 'a 200 of a list', status: 200, body: '[]' },
  { what: 'a 200 of another JSON', status: 200, body: '{"ok":true}' },
  { what: 'a 200 that is cut', status: 200, body: '{"expireTime":1,"access_token":"' },
  { what: 'a 204', status: 204, body: '' },
  { what: 'a 304', status: 304, body: '' },
  { what: 'a proxy’s 400', status: 400, body: portal },
  { what: 'a proxy’s 401', status: 401, body: portal },
  { what: 'an empty 401', status: 401, body: '' },
  { what: 'a proxy’s 403', status: 403, body: portal },
  { what: 'API Gateway’s own 403', status: 403, body: '{"message":"Forbidden"}' },
  { what: 'an S3 error', status: 403, body: '<?xml version="1.0"?><Error/>' },
  { what: 'a proxy’s 404', status: 404, body: portal },
  { what: 'a proxy’s 407', status: 407, body: '{"message":"Proxy","code":407}' },
  { what: 'a 403 whose code is no text', status: 403, body: '{"message":"x","code":{}}' },
  { what: 'a 403 of JSON nulls', status: 403, body: '{"message":null,"code":null,"desc":null}' },
];

const rows = clients.flatMap((client) =>
  foreign.map((answer) => ({ name: client.name, client, ...answer })),
);

describe('an answer that is not the contract’s', () => {
  test.for(rows)('neither grants nor ends $name: $what', async ({ client, status, body }) => {
    const wire = await failingWire(says(status, body));
    const options = { url: wire.url, credentials: client.credential };
    const refresh = client.make({ ...options, runtime: timeOf(clockwork(0)) });
    // The platform shows nobody a 407: that is between it and a proxy.
    const why = status === 407 ? { cause: 'network' } : { cause: 'status', status };
    expect(await refresh()).toEqual({ outcome: 'retry-later', ...why });
    expect(wire.reached).toHaveLength(4);
  });

  const other = clients.flatMap((client) =>
    clients
      .filter(({ name }) => name !== client.name)
      .map((theirs) => ({ name: client.name, client, theirs, whose: theirs.name })),
  );

  test.for(other)('neither grants nor ends $name: $whose’s', async ({ client, theirs }) => {
    const { status, body } = theirs.contract.refuse('revoked', 'id');
    const wire = await failingWire(says(200, theirs.granted), says(status, body));
    const options = { url: wire.url, credentials: client.credential };
    const refresh = client.make({ ...options, runtime: timeOf(clockwork(0)) });
    expect(await refresh()).toEqual({ outcome: 'retry-later', cause: 'status', status });
  });

  test.for(clients)('ends $name at no status but the documented one', async (client) => {
    const { status, body } = client.contract.refuse('wrong-secret', 'id');
    for (const another of [200, 202, 302, 400, 401, 403, 404, 409, 418, 429, 500, 503]) {
      if (another === status) continue;
      const wire = await failingWire(says(another, body));
      const options = { url: wire.url, credentials: client.credential };
      const { outcome } = await client.make({ ...options, runtime: timeOf(clockwork(0)) })();
      expect(outcome).toMatch(/^(retry-later|rejected)$/);
    }
  });

  test.for(clients)('ends $name at no code that it does not know', async (client) => {
    const { status, body } = client.contract.refuse('wrong-secret', 'id');
    for (const code of ['0-0', 'ESB-IDP-E9999', '90000', 'constructor', '__proto__', 'toString']) {
      const odd = body.replace(/3-2|ESB-IDP-E0003|90002/, code);
      const wire = await failingWire(says(status, odd));
      const refresh = client.make({ url: wire.url, credentials: client.credential });
      expect(await refresh()).toEqual({ outcome: 'rejected', status, code });
    }
  });

  test.for([
    { name: 'eos', what: 'no message', status: 403, body: '{"code":"3-2"}' },
    { name: 'eos', what: 'a message of no text', status: 403, body: '{"message":1,"code":"3-2"}' },
    {
      name: 's360',
      what: 'another status within',
      status: 401,
      body: '{"status":403,"desc":{"code":"ESB-IDP-E0003"}}',
    },
    { name: 's360', what: 'no status', status: 401, body: '{"desc":{"code":"ESB-IDP-E0003"}}' },
    { name: 'ccstore', what: 'no status', status: 401, body: '{"errorCode":"90002"}' },
    {
      name: 'ccstore',
      what: 'another status within',
      status: 401,
      body: '{"status":"403","errorCode":"90002"}',
    },
    {
      name: 'ccstore',
      what: 'a status that is a number',
      status: 401,
      body: '{"status":401,"errorCode":"90002"}',
    },
  ])(
    'ends nothing with the code of $name in another form: $what',
    async ({ name, status, body }) => {
      const wire = await failingWire(says(status, body));
      const { make, credential } = clientOf(name);
      const options = { url: wire.url, credentials: credential, runtime: timeOf(clockwork(0)) };
      expect(await make(options)()).toEqual({ outcome: 'retry-later', cause: 'status', status });
    },
  );

  test.for([301, 302, 303, 307, 308])('is not followed: %i', async (status) => {
    for (const client of clients) {
      const elsewhere = await failingWire(says(200, client.granted));
      const wire = await failingWire(says(status, '', { Location: elsewhere.url }));
      const options = { url: wire.url, credentials: client.credential };
      const refresh = client.make({ ...options, runtime: timeOf(clockwork(0)) });
      expect(await refresh()).toEqual({ outcome: 'retry-later', cause: 'network' });
      expect(elsewhere.reached).toEqual([]);
    }
  });
});

describe('a grant with a member that is wrong', () => {
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
      data: [...objects, '{}', '{"accessToken":""}', '{"accessToken":1}'],
    },
    ccstore: { access_token: texts, token_type: texts, expires_in: numbers },
  };
  const rows = clients.flatMap((client) =>
    Object.entries(members[client.name] ?? {}).flatMap(([member, values]) =>
      values.map((value) => ({ name: client.name, client, member, value })),
    ),
  );

  test.for(rows)('grants nothing: $name’s $member is $value', async ({ client, member, value }) => {
    const body = Object.entries({ ...client.granted, [member]: 0 })
      .map(([key, given]) => `"${key}":${key === member ? value : JSON.stringify(given)}`)
      .join(',');
    const wire = await failingWire(says(200, `{${body}}`));
    const options = { url: wire.url, credentials: client.credential };
    const refresh = client.make({ ...options, runtime: timeOf(clockwork(0)) });
    expect(await refresh()).toEqual({ outcome: 'retry-later', cause: 'status', status: 200 });
  });

  test.for(clients)('is wanted of every member there is of $name', ({ name, granted }) => {
    const free = ['esbUUID'];
    expect(Object.keys(members[name] ?? {}).sort()).toEqual(
      Object.keys(granted)
        .filter((key) => !free.includes(key))
        .sort(),
    );
  });
});
