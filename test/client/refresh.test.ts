import { describe, expect } from 'vitest';
import { ccstore as ccstoreClient } from '../../client/ccstore.ts';
import { inMemory } from '../../client/credentials.ts';
import { eos as eosClient } from '../../client/eos.ts';
import { s360 as s360Client } from '../../client/s360.ts';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { epochSeconds, later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { demoApiKey } from '../../local/demo.ts';
import { realRoutes, serve } from '../local/wire.ts';
import { noon, test } from '../support/world.ts';
import {
  clients,
  clockwork,
  type Fields,
  failingWire,
  opened,
  says,
  timeOf,
  urlOf,
} from './support.ts';

/** Whatever this machine's clock says, the world's noon is in the answer. */
const idle = 30 * 60;

describe('a refresh', () => {
  test('of eos gives what Login gave, and how long it holds', async ({ world }) => {
    const claims = '{"profile":{"contactId":20004007594},"mobilityApps":{"system":[],"user":[]}}';
    const credentials = await world.open(eos, { subject: 'foo', secret: '20004007594', claims });
    const url = urlOf(await serve(realRoutes(world)), eos);
    const refresh = eosClient({ url, credentials, runtime: { fetch: dated(() => world.now) } });
    world.now = later(noon, 60);
    expect(await refresh()).toEqual({
      outcome: 'refreshed',
      grant: {
        expireTime: (noon + 60 + idle) * 1000,
        secureCode: '20004007594',
        mobilityApps: { system: [], user: [] },
        profile: { contactId: 20004007594 },
      },
      expiresIn: expect.toSatisfy((seconds) => seconds > idle - 30 && seconds <= idle),
    });
  });

  test('of s360 gives a new JWT, and how long it holds', async ({ world }) => {
    const credentials = await world.open(s360, { subject: 'foo' });
    const url = urlOf(await serve(realRoutes(world)), s360);
    const outcome = await s360Client({ url, apiKey: demoApiKey, credentials })();
    expect(outcome).toEqual({
      outcome: 'refreshed',
      grant: { accessToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) },
      expiresIn: expect.toSatisfy((seconds) => seconds > idle - 30 && seconds <= idle),
    });
  });

  test('of ccstore presents the token of the one before', async ({ world }) => {
    const { accessToken } = await world.open(ccstore, { subject: '110558' });
    const store = inMemory<{ accessToken: string }, never>({ accessToken });
    const url = urlOf(await serve(realRoutes(world)), ccstore);
    const refresh = ccstoreClient({ url, credentials: store });
    // Past the end of the first token, which alone could not be refreshed any more.
    for (const minutes of [14, 28, 42]) {
      world.now = later(noon, minutes * 60);
      expect(await refresh()).toEqual({
        outcome: 'refreshed',
        grant: { access_token: expect.any(String), token_type: 'bearer', expires_in: 930 },
        expiresIn: expect.toSatisfy((seconds) => seconds > 900 && seconds <= 930),
      });
    }
    expect((await store.read())?.credential.accessToken).not.toBe(accessToken);
  });

  test.for(clients)('of $name keeps what else is in the credential', async (client, { world }) => {
    const credential = { ...(await opened(client, world)), label: 'mine' };
    const store = inMemory<Fields, unknown>(credential);
    const url = urlOf(await serve(realRoutes(world)), client.contract);
    await client.make({ url, credentials: store })();
    const kept = await store.read();
    expect(Object.keys(kept?.credential ?? {})).toEqual(Object.keys(credential));
    expect(kept?.credential.label).toBe('mine');
    expect(kept?.last).toMatchObject({ at: expect.any(Number), grant: expect.any(Object) });
  });
});

describe('the life of a grant', () => {
  const hour = 60 * 60 * 1000;

  test.for([
    { what: 'right', skew: 0 },
    { what: 'an hour behind', skew: -hour },
    { what: 'an hour ahead', skew: hour },
    { what: 'in 1970', skew: -Date.now() },
  ])('is told by the server to a clock that is $what', async ({ skew }, { world }) => {
    for (const client of clients) {
      world.now = epochSeconds(Math.floor(Date.now() / 1000));
      const credentials = await opened(client, world);
      const url = urlOf(await serve(realRoutes(world)), client.contract);
      const runtime = { now: () => Date.now() + skew };
      const outcome = await client.make({ url, credentials, runtime })();
      const whole = client.name === 'ccstore' ? 930 : idle;
      expect(outcome).toMatchObject({
        expiresIn: expect.toSatisfy((seconds) => seconds > whole - 60 && seconds <= whole),
      });
    }
  });

  test.for([
    { what: 'right', minutes: 0, seconds: idle },
    { what: 'ten minutes ahead', minutes: 10, seconds: 20 * 60 },
    { what: 'an hour ahead', minutes: 60, seconds: 5 * 60 },
    { what: 'an hour behind', minutes: -60, seconds: idle },
  ])('of eos is never overrated by a clock that is $what and alone', async (row, { world }) => {
    const clock = clockwork();
    clock.pass(row.minutes * 60_000);
    const credentials = await world.open(eos, {});
    const url = urlOf(await serve(realRoutes(world)), eos);
    // As a page of another origin reads it: no Date.
    const runtime = { ...timeOf(clock), fetch: dated(() => undefined) };
    expect(await eosClient({ url, credentials, runtime })()).toMatchObject({
      expiresIn: row.seconds,
    });
  });

  test.for(['-5', '0', '0.5', '1e300'])(
    'of ccstore is %s seconds, and never less than none',
    async (text) => {
      const wire = await failingWire(
        says(200, `{"access_token":"secret-next","token_type":"bearer","expires_in":${text}}`),
      );
      const runtime = timeOf(clockwork());
      const refresh = ccstoreClient({ url: wire.url, credentials: { accessToken: 'a' }, runtime });
      expect(await refresh()).toMatchObject({ expiresIn: Math.max(0, Number(text)) });
    },
  );

  test.for([
    { what: 'no JWT', token: 'opaque' },
    { what: 'no JSON', token: 'a.b.c' },
    { what: 'no times', token: 'a.e30.c' },
    { what: 'times that are text', token: `a.${btoa('{"exp":"2","iat":"1"}')}.c` },
    { what: 'no object', token: `a.${btoa('null')}.c` },
  ])('of s360 is five minutes where its token is $what', async ({ token: accessToken }) => {
    const granted = { status: 200, desc: { code: 'ESB-IDP-S0000' }, data: { accessToken } };
    const wire = await failingWire(says(200, granted));
    const credentials = { sessionId: 'id', sessionToken: 'token' };
    const options = { url: wire.url, apiKey: demoApiKey, credentials };
    const refresh = s360Client({ ...options, runtime: timeOf(clockwork()) });
    expect(await refresh()).toMatchObject({ grant: { accessToken }, expiresIn: 300 });
  });

  test.for(clients)('of $name counts the time on the way', async (client, { world }) => {
    const clock = clockwork();
    const credentials = await opened(client, world);
    const url = urlOf(await serve(realRoutes(world)), client.contract);
    const slow = async (request: Request) => {
      const response = await dated(() => world.now)(request);
      clock.pass(100_000);
      return response;
    };
    const runtime = { ...timeOf(clock), fetch: slow };
    const patience = { attemptMs: 600_000 };
    const whole = client.name === 'ccstore' ? 930 : idle;
    expect(await client.make({ url, credentials, runtime, patience })()).toMatchObject({
      expiresIn: whole - 100,
    });
  });
});

/** `fetch` with another `Date`, since the server's own is not the world's. */
function dated(now: () => number | undefined) {
  return async (request: Request) => {
    const response = await fetch(request);
    const headers = new Headers(response.headers);
    const date = now();
    headers.delete('date');
    if (date !== undefined) headers.set('date', new Date(date * 1000).toUTCString());
    return new Response(response.body, { status: response.status, headers });
  };
}
