import { expect } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { later } from '../../functions/core/time.ts';
import {
  ccstoreRotating,
  grace,
  refresh,
  refreshed,
  rotate,
  rotatingClients,
} from '../support/rotating.ts';
import { noon, onBothEngines } from '../support/world.ts';

interface Row {
  readonly asked: string;
  readonly outcome: string;
  /** What is presented: the secret before, or the current one. */
  readonly by: 'old' | 'new';
  /** Seconds after the secret was replaced. */
  readonly after: number;
  readonly guess?: string;
  readonly revoked?: boolean;
  readonly requests: readonly string[];
}

const one = ['UpdateItemCommand'];

const rows: readonly Row[] = [
  { asked: 'an advance', outcome: 'refreshed', by: 'new', after: grace, requests: one },
  { asked: 'a replay to the new secret', outcome: 'refreshed', by: 'new', after: 1, requests: one },
  { asked: 'a replay to the old secret', outcome: 'refreshed', by: 'old', after: 1, requests: one },
  {
    asked: 'a theft',
    outcome: 'reused-secret',
    by: 'old',
    after: grace,
    requests: ['UpdateItemCommand', 'UpdateItemCommand'],
  },
  {
    asked: 'a theft of a revoked session',
    outcome: 'revoked',
    by: 'old',
    after: grace,
    revoked: true,
    requests: one,
  },
  {
    asked: 'a guess of any form',
    outcome: 'wrong-secret',
    by: 'new',
    after: 1,
    guess: 'open-sesame',
    requests: one,
  },
  {
    asked: 'a guess of the right form',
    outcome: 'wrong-secret',
    by: 'new',
    after: grace,
    guess: `1.${'A'.repeat(22)}.${'A'.repeat(43)}`,
    requests: one,
  },
];

const cases = rotatingClients.flatMap((client) =>
  rows.map((row) => ({ client, what: client.what, ...row })),
);

onBothEngines('storage requests where secrets are replaced', (test) => {
  test.for(cases)('are $requests.length for $asked: $what', async (row, { world }) => {
    const { client, by, after, guess, revoked, requests, outcome } = row;
    const { contract } = client;
    rotate(world, contract);
    const old = await world.open(contract);
    const held = { old, new: await refreshed(world, client, old) }[by];
    const { sessionId } = old;
    if (revoked) await world.run('revoke', { contract: contract.name, sessionId });
    world.now = later(noon, after);
    world.requests.length = 0;
    await refresh(world, client, guess ? client.guess(world, held, guess) : held);
    expect(world.requests).toEqual(requests);
    expect(world.records.at(-1)?.outcome).toBe(outcome);
  });

  test('are none for a token of ccstore that another key signed', async ({ world }) => {
    rotate(world, ccstore);
    const held = await world.open(ccstore);
    const forged = { ...held, accessToken: changed(held.accessToken) };
    world.requests.length = 0;
    expect(await refresh(world, ccstoreRotating, forged)).toMatchObject(ccstoreRotating.invalid);
    expect(world.requests).toEqual([]);
  });

  test('are one, a read, for a token of ccstore that expired', async ({ world }) => {
    rotate(world, ccstore);
    const held = await world.open(ccstore);
    world.now = later(noon, 930);
    world.requests.length = 0;
    expect(await refresh(world, ccstoreRotating, held)).toMatchObject(ccstoreRotating.expired);
    expect(world.requests).toEqual(['GetItemCommand']);
  });
});

/** The token with its signature's first character changed. */
function changed(token: string): string {
  const [header, payload, signature = ''] = token.split('.');
  return `${header}.${payload}.${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`;
}
