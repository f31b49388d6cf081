import { expect } from 'vitest';
import { sessionOwners } from '../../../functions/contracts.ts';
import { later } from '../../../functions/core/time.ts';
import { type Way, ways } from '../../support/ways.ts';
import { noon, onBothEngines, type StoredWorld, test, type World } from '../../support/world.ts';

const sessionId = 'mine';
const secret = 'right';

/** One way of each contract's client, by its contract: all of them ask the storage for the same. */
const wayOf = new Map([...ways].reverse().map((way) => [way.contract.name, way]));
const owners = sessionOwners.flatMap(({ name }) => wayOf.get(name) ?? []);

/** As long as the right ones, so that the lengths of requests can be compared. */
const [otherId, wrong] = ['none', 'wrong'];
const requestId = '3b0e2c6a-7d0f-4f0c-9c0b-6f2f3f1f0a11';

/** A caller with a wrong secret cannot tell these apart, nor from a session that does not exist. */
const sessions = [
  { what: 'a live session' },
  { what: 'a revoked session', revoked: true },
  { what: 'an idle session', seconds: 30 * 60 },
  { what: 'a session that is over', seconds: 24 * 60 * 60 },
  { what: 'an anonymous session', anonymous: true },
];

for (const way of owners)
  onBothEngines(`POST ${way.contract.path}`, (test) => {
    const { contract } = way;

    test.for(sessions.filter(({ anonymous }) => contract.opening.anonymous || !anonymous))(
      'answers a wrong secret of $what as an unknown session, byte for byte, by the same request',
      async ({ revoked, seconds = 0, anonymous }, { world }) => {
        const seen = watch(world);
        await world.open(contract, { sessionId, ...(anonymous ? { anonymous } : { secret }) });
        if (revoked) await world.run('revoke', { contract: contract.serves, sessionId });
        world.now = later(noon, seconds);

        const unknown = await refused(world, way, otherId, seen);
        const known = await refused(world, way, sessionId, seen);
        expect(known).toEqual(unknown);
        expect(known.sent).toHaveLength(1);
        if (contract.name === 'ccstore') expect(known.sent[0]).toContain('"ConsistentRead":true');
        const outcomes = world.records.slice(-2).map(({ outcome }) => outcome);
        expect(outcomes).toEqual(['unknown-session', anonymous ? 'not-logged-in' : 'wrong-secret']);
      },
    );
  });

/** Sees each request to storage from now on: its input, its kind, and the units that it took. */
function watch({ client }: StoredWorld) {
  const seen: { sent: string; took: unknown[] }[] = [];
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        Object.assign(args.input, { ReturnConsumedCapacity: 'TOTAL' });
        const took: unknown[] = [commandName];
        seen.push({ sent: `${commandName} ${JSON.stringify(args.input)}`, took });
        const answer = await next(args);
        const { ConsumedCapacity: taken } = answer.output as ConsumedUnits;
        took.push(taken?.CapacityUnits);
        return answer;
      },
    { step: 'initialize', priority: 'high' },
  );
  return seen;
}

interface ConsumedUnits {
  readonly ConsumedCapacity?: { readonly CapacityUnits?: number };
}

/** The answer to a wrong secret of that session, and what it took, the names of its row blotted out. */
async function refused(world: World, way: Way, id: string, seen: ReturnType<typeof watch>) {
  seen.length = 0;
  const answer = await world.post(way.contract, { ...way.send(world, id, wrong), requestId });
  const blotted = seen.map(({ sent }) =>
    sent.replace(/(?<=":digest":")[^"]+/, (digest) => `${digest.length}`),
  );
  return { answer, sent: blotted.map((text) => text.replaceAll(`#${id}"`, '#"')) };
}

const [eos] = ways as readonly [Way];

/** Claims of each contract, around some text. */
const around: Readonly<Record<string, string>> = {
  eos: '{"profile":{"a":"text"},"mobilityApps":{"system":[],"user":[]}}',
  s360: '{"user":{"a":"text"},"app":{},"sso":{"externalSystemId":"a"}}',
  ccstore: '{"a":"text"}',
};

function claims(name: string, kilobytes: number): string {
  return (around[name] ?? '').replace('text', 'x'.repeat(kilobytes * 1024));
}

/** An answer with its token decoded. */
function shown(text: string): string {
  const [, payload = ''] = text.split('.');
  return text + Buffer.from(payload, 'base64').toString();
}

const write = ['UpdateItemCommand', 1];
/** A strongly consistent read takes a unit for each four kilobytes. */
const read = (units: number) => ['GetItemCommand', units];

onBothEngines('what a refresh takes of the table', (test) => {
  test.for([
    { name: 'eos', kilobytes: 0.2, takes: [write] },
    { name: 's360', kilobytes: 0.2, takes: [write] },
    { name: 'eos', kilobytes: 4, takes: [write, read(2)] },
    { name: 's360', kilobytes: 16, takes: [write, read(5)] },
    { name: 'eos', kilobytes: 64, takes: [write, read(17)] },
    { name: 'ccstore', kilobytes: 0.2, takes: [read(1)] },
    { name: 'ccstore', kilobytes: 3, takes: [read(1)] },
  ])(
    'of $name with $kilobytes kB of claims: $takes',
    async ({ name, kilobytes, takes }, { world }) => {
      const { contract, send } = wayOf.get(name) ?? eos;
      await world.open(contract, { sessionId, secret, claims: claims(name, kilobytes) });
      const seen = watch(world);
      for (const second of [1, 2]) {
        world.now = later(noon, second);
        const { status, text } = await world.post(contract, send(world, sessionId, secret));
        expect(status).toBe(200);
        expect(shown(text)).toContain('x'.repeat(kilobytes * 1024));
      }
      expect(seen.map(({ took }) => took)).toEqual([...takes, ...takes]);
      const counted = world.records.map(({ storageRequests }) => storageRequests);
      expect(counted).toEqual([takes.length, takes.length]);
    },
  );

  const large = { sessionId, secret, claims: claims('eos', 16) };

  test('of a session that was logged in to with large claims is the same', async ({ world }) => {
    await world.open(eos.contract, { sessionId, anonymous: true });
    await world.run('login', { contract: 'eos', subject: 'ann', ...large });
    const seen = watch(world);
    const { text } = await world.post(eos.contract, eos.send(world, sessionId, secret));
    expect(text).toContain('x'.repeat(16 * 1024));
    expect(seen.map(({ took }) => took)).toEqual([write, read(5)]);
  });

  test('of a refusal is one unit, however large the claims are', async ({ world }) => {
    await world.open(eos.contract, large);
    await world.run('revoke', { contract: 'eos', sessionId });
    await world.post(eos.contract, eos.send(world, sessionId, secret));
    // A refused write is an error, which carries no capacity; DynamoDB takes a unit for it.
    expect(world.records.at(-1)).toMatchObject({ outcome: 'revoked', storageRequests: 1 });
  });
});

test('large claims are in reach of no client: the id of their item is malformed', async ({
  world,
}) => {
  await world.open(eos.contract, { sessionId, secret, claims: claims('eos', 4) });
  const ids = (await world.items()).map(({ rowKey }) => String(rowKey).replace('eos#', ''));
  const [apart = ''] = ids.filter((id) => id !== sessionId);
  expect(apart).toContain(sessionId);
  world.requests.length = 0;
  expect((await world.post(eos.contract, eos.send(world, apart, secret))).status).toBe(403);
  for (const command of ['show', 'revoke'] as const)
    expect(await world.run(command, { contract: 'eos', sessionId: apart })).toMatchObject({
      outcome: 'invalid',
    });
  expect(world.requests).toEqual([]);
});
