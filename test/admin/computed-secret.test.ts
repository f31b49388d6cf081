import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { expect } from 'vitest';
import { rowKey, type SessionId } from '../../functions/core/session/session.ts';
import { later } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { keyOf } from '../support/item.ts';
import { noon, onBothEngines, type StoredWorld as World } from '../support/world.ts';

const session = { contract: 'eos', sessionId: 'again' };
const grace = 60;

/** A session whose secret was replaced once, and that is purged since: its computed secret. */
async function formerSecret(world: World): Promise<string> {
  world.policies.set('eos', { ...eos.policy, rotation: { grace } });
  const held = await world.open(eos, { sessionId: 'again' });
  const { json } = await world.post(eos, {
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ sessionId: 'again', secureCode: held.secureCode }),
  });
  const Key = keyOf(rowKey('eos', 'again' as SessionId));
  await world.client.send(new DeleteItemCommand({ TableName: world.table, Key }));
  return json.secureCode;
}

function refresh(world: World, secureCode: string) {
  const body = JSON.stringify({ sessionId: 'again', secureCode });
  return world.post(eos, { headers: { 'Content-Type': 'application/json' }, body });
}

onBothEngines('a secret that replaced another one in a former session of an id', (test) => {
  test('begins no session of that id, and says so', async ({ world }) => {
    const secret = await formerSecret(world);
    const answer = await world.run('open', { ...session, secret });
    expect(answer).toMatchObject({
      outcome: 'invalid',
      problem: expect.stringContaining('replaced another'),
    });
    expect(JSON.stringify(answer)).not.toContain(secret);
    expect(await world.row(eos, 'again')).toBeUndefined();

    await world.run('open', { ...session, anonymous: true });
    const login = await world.run('login', { ...session, subject: 'ann', secret });
    expect(login).toMatchObject({ outcome: 'invalid' });
    expect(await world.row(eos, 'again')).not.toHaveProperty('secret');
  });

  test('refreshes no later session of that id, whatever its generation', async ({ world }) => {
    const former = await formerSecret(world);
    const held = await world.open(eos, { sessionId: 'again' });
    expect((await refresh(world, former)).status).toBe(403);
    const { json } = await refresh(world, held.secureCode);
    world.now = later(noon, grace);
    expect((await refresh(world, former)).status).toBe(403);
    // Nor has it ended it: it is a guess like any other.
    expect((await refresh(world, json.secureCode)).status).toBe(200);
  });

  test('may begin a session of another id', async ({ world }) => {
    const secret = await formerSecret(world);
    const answer = await world.run('open', { contract: 'eos', sessionId: 'other', secret });
    expect(answer).toMatchObject({ outcome: 'done' });
  });
});
