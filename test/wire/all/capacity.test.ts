import { expect } from 'vitest';
import { contracts } from '../../../functions/contracts.ts';
import { later } from '../../../functions/core/time.ts';
import { eos } from '../../../functions/eos/contract.ts';
import {
  type Held,
  noon,
  onBothEngines,
  type WireCall,
  type StoredWorld as World,
} from '../../support/world.ts';

const json = { 'Content-Type': 'application/json' };
const clients = {
  eos: {
    claims: (text: string) => `{"profile":{"a":${text}},"mobilityApps":{"system":[],"user":[]}}`,
    call: ({ sessionId, secureCode }: Held): WireCall => ({
      headers: json,
      body: JSON.stringify({ sessionId, secureCode }),
    }),
    shown: (body: unknown) => JSON.stringify(body),
  },
  s360: {
    claims: (text: string) =>
      `{"user":{"a":${text}},"app":{},"sso":{"externalSystemId":"a","authorityType":"SELF"}}`,
    call: ({ sessionId, sessionToken }: Held): WireCall => ({
      headers: json,
      body: JSON.stringify({ sessionId, sessionToken }),
    }),
    shown: ({ data }: { data: { accessToken: string } }) => payloadOf(data.accessToken),
  },
  ccstore: {
    claims: (text: string) => `{"iss":"a","a":${text}}`,
    call: ({ accessToken }: Held): WireCall => ({
      headers: { Authorization: `Bearer ${accessToken}` },
    }),
    shown: ({ access_token }: { access_token: string }) => payloadOf(access_token),
  },
};

function payloadOf(token: string): string {
  return Buffer.from(token.split('.')[1] ?? '', 'base64').toString();
}

/** What DynamoDB says of each request from now on: its kind, and the units that it took. */
function metered(world: World): [kind: string, units: number][] {
  const units: [string, number][] = [];
  world.client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        Object.assign(args.input, { ReturnConsumedCapacity: 'TOTAL' });
        const kind = String(commandName).replace('Command', '');
        const answer = await next(args);
        const { ConsumedCapacity } = answer.output as {
          ConsumedCapacity?: { CapacityUnits?: number };
        };
        units.push([kind, ConsumedCapacity?.CapacityUnits ?? 0]);
        return answer;
      },
    { step: 'initialize', priority: 'high' },
  );
  return units;
}

const inOneUnit = [['UpdateItem', 1]];

onBothEngines('what a refresh takes of the table', (test) => {
  test.for([
    { name: 'eos', kilobytes: 0.2, takes: inOneUnit },
    { name: 's360', kilobytes: 0.2, takes: inOneUnit },
    // A strongly consistent read takes a unit for each four kilobytes.
    ...[4, 16, 64].flatMap((kilobytes) =>
      ['eos', 's360'].map((name) => ({
        name,
        kilobytes,
        takes: [
          ['UpdateItem', 1],
          ['GetItem', kilobytes / 4 + 1],
        ],
      })),
    ),
    { name: 'ccstore', kilobytes: 0.2, takes: [['GetItem', 1]] },
    { name: 'ccstore', kilobytes: 3, takes: [['GetItem', 1]] },
  ])(
    'of $name with $kilobytes kB of claims: $takes',
    async ({ name, kilobytes, takes }, { world }) => {
      const contract = contracts.find((one) => one.name === name);
      const client = clients[name as keyof typeof clients];
      if (!contract) throw new Error(`there is no ${name}`);
      const text = JSON.stringify('x'.repeat(kilobytes * 1024));
      const held = await world.open(contract, { claims: client.claims(text) });
      const units = metered(world);
      for (const second of [1, 2]) {
        world.now = later(noon, second);
        const { status, json } = await world.post(contract, client.call(held));
        expect(status).toBe(200);
        expect(client.shown(json)).toContain(text);
      }
      expect(units).toEqual([...takes, ...takes]);
      expect(world.records.map(({ storageRequests }) => storageRequests)).toEqual(
        [1, 2].map(() => takes.length),
      );
    },
  );

  test('of a session that was logged in to with large claims is the same', async ({ world }) => {
    const text = JSON.stringify('x'.repeat(16 * 1024));
    const session = { contract: 'eos', sessionId: 'abc' };
    await world.run('open', { ...session, anonymous: true });
    const login = {
      ...session,
      subject: 'ann',
      secret: 'secret',
      claims: clients.eos.claims(text),
    };
    expect(await world.run('login', login)).toMatchObject({ outcome: 'done' });
    const units = metered(world);
    const held = { sessionId: 'abc', secureCode: 'secret' } as Held;
    expect(clients.eos.shown((await world.post(eos, clients.eos.call(held))).json)).toContain(text);
    expect(units).toEqual([
      ['UpdateItem', 1],
      ['GetItem', 5],
    ]);
  });

  test('of a refusal is one unit, however large the claims are', async ({ world }) => {
    const claims = clients.eos.claims(JSON.stringify('x'.repeat(64 * 1024)));
    const held = await world.open(eos, { claims });
    await world.run('revoke', { contract: 'eos', sessionId: held.sessionId });
    const units = metered(world);
    expect((await world.post(eos, clients.eos.call(held))).status).toBe(403);
    // A refused write is an error, which carries no capacity; DynamoDB takes a unit for it.
    expect(units).toEqual([]);
    expect(world.records.at(-1)).toMatchObject({ storageRequests: 1 });
  });

  test('finds no row without its claims, at whatever point opening it was cut off', async ({
    world,
  }) => {
    const large = clients.eos.claims(JSON.stringify('x'.repeat(4096)));
    await world.open(eos, { sessionId: 'abc', secret: 'first', claims: large });
    const taken = { contract: 'eos', sessionId: 'abc', secret: 'second' };
    const claims = clients.eos.claims(JSON.stringify('y'.repeat(4096)));
    expect(await world.run('open', { ...taken, claims })).toMatchObject({ reason: 'id-taken' });
    const held = { sessionId: 'abc', secureCode: 'first' } as Held;
    const { json } = await world.post(eos, clients.eos.call(held));
    expect(JSON.stringify(json.profile)).toContain('xxxx');
    expect(JSON.stringify(json.profile)).not.toContain('yyyy');
  });

  test('is in reach of no client: an id with a version in it is malformed', async ({ world }) => {
    const claims = clients.eos.claims(JSON.stringify('x'.repeat(4096)));
    const { sessionId } = await world.open(eos, { claims });
    const { claimsVersion = '' } = (await world.row(eos, sessionId)) ?? {};
    expect(claimsVersion).not.toBe('');
    world.requests.length = 0;
    const held = { sessionId: `${sessionId}#claims#${claimsVersion}`, secureCode: 'a' } as Held;
    expect((await world.post(eos, clients.eos.call(held))).status).toBe(403);
    const shown = { contract: 'eos', sessionId: held.sessionId };
    for (const command of ['show', 'revoke'] as const)
      expect(await world.run(command, shown)).toMatchObject({ outcome: 'invalid' });
    expect(world.requests).toEqual([]);
  });
});
