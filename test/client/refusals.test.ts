import { describe, expect, test } from 'vitest';
import type { Outcome, RetryLater } from '../../client/outcome.ts';
import type { Fault } from '../../functions/core/contract/fault.ts';
import { response as respond } from '../../functions/core/lambda/response.ts';
import type { Refusal } from '../../functions/core/session/session.ts';
import { later } from '../../functions/core/time.ts';
import { realRoutes, routesTo, serve } from '../local/wire.ts';
import { noon, test as worldTest } from '../support/world.ts';
import { clientOf, clients, clockwork, opened, timeOf, urlOf } from './support.ts';

/** What an outcome says besides its cause. */
type Expected = Exclude<Outcome<never, string>, RetryLater> | Omit<RetryLater, 'cause'>;

const ended = (code: string): Expected => ({ outcome: 'ended', code });
const rejected = (status: number, code: string): Expected => ({
  outcome: 'rejected',
  status,
  code,
});
const later1: Expected = { outcome: 'retry-later', retryAfter: 1 };
const sometime: Expected = { outcome: 'retry-later' };

/** What a client makes of every reason there is; the compiler holds the tables complete. */
const meanings: Readonly<Record<string, Record<Refusal | Fault, Expected>>> = {
  eos: {
    'unknown-session': ended('3-2'),
    'not-logged-in': ended('3-2'),
    'wrong-secret': ended('3-2'),
    'reused-secret': ended('3-2'),
    revoked: ended('3-2'),
    'idle-too-long': ended('3-2'),
    'lifetime-over': ended('3-2'),
    // The document has one answer, so that nobody can tell these two.
    'malformed-request': ended('3-2'),
    'unknown-client': ended('3-2'),
    forbidden: rejected(403, '9-7'),
    'unknown-route': rejected(404, '9-6'),
    'over-rate': later1,
    'over-quota': later1,
    'too-large': rejected(413, '9-5'),
    failed: sometime,
    unavailable: later1,
    'timed-out': later1,
  },
  s360: {
    'unknown-session': ended('ESB-IDP-E0003'),
    'not-logged-in': ended('ESB-IDP-E0003'),
    'wrong-secret': ended('ESB-IDP-E0003'),
    'reused-secret': ended('ESB-IDP-E0003'),
    revoked: ended('ESB-IDP-E0004'),
    'idle-too-long': ended('ESB-IDP-E0003'),
    'lifetime-over': ended('ESB-IDP-E0003'),
    'malformed-request': ended('ESB-IDP-E0003'),
    'unknown-client': rejected(403, 'APIMDeveloperInactive'),
    forbidden: rejected(403, 'Forbidden'),
    'unknown-route': rejected(404, 'FlogoException'),
    'over-rate': later1,
    'over-quota': sometime,
    'too-large': rejected(413, 'ESB-IDP-E0413'),
    failed: sometime,
    unavailable: later1,
    'timed-out': later1,
  },
  ccstore: {
    'unknown-session': ended('90002'),
    'not-logged-in': ended('90002'),
    'wrong-secret': ended('90002'),
    'reused-secret': ended('90002'),
    revoked: ended('90004'),
    'idle-too-long': ended('90003'),
    'lifetime-over': ended('90003'),
    // There was a token when it was sent: something took it away.
    'malformed-request': rejected(401, '90001'),
    'unknown-client': rejected(403, '90403'),
    forbidden: rejected(403, '90403'),
    'unknown-route': rejected(404, '90404'),
    'over-rate': later1,
    'over-quota': later1,
    'too-large': rejected(413, '90413'),
    failed: sometime,
    unavailable: later1,
    'timed-out': later1,
  },
};

const every = clients.flatMap((client) =>
  Object.entries(meanings[client.name] ?? {}).map(([reason, meaning]) => ({
    name: client.name,
    client,
    reason: reason as Refusal | Fault,
    meaning,
  })),
);

describe('a refusal', () => {
  test.for(every)('of $name for $reason is $meaning.outcome', async (row) => {
    const { client, reason, meaning } = row;
    const { contract, credential } = client;
    let requests = 0;
    const served = await serve(
      routesTo(async ({ requestContext: { requestId } }) => {
        requests += 1;
        const ids = { gateway: requestId, client: requestId };
        return respond(contract.refuse(reason, requestId), ids);
      }),
    );
    const refresh = client.make({
      url: urlOf(served, contract),
      credentials: credential,
      runtime: timeOf(clockwork(0.5)),
    });
    const { status } = contract.refuse(reason, 'id');
    const why = meaning.outcome === 'retry-later' ? { cause: 'status', status } : {};
    expect(await refresh()).toEqual({ ...meaning, ...why });
    // What may pass is tried again, and nothing else is.
    expect(requests).toBe(meaning.outcome === 'retry-later' ? 4 : 1);
  });
});

describe('a session that is over', () => {
  const ends = {
    eos: { revoked: '3-2', idle: '3-2', wrong: '3-2' },
    s360: { revoked: 'ESB-IDP-E0004', idle: 'ESB-IDP-E0003', wrong: 'ESB-IDP-E0003' },
    ccstore: { revoked: '90004', idle: '90003', wrong: '90002' },
  } as const;
  const rows = Object.entries(ends).map(([name, codes]) => ({ name, ...codes }));

  worldTest.for(rows)('of $name, revoked, ends the client', async (row, { world }) => {
    const client = clientOf(row.name);
    const held = await world.open(client.contract);
    const url = urlOf(await serve(realRoutes(world)), client.contract);
    const refresh = client.make({ url, credentials: client.credentialOf(held) });
    expect(await refresh()).toMatchObject({ outcome: 'refreshed' });
    await world.run('revoke', { contract: row.name, sessionId: held.sessionId });
    expect(await refresh()).toEqual({ outcome: 'ended', code: row.revoked });
  });

  worldTest.for(rows)('of $name, idle for too long, ends the client', async (row, { world }) => {
    const client = clientOf(row.name);
    const credentials = await opened(client, world);
    const url = urlOf(await serve(realRoutes(world)), client.contract);
    world.now = later(noon, 31 * 60);
    const refresh = client.make({ url, credentials });
    expect(await refresh()).toEqual({ outcome: 'ended', code: row.idle });
  });

  worldTest.for(rows)('of $name, never opened, ends the client', async (row, { world }) => {
    const { contract, make, credential } = clientOf(row.name);
    const url = urlOf(await serve(realRoutes(world)), contract);
    expect(await make({ url, credentials: credential })()).toEqual({
      outcome: 'ended',
      code: row.wrong,
    });
  });

  worldTest('of s360 is not over for a wrong api key', async ({ world }) => {
    const client = clientOf('s360');
    const credentials = await opened(client, world);
    const url = urlOf(await serve(realRoutes(world)), client.contract);
    const wrong = { url, credentials, apiKey: 'a'.repeat(24) };
    expect(await client.make(wrong)()).toEqual({
      outcome: 'rejected',
      status: 403,
      code: 'APIMDeveloperInactive',
    });
    expect(await client.make({ url, credentials })()).toMatchObject({ outcome: 'refreshed' });
  });

  test.for(clients)(
    'of $name is over without a request where nobody is logged in',
    async (client) => {
      const { make } = client;
      const nobody = { read: () => undefined, write: () => undefined };
      expect(await make({ url: 'http://127.0.0.1:1/', credentials: nobody })()).toEqual({
        outcome: 'ended',
        code: 'no-credential',
      });
    },
  );
});
